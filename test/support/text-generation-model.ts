// A model of the tiny language (tiny-language.ts) as @huggingface/transformers expects a decoder with its cache: the keys
// keep what has been spoken of, the table says what follows.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { buildOnnx } from "./onnx-builder.ts";
import * as language from "./tiny-language.ts";

export interface TextGenerationModelOptions {
  /** Of the graph's file name, such as `_quantized`. */
  suffix?: string;
  /** Null for a model that knows no conversations. */
  template?: string | null;
  /** Where it is written: the tokenizer's configuration (default), or the file of newer models. */
  templateFile?: "tokenizer_config.json" | "chat_template.jinja";
  /** Tokens that it was trained on at once; default 4096. */
  contextLength?: number;
  /** The graph fails when it knows something and is to read more than one token, as those of old exports do. */
  isOneByOne?: boolean;
}

const topicCount = language.topics.length;
const tokenCount = language.vocabulary.length;
const certain = 2000;

/** Writes the model's folder. */
export async function writeTextGenerationModel(
  folder: string,
  options: TextGenerationModelOptions = {},
): Promise<void> {
  const { suffix = "_quantized", template = language.chatTemplate, contextLength = 4096 } = options;
  const templateFile = options.templateFile ?? "tokenizer_config.json";
  await mkdir(join(folder, "onnx"), { recursive: true });
  const write = async (name: string, content: unknown): Promise<void> => {
    const isRaw = content instanceof Uint8Array || typeof content === "string";
    await Bun.write(join(folder, name), isRaw ? content : JSON.stringify(content));
  };
  await write(`onnx/model${suffix}.onnx`, buildDecoder(options.isOneByOne === true));
  await write("config.json", {
    model_type: "llama",
    architectures: ["LlamaForCausalLM"],
    hidden_size: topicCount,
    num_hidden_layers: 1,
    num_attention_heads: 1,
    num_key_value_heads: 1,
    max_position_embeddings: contextLength,
    vocab_size: tokenCount,
    bos_token_id: language.idOf("<s>"),
    eos_token_id: language.idOf(language.endOfTurn),
  });
  await write("generation_config.json", {
    bos_token_id: language.idOf("<s>"),
    eos_token_id: language.idOf(language.endOfTurn),
    pad_token_id: language.idOf("</s>"),
  });
  await write("tokenizer.json", {
    version: "1.0",
    added_tokens: language.vocabulary.flatMap(({ text, kind }, id) =>
      kind === "byte"
        ? []
        : [
            {
              id,
              content: text,
              single_word: false,
              lstrip: false,
              rstrip: false,
              normalized: false,
              special: kind !== "word",
            },
          ],
    ),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: "Sequence", decoders: [{ type: "ByteFallback" }, { type: "Fuse" }] },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: "<unk>",
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(language.vocabulary.map(({ text }, id) => [text, id])),
      merges: [],
    },
  });
  await write("tokenizer_config.json", {
    tokenizer_class: "LlamaTokenizer",
    bos_token: "<s>",
    eos_token: language.endOfTurn,
    unk_token: "<unk>",
    model_max_length: contextLength,
    ...(template !== null && templateFile === "tokenizer_config.json" && { chat_template: template }),
  });
  if (template !== null && templateFile === "chat_template.jinja") await write(templateFile, template);
}

function buildDecoder(isOneByOne: boolean): Uint8Array {
  const table = new Float32Array(tokenCount * tokenCount);
  const embedding = new Float32Array(tokenCount * topicCount);
  const weights = new Float32Array(topicCount * tokenCount);
  const follow = (from: string, to: string, score: number): void => {
    table[language.idOf(from) * tokenCount + language.idOf(to)] = score;
  };
  for (const [from, to] of language.followers) follow(from, to, certain);
  follow(language.answerBegins, language.silence.begins, certain + language.silence.score);
  language.topics.forEach(({ word, begins, weight }, topic) => {
    follow(language.answerBegins, begins, certain);
    embedding[language.idOf(word) * topicCount + topic] = 18;
    weights[topic * tokenCount + language.idOf(begins)] = weight;
  });
  const cache = (name: string) =>
    ["key", "value"].map((part) => ({
      name: `${name}.0.${part}`,
      type: "float" as const,
      dims: ["batch", 1, `${name} length`, topicCount],
    }));
  return buildOnnx({
    inputs: [
      { name: "input_ids", type: "int64", dims: ["batch", "length"] },
      { name: "attention_mask", type: "int64", dims: ["batch", "total"] },
      ...cache("past_key_values"),
    ],
    outputs: [{ name: "logits", type: "float", dims: ["batch", "length", tokenCount] }, ...cache("present")],
    initializers: [
      { name: "table", dims: [tokenCount, tokenCount], data: table },
      { name: "embedding", dims: [tokenCount, topicCount], data: embedding },
      { name: "weights", dims: [topicCount, tokenCount], data: weights },
      { name: "one", dims: [1], data: BigInt64Array.of(1n) },
      { name: "two", dims: [1], data: BigInt64Array.of(2n) },
      { name: "zero", dims: [1], data: new Float32Array(1) },
    ],
    nodes: [
      { op: "Gather", inputs: ["embedding", "input_ids"], outputs: ["spoken"] },
      { op: "Unsqueeze", inputs: ["spoken", "one"], outputs: ["newest"] },
      ...["key", "value"].map((part) => ({
        op: "Concat",
        inputs: [`past_key_values.0.${part}`, "newest"],
        outputs: [`present.0.${part}`],
        attributes: { axis: 2 },
      })),
      {
        op: "ReduceMean",
        inputs: ["present.0.key"],
        outputs: ["topics"],
        attributes: { axes: [1, 2], keepdims: 0 },
      },
      { op: "MatMul", inputs: ["topics", "weights"], outputs: ["bonus"] },
      { op: "Unsqueeze", inputs: ["bonus", "one"], outputs: ["everywhere"] },
      { op: "Gather", inputs: ["table", "input_ids"], outputs: ["next"] },
      { op: "Add", inputs: ["next", "everywhere"], outputs: [isOneByOne ? "sum" : "logits"] },
      // There is one zero: a look at any other place fails.
      ...(isOneByOne
        ? [
            { op: "Shape", inputs: ["input_ids"], outputs: ["shape"] },
            { op: "Gather", inputs: ["shape", "one"], outputs: ["length"] },
            { op: "Sub", inputs: ["length", "one"], outputs: ["more"] },
            { op: "Shape", inputs: ["past_key_values.0.key"], outputs: ["past shape"] },
            { op: "Gather", inputs: ["past shape", "two"], outputs: ["known"] },
            { op: "Mul", inputs: ["more", "known"], outputs: ["place"] },
            { op: "Gather", inputs: ["zero", "place"], outputs: ["nothing"] },
            { op: "Add", inputs: ["sum", "nothing"], outputs: ["logits"] },
          ]
        : []),
    ],
  });
}
