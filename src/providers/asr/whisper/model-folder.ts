// A Whisper model as its ONNX exports lie on disk: which folder, what is missing from it, what it knows.
//
//   <models_root>/whisper/<model_id>/  config.json  generation_config.json  preprocessor_config.json
//                                      tokenizer.json  tokenizer_config.json
//                                      onnx/encoder_model<suffix>.onnx  onnx/decoder_model_merged<suffix>.onnx
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../../../base/errors.ts";

/** Precisions in the order of preference on a CPU, with the file name suffixes that their exports have. */
export const precisions = [
  { precision: "q8", suffix: "_quantized" },
  { precision: "int8", suffix: "_int8" },
  { precision: "q4", suffix: "_q4" },
  { precision: "fp32", suffix: "" },
  { precision: "fp16", suffix: "_fp16" },
] as const;
export type Precision = (typeof precisions)[number]["precision"];

export const graphs = ["encoder_model", "decoder_model_merged"] as const;
export type Graph = (typeof graphs)[number];

const metadataFiles = [
  "config.json",
  "generation_config.json",
  "preprocessor_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
];

export interface WhisperFolder {
  /** `<models_root>/whisper` */
  root: string;
  /** Below the root, with slashes. */
  modelId: string;
  precision: Record<Graph, Precision>;
  /** ISO 639; one, `en`, for the English models. */
  languages: string[];
  isMultilingual: boolean;
}

export type FolderOutcome =
  | { ok: true; folder: WhisperFolder }
  | { ok: false; folder: string; missing: string[] };

/** Where a model may lie: under its short name, or as it is called on the hub. */
function listModelIds(model: string): string[] {
  const name = `whisper-${model}`;
  return [name, `onnx-community/${name}`, `Xenova/${name}`, model];
}

const generationConfigSchema = z.object({
  is_multilingual: z.boolean().default(true),
  lang_to_id: z.record(z.string(), z.number().int()).default({}),
});

/** Looks at names only, and reads one small file. Throws E_SCHEMA when that is damaged. */
export async function findModelFolder(
  modelsRoot: string,
  { model, precision }: { model: string; precision: Precision | "auto" },
): Promise<FolderOutcome> {
  const root = join(modelsRoot, "whisper");
  let nearest: { folder: string; missing: string[] } | undefined;
  for (const modelId of listModelIds(model)) {
    const folder = join(root, modelId);
    const exists = async (name: string): Promise<boolean> => Bun.file(join(folder, name)).exists();
    const missing: string[] = [];
    for (const name of metadataFiles) if (!(await exists(name))) missing.push(name);
    const chosen: Partial<Record<Graph, Precision>> = {};
    const wanted = precisions.filter(
      (candidate) => precision === "auto" || candidate.precision === precision,
    );
    for (const graph of graphs) {
      for (const candidate of wanted) {
        if (!(await exists(`onnx/${graph}${candidate.suffix}.onnx`))) continue;
        chosen[graph] = candidate.precision;
        break;
      }
      if (!chosen[graph]) missing.push(`onnx/${graph}${wanted[0]?.suffix ?? ""}.onnx`);
    }
    const { encoder_model, decoder_model_merged } = chosen;
    if (missing.length === 0 && encoder_model && decoder_model_merged) {
      const languages = await readLanguages(join(folder, "generation_config.json"));
      return {
        ok: true,
        folder: { root, modelId, precision: { encoder_model, decoder_model_merged }, ...languages },
      };
    }
    if (!nearest || missing.length < nearest.missing.length) nearest = { folder, missing };
  }
  return { ok: false, folder: nearest?.folder ?? root, missing: nearest?.missing ?? metadataFiles };
}

async function readLanguages(path: string): Promise<Pick<WhisperFolder, "languages" | "isMultilingual">> {
  try {
    const config = generationConfigSchema.parse(await Bun.file(path).json());
    if (!config.is_multilingual) return { languages: ["en"], isMultilingual: false };
    const languages = Object.keys(config.lang_to_id).map((token) => token.replace(/^<\|(.*)\|>$/, "$1"));
    return { languages, isMultilingual: true };
  } catch (error) {
    throw new AppError("E_SCHEMA", `${path} is damaged; fetch it again`, { path }, error);
  }
}

/** What to do about a model that is not there. */
export function describeCure(
  model: string,
  { folder, missing }: { folder: string; missing: string[] },
): string {
  return `Whisper ${model} is not installed: ${folder} lacks ${missing.join(", ")}; put the files of the hub's onnx-community/whisper-${model} there`;
}
