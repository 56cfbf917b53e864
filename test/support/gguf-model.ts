// A model of the tiny language (tiny-language.ts) as a GGUF of the llama architecture: one layer whose attention, even
// over everything, adds up what the prompt speaks of; the rest is a table of what follows what.
import { buildGguf, type GgufTensorPlan } from "./gguf-writer.ts";
import * as language from "./tiny-language.ts";

export interface GgufModelOptions {
  /** Null for a model that knows no conversations. */
  template?: string | null;
  /** Tokens that it was trained on at once; default 4096. */
  contextLength?: number;
}

const headSize = 32;
const tokenCount = language.vocabulary.length;
const topicOffset = Math.ceil(tokenCount / headSize) * headSize;
const width = topicOffset + headSize;
const feedForward = 32;
/** Of what follows: more than any topic weighs, and little enough for float32 to tell topics apart beside it. */
const certain = 2000;

export function buildGgufModel(options: GgufModelOptions = {}): Uint8Array {
  const { template = language.chatTemplate, contextLength = 4096 } = options;
  const matrix = (columns: number, rows: number) => ({
    dims: [columns, rows],
    data: new Float32Array(columns * rows),
    set(row: number, column: number, value: number) {
      this.data[row * columns + column] = value;
    },
  });
  const embedding = matrix(width, tokenCount);
  for (let id = 0; id < tokenCount; id++) embedding.set(id, id, 1);
  const output = matrix(width, tokenCount);
  const value = matrix(width, width);
  const gather = matrix(width, width);
  const follow = (from: string, to: string, score: number): void =>
    output.set(language.idOf(to), language.idOf(from), score);
  for (const [from, to] of language.followers) follow(from, to, certain);
  follow(language.answerBegins, language.silence.begins, certain + language.silence.score);
  language.topics.forEach(({ word, begins, weight }, index) => {
    follow(language.answerBegins, begins, certain);
    value.set(topicOffset + index, language.idOf(word), 1);
    gather.set(topicOffset + index, topicOffset + index, 1);
    output.set(language.idOf(begins), topicOffset + index, weight);
  });
  const ones = { dims: [width], data: new Float32Array(width).fill(1) };
  const kinds = { word: 4, unknown: 2, control: 3, byte: 6 };
  return buildGguf({
    metadata: {
      "general.architecture": { type: "string", value: "llama" },
      "general.name": { type: "string", value: "tiny" },
      "general.file_type": { type: "u32", value: 0 },
      "llama.block_count": { type: "u32", value: 1 },
      "llama.context_length": { type: "u32", value: contextLength },
      "llama.embedding_length": { type: "u32", value: width },
      "llama.feed_forward_length": { type: "u32", value: feedForward },
      "llama.attention.head_count": { type: "u32", value: width / headSize },
      "llama.attention.head_count_kv": { type: "u32", value: width / headSize },
      "llama.attention.layer_norm_rms_epsilon": { type: "f32", value: 1e-6 },
      "llama.rope.dimension_count": { type: "u32", value: headSize },
      "llama.vocab_size": { type: "u32", value: tokenCount },
      "tokenizer.ggml.model": { type: "string", value: "llama" },
      "tokenizer.ggml.tokens": {
        type: "array",
        of: "string",
        values: language.vocabulary.map(({ text }) => text),
      },
      "tokenizer.ggml.scores": { type: "array", of: "f32", values: language.vocabulary.map(() => 0) },
      "tokenizer.ggml.token_type": {
        type: "array",
        of: "i32",
        values: language.vocabulary.map(({ kind }) => kinds[kind]),
      },
      "tokenizer.ggml.bos_token_id": { type: "u32", value: language.idOf("<s>") },
      "tokenizer.ggml.eos_token_id": { type: "u32", value: language.idOf(language.endOfTurn) },
      "tokenizer.ggml.unknown_token_id": { type: "u32", value: language.idOf("<unk>") },
      "tokenizer.ggml.add_bos_token": { type: "bool", value: false },
      "tokenizer.ggml.add_space_prefix": { type: "bool", value: false },
      ...(template !== null && { "tokenizer.chat_template": { type: "string", value: template } as const }),
    },
    tensors: [
      asTensor("token_embd.weight", embedding),
      asTensor("output_norm.weight", ones),
      asTensor("output.weight", output),
      asTensor("blk.0.attn_norm.weight", ones),
      asTensor("blk.0.attn_q.weight", matrix(width, width)),
      asTensor("blk.0.attn_k.weight", matrix(width, width)),
      asTensor("blk.0.attn_v.weight", value),
      asTensor("blk.0.attn_output.weight", gather),
      asTensor("blk.0.ffn_norm.weight", ones),
      asTensor("blk.0.ffn_gate.weight", matrix(width, feedForward)),
      asTensor("blk.0.ffn_up.weight", matrix(width, feedForward)),
      asTensor("blk.0.ffn_down.weight", matrix(feedForward, width)),
    ],
  });
}

const asTensor = (name: string, { dims, data }: { dims: number[]; data: Float32Array }): GgufTensorPlan => ({
  name,
  shape: dims,
  type: 0,
  data: new Uint8Array(data.buffer),
});
