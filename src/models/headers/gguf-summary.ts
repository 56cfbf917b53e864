// What of a GGUF header people and the rest of the program ask for.
import { findFileType } from "./ggml-formats.ts";
import type { GgufHeader, GgufTensor } from "./gguf-header.ts";

export interface GgufSummary {
  /** "llama", "qwen2", "gemma3"; null where the file does not say. */
  architecture: string | null;
  name: string | null;
  /** Elements of all tensors of this file; of one of several parts, its share. */
  parameters: number;
  /** "Q4_K_M"; without a file type, the format that most elements have; null for a file without tensors. */
  quantization: string | null;
  /** Tokens. */
  contextLength: number | null;
  /** Jinja; null where there is none. */
  chatTemplate: string | null;
  /** `owner/repo` on the hub that the file says it is of, as it is written there. */
  repository: string | null;
  /** Of a model in several files: which part this is, from 0, and how many there are. */
  split: { part: number; count: number } | null;
}

export function summarizeGguf({ metadata, tensors }: GgufHeader): GgufSummary {
  const text = (key: string): string | null => {
    const value = metadata.get(key);
    return typeof value === "string" && value !== "" ? value : null;
  };
  const whole = (key: string): number | null => {
    const value = metadata.get(key);
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
  };
  const architecture = text("general.architecture");
  const fileType = whole("general.file_type");
  const count = whole("split.count");
  return {
    architecture,
    name: text("general.name"),
    parameters: tensors.reduce((sum, { elementCount }) => sum + elementCount, 0),
    quantization: (fileType === null ? undefined : findFileType(fileType)) ?? findMainFormat(tensors),
    contextLength: architecture === null ? null : whole(`${architecture}.context_length`),
    chatTemplate: text("tokenizer.chat_template"),
    repository: text("general.source.huggingface.repository") ?? parseHubUrl(text("general.repo_url")),
    split: count === null || count < 2 ? null : { part: whole("split.no") ?? 0, count },
  };
}

function findMainFormat(tensors: readonly GgufTensor[]): string | null {
  const elements = new Map<string, number>();
  for (const { format, elementCount } of tensors) {
    elements.set(format, (elements.get(format) ?? 0) + elementCount);
  }
  return [...elements].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

/** Of pages on the hub alone: other hosts' owners are others. */
function parseHubUrl(url: string | null): string | null {
  return /^https?:\/\/(?:www\.)?(?:huggingface\.co|hf\.co)\/([^/?#]+\/[^/?#]+)/.exec(url ?? "")?.[1] ?? null;
}
