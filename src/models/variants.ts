// One model in several sizes: repositories of GGUF and ONNX files hold the same weights in many mixtures, of which
// nobody needs more than one.
import { findQuantizationInName } from "./headers/ggml-formats.ts";
import type { HubFile } from "./hub/port.ts";
import { isGgufFile } from "./install-place.ts";

export interface ModelVariant {
  /** What tells it from the others: "Q4_K_M", "q8", else the file's name without its ending. Unique in a list. */
  name: string;
  /** As its file names say; null where they do not. */
  quantization: string | null;
  files: readonly HubFile[];
  sizeBytes: number;
}

/** Smallest first. Empty for a repository that has its weights in one form alone (safetensors and the like). */
export function listVariants(files: readonly HubFile[]): ModelVariant[] {
  const weights = files.filter(({ path }) => isGgufFile(path) && !isCompanion(path));
  const variants = weights.length > 0 ? groupGguf(weights) : groupOnnx(files);
  return variants.toSorted((a, b) => a.sizeBytes - b.sizeBytes);
}

/** Weights in forms that a variant stands in for. */
const otherWeights = /\.(safetensors|bin|pt|pth|ckpt|h5|msgpack|gguf|onnx|onnx_data|ot|tflite|npz)$/i;

/** A variant, and what goes with it: the configuration, the vocabulary, the card; the weights in no other form. */
export function selectVariantFiles(files: readonly HubFile[], variant: ModelVariant): HubFile[] {
  const own = new Set(variant.files);
  const common = new Set(listCommonFiles(files, listVariants(files)));
  return files.filter((file) => own.has(file) || (common.has(file) && !otherWeights.test(file.path)));
}

/** What is needed whichever variant is taken. */
export function listCommonFiles(files: readonly HubFile[], variants: readonly ModelVariant[]): HubFile[] {
  const taken = new Set(variants.flatMap((variant) => variant.files));
  return files.filter((file) => !taken.has(file));
}

/** Projectors of pictures and importance matrices lie beside the weights and are none. */
const isCompanion = (path: string): boolean => /(^|\/)mmproj|imatrix/i.test(path);

function groupGguf(files: readonly HubFile[]): ModelVariant[] {
  // Large ones come in parts: name-00001-of-00003.gguf.
  const groups = Map.groupBy(files, ({ path }) => path.replace(/(-\d{5}-of-\d{5})?\.gguf$/i, ""));
  const drafts = [...groups].map(([stem, parts]) => ({
    stem,
    quantization: findQuantizationInName(stem),
    parts,
  }));
  const counts = Map.groupBy(drafts, ({ quantization }) => quantization);
  return drafts.map(({ stem, quantization, parts }) =>
    build(
      quantization !== null && counts.get(quantization)?.length === 1 ? quantization : stem,
      quantization,
      parts.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    ),
  );
}

/** The endings that transformers.js gives its files (its `dtype` option); without one it is fp32. */
const onnxName = /^(.*?)(?:_(fp16|int8|uint8|quantized|q4f16|q4|q8|bnb4))?\.onnx(?:_data(?:_\d+)?)?$/;

function groupOnnx(files: readonly HubFile[]): ModelVariant[] {
  const groups = new Map<string, HubFile[]>();
  for (const file of files) {
    const match = onnxName.exec(file.path);
    if (!match) continue;
    const name = match[2] === "quantized" ? "q8" : (match[2] ?? "fp32");
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  return [...groups].map(([name, parts]) => build(name, name, parts));
}

const build = (name: string, quantization: string | null, files: readonly HubFile[]): ModelVariant => ({
  name,
  quantization,
  files,
  sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
});
