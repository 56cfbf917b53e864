// A text generation model as its ONNX export lies on disk, in the layout that @huggingface/transformers reads.
//
//   config.json  tokenizer.json  [tokenizer_config.json  generation_config.json  chat_template.jinja]
//   onnx/model<suffix>.onnx  [onnx/model<suffix>.onnx_data…]
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AppError, messageOf } from "../../../base/errors.ts";
import { cureOfBadFile } from "./gguf-files.ts";

/** In order of preference on a CPU, where fewer bytes to read are fewer milliseconds; half floats are slow there. */
export const precisions = [
  { precision: "q4", suffix: "_q4" },
  { precision: "q8", suffix: "_quantized" },
  { precision: "int8", suffix: "_int8" },
  { precision: "uint8", suffix: "_uint8" },
  { precision: "bnb4", suffix: "_bnb4" },
  { precision: "q4f16", suffix: "_q4f16" },
  { precision: "fp32", suffix: "" },
  { precision: "fp16", suffix: "_fp16" },
] as const;
export type Precision = (typeof precisions)[number]["precision"];

/** Exports before 2024 are called by the second name. */
const stems = ["model", "decoder_model_merged"];

export interface OnnxFolder {
  folder: string;
  precision: Precision;
  /** `model`, as transformers wants it. */
  fileName: string;
  /** Files of weights beside the graph. */
  externalDataCount: number;
  /** Tokens that the model was made for. */
  trainedTokens: number | undefined;
}

const configSchema = z.looseObject({
  architectures: z.array(z.string()).optional(),
  max_position_embeddings: z.number().int().positive().optional(),
  n_positions: z.number().int().positive().optional(),
  text_config: z.looseObject({ max_position_embeddings: z.number().int().positive().optional() }).optional(),
});

/** True for a folder with an ONNX export in it, whole or not. */
export async function isOnnxFolder(folder: string): Promise<boolean> {
  return (await listGraphs(folder)).length > 0;
}

const listGraphs = async (folder: string): Promise<string[]> =>
  (await readdir(join(folder, "onnx")).catch(() => [])).filter((name) => name.includes(".onnx"));

/** The names of the precisions that are there. */
export async function listPrecisions(folder: string): Promise<Precision[]> {
  const names = new Set(await listGraphs(folder));
  return precisions
    .filter(({ suffix }) => stems.some((stem) => names.has(`${stem}${suffix}.onnx`)))
    .map(({ precision }) => precision);
}

/** Undefined: no graph fits `selector`. Throws E_VERIFY (files missing), E_SCHEMA (another kind of model). */
export async function readOnnxFolder(
  folder: string,
  selector: string | undefined,
): Promise<OnnxFolder | undefined> {
  const names = new Set(await listGraphs(folder));
  const wanted = selector
    ?.toLowerCase()
    .replace(/^.*\//, "")
    .replace(/\.onnx$/, "");
  for (const { precision, suffix } of precisions) {
    for (const stem of stems) {
      const fileName = `${stem}${suffix}`;
      if (!names.has(`${fileName}.onnx`)) continue;
      if (wanted !== undefined && ![precision, suffix.slice(1), fileName].includes(wanted)) continue;
      const externalDataCount = [...names].filter((name) => name.startsWith(`${fileName}.onnx_data`)).length;
      const trainedTokens = await readConfig(folder);
      return { folder, precision, fileName: stem, externalDataCount, trainedTokens };
    }
  }
  return undefined;
}

async function readConfig(folder: string): Promise<number | undefined> {
  const missing: string[] = [];
  for (const name of ["config.json", "tokenizer.json"]) {
    if (!(await Bun.file(join(folder, name)).exists())) missing.push(name);
  }
  if (missing.length > 0) {
    throw new AppError("E_VERIFY", `${folder} lacks ${missing.join(" and ")}; ${cureOfBadFile}`, {
      folder,
      missing,
    });
  }
  const path = join(folder, "config.json");
  const config = configSchema.safeParse(await readJson(path));
  if (!config.success) {
    throw new AppError("E_VERIFY", `${path} is damaged; ${cureOfBadFile}`, { path });
  }
  const { architectures, max_position_embeddings, n_positions, text_config } = config.data;
  if (architectures && !architectures.some((name) => /ForCausalLM|LMHeadModel/.test(name))) {
    throw new AppError(
      "E_SCHEMA",
      `${folder} holds ${architectures.join(", ")}, which writes no text; take a text-generation model`,
      { folder, architectures },
    );
  }
  return max_position_embeddings ?? n_positions ?? text_config?.max_position_embeddings;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return await Bun.file(path).json();
  } catch (error) {
    throw new AppError("E_VERIFY", `${path} is damaged (${messageOf(error)}); ${cureOfBadFile}`, { path });
  }
}
