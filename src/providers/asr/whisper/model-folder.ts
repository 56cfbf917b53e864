// A Whisper model as its ONNX exports lie on disk: which folder, what is missing from it, what it knows.
//
//   <models_root>/whisper/<model>/     config.json  generation_config.json  preprocessor_config.json
//                                      tokenizer.json  tokenizer_config.json
//                                      onnx/encoder_model<suffix>.onnx  onnx/decoder_model_merged<suffix>.onnx
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import type { ProviderModels } from "../../../assets/provider/provider-models.ts";
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
  /** `<models_root>/whisper`, unless the project file says otherwise. */
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
  | { ok: false; folder: string; missing: string[]; unreadable?: string };

/** What a model may be called on disk: its name on the hub, with its owner or without. */
export function listHubNames(model: string): string[] {
  const name = `whisper-${model}`;
  return [name, `onnx-community/${name}`, `Xenova/${name}`];
}

export interface ModelPlace {
  root: string;
  /** Below the root, with slashes. */
  modelId: string;
}

/** Where a model may lie, likeliest first: where the project file puts it, then by its names in every folder. */
export function listPlaces(
  model: string,
  { models, modelsRoot }: { models?: ProviderModels | undefined; modelsRoot: string },
): ModelPlace[] {
  const folders = models?.folders ?? [join(modelsRoot, "whisper")];
  const own = models && !model.includes("/") ? models.path(model) : undefined;
  const named = folders.flatMap((root) =>
    [...listHubNames(model), model].map((modelId) => ({ root, modelId })),
  );
  return own === undefined ? named : [{ root: dirname(own), modelId: basename(own) }, ...named];
}

const generationConfigSchema = z.object({
  is_multilingual: z.boolean().default(true),
  lang_to_id: z.record(z.string(), z.number().int()).default({}),
});

/** Looks at names only, and reads one small file. Throws E_SCHEMA when that is damaged. */
export async function findModelFolder(
  places: readonly ModelPlace[],
  { model, precision }: { model: string; precision: Precision | "auto" },
): Promise<FolderOutcome> {
  let nearest: { folder: string; missing: string[] } | undefined;
  for (const { root, modelId } of places) {
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
  const outcome = { folder: nearest?.folder ?? model, missing: nearest?.missing ?? metadataFiles };
  const unreadable = await findTorchWeights(places, model);
  return { ok: false, ...outcome, ...(unreadable !== undefined && { unreadable }) };
}

/** What the original program downloads is for another library. */
async function findTorchWeights(places: readonly ModelPlace[], model: string): Promise<string | undefined> {
  for (const root of new Set(places.map((place) => place.root))) {
    const path = join(root, `${model}.pt`);
    if (await Bun.file(path).exists()) return path;
  }
  return undefined;
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
  { folder, missing, unreadable }: { folder: string; missing: string[]; unreadable?: string },
): string {
  const other =
    unreadable === undefined
      ? ""
      : ` (${unreadable} is there, but in PyTorch's format; ONNX files are needed)`;
  return `Whisper ${model} is not installed: ${folder} lacks ${missing.join(", ")}${other}; put the files of the hub's onnx-community/whisper-${model} there`;
}
