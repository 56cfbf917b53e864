// A Whisper in its real layout and with its real interfaces, but a kilobyte of weights: it hears whether a sound is low or
// high. Low is English and says "hello world.", high is French and says "bonjour le monde.". So the whole way through the
// library (feature extraction, prompt, language, cached decoding, tokenizer) is walked.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { buildOnnx, type OnnxValue } from "./onnx-builder.ts";

const specials = [
  "<|endoftext|>",
  "<|startoftranscript|>",
  "<|en|>",
  "<|fr|>",
  "<|translate|>",
  "<|transcribe|>",
  "<|startoflm|>",
  "<|startofprev|>",
  "<|nospeech|>",
  "<|notimestamps|>",
];
const words = ["Ġhello", "Ġworld", ".", "Ġbonjour", "Ġle", "Ġmonde"];
const vocabulary = [...words, ...specials];
const idOf = (token: string): number => vocabulary.indexOf(token);
const width = 4;
const melCount = 80;
/** Follows after; the beginning depends on the sound. */
const chain = [
  ["Ġhello", "Ġworld"],
  ["Ġworld", "."],
  ["Ġbonjour", "Ġle"],
  ["Ġle", "Ġmonde"],
  ["Ġmonde", "."],
  [".", "<|endoftext|>"],
] as const;

export interface WhisperModelOptions {
  /** Of the graphs' file names, such as `_quantized`. */
  suffix?: string;
  isMultilingual?: boolean;
}

/** Writes the model's folder. */
export async function writeWhisperModel(folder: string, options: WhisperModelOptions = {}): Promise<void> {
  const { suffix = "_quantized", isMultilingual = true } = options;
  await mkdir(join(folder, "onnx"), { recursive: true });
  const write = async (name: string, content: unknown): Promise<void> => {
    await Bun.write(join(folder, name), content instanceof Uint8Array ? content : JSON.stringify(content));
  };
  await write(`onnx/encoder_model${suffix}.onnx`, buildEncoder());
  await write(`onnx/decoder_model_merged${suffix}.onnx`, buildDecoder());
  await write("config.json", {
    model_type: "whisper",
    architectures: ["WhisperForConditionalGeneration"],
    is_encoder_decoder: true,
    d_model: width,
    encoder_layers: 1,
    decoder_layers: 1,
    encoder_attention_heads: 1,
    decoder_attention_heads: 1,
    num_hidden_layers: 1,
    max_source_positions: 1500,
    max_target_positions: 448,
    num_mel_bins: melCount,
    vocab_size: vocabulary.length,
    decoder_start_token_id: idOf("<|startoftranscript|>"),
    eos_token_id: idOf("<|endoftext|>"),
    bos_token_id: idOf("<|endoftext|>"),
    pad_token_id: idOf("<|endoftext|>"),
  });
  await write("generation_config.json", {
    is_multilingual: isMultilingual,
    decoder_start_token_id: idOf("<|startoftranscript|>"),
    eos_token_id: idOf("<|endoftext|>"),
    pad_token_id: idOf("<|endoftext|>"),
    no_timestamps_token_id: idOf("<|notimestamps|>"),
    max_length: 448,
    ...(isMultilingual && {
      lang_to_id: { "<|en|>": idOf("<|en|>"), "<|fr|>": idOf("<|fr|>") },
      task_to_id: { transcribe: idOf("<|transcribe|>"), translate: idOf("<|translate|>") },
    }),
  });
  await write("preprocessor_config.json", {
    feature_extractor_type: "WhisperFeatureExtractor",
    processor_class: "WhisperProcessor",
    chunk_length: 30,
    feature_size: melCount,
    hop_length: 160,
    n_fft: 400,
    n_samples: 480_000,
    nb_max_frames: 3000,
    sampling_rate: 16_000,
    padding_value: 0,
  });
  await write("tokenizer.json", {
    version: "1.0",
    added_tokens: specials.map((content) => ({
      id: idOf(content),
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: "<|endoftext|>",
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      vocab: Object.fromEntries(words.map((word) => [word, idOf(word)])),
      merges: [],
    },
  });
  await write("tokenizer_config.json", {
    tokenizer_class: "WhisperTokenizer",
    processor_class: "WhisperProcessor",
    bos_token: "<|endoftext|>",
    eos_token: "<|endoftext|>",
    unk_token: "<|endoftext|>",
    pad_token: "<|endoftext|>",
  });
}

/** Every second frame's (high bands − low bands), in all of the width. */
function buildEncoder(): Uint8Array {
  const bands = new Float32Array(melCount * width);
  for (let band = 0; band < melCount; band++)
    bands.fill(band < melCount / 2 ? -1 : 1, band * width, (band + 1) * width);
  const constant = (name: string, value: number) => ({
    name,
    dims: [1],
    data: BigInt64Array.of(BigInt(value)),
  });
  return buildOnnx({
    inputs: [{ name: "input_features", type: "float", dims: ["batch", melCount, "frames"] }],
    outputs: [{ name: "last_hidden_state", type: "float", dims: ["batch", "positions", width] }],
    initializers: [
      { name: "bands", dims: [melCount, width], data: bands },
      constant("from", 0),
      constant("to", 1_000_000),
      constant("axis", 1),
      constant("two", 2),
    ],
    nodes: [
      { op: "Transpose", inputs: ["input_features"], outputs: ["frames"], attributes: { perm: [0, 2, 1] } },
      { op: "MatMul", inputs: ["frames", "bands"], outputs: ["hidden"] },
      { op: "Slice", inputs: ["hidden", "from", "to", "axis", "two"], outputs: ["last_hidden_state"] },
    ],
  });
}

/** The next token is read from a table, where the sound decides between the languages and their first words. */
function buildDecoder(): Uint8Array {
  const size = vocabulary.length;
  const table = new Float32Array(size * size).fill(-1e6);
  const allow = (from: string, to: string, score: number): void => {
    table[idOf(from) * size + idOf(to)] = score;
  };
  for (const [from, to] of chain) allow(from, to, 1e6);
  for (const language of ["<|en|>", "<|fr|>"]) allow("<|startoftranscript|>", language, 0);
  for (const word of ["Ġhello", "Ġbonjour"]) allow("<|notimestamps|>", word, 0);
  const pitch = new Float32Array(width * size);
  pitch[idOf("<|fr|>")] = 1000;
  pitch[idOf("Ġbonjour")] = 1000;
  const cache = (prefix: string): OnnxValue[] =>
    ["decoder", "encoder"].flatMap((side) =>
      ["key", "value"].map((part) => ({
        name: `${prefix}.0.${side}.${part}`,
        type: "float" as const,
        dims: ["batch", 1, `${prefix} ${side} length`, width],
      })),
    );
  return buildOnnx({
    inputs: [
      { name: "input_ids", type: "int64", dims: ["batch", "length"] },
      { name: "encoder_hidden_states", type: "float", dims: ["batch", "positions", width] },
      ...cache("past_key_values"),
      { name: "use_cache_branch", type: "bool", dims: [1] },
    ],
    outputs: [{ name: "logits", type: "float", dims: ["batch", "length", size] }, ...cache("present")],
    initializers: [
      { name: "table", dims: [size, size], data: table },
      { name: "pitch", dims: [width, size], data: pitch },
      { name: "embedding", dims: [size, width], data: new Float32Array(size * width) },
      { name: "one", dims: [1], data: BigInt64Array.of(1n) },
    ],
    nodes: [
      { op: "Gather", inputs: ["table", "input_ids"], outputs: ["next"] },
      {
        op: "ReduceMean",
        inputs: ["encoder_hidden_states"],
        outputs: ["sound"],
        attributes: { axes: [1], keepdims: 1 },
      },
      { op: "MatMul", inputs: ["sound", "pitch"], outputs: ["bias"] },
      { op: "Add", inputs: ["next", "bias"], outputs: ["logits"] },
      { op: "Gather", inputs: ["embedding", "input_ids"], outputs: ["embedded"] },
      { op: "Unsqueeze", inputs: ["embedded", "one"], outputs: ["newest"] },
      { op: "Unsqueeze", inputs: ["encoder_hidden_states", "one"], outputs: ["heard"] },
      ...["key", "value"].flatMap((part) => [
        {
          op: "Concat",
          inputs: [`past_key_values.0.decoder.${part}`, "newest"],
          outputs: [`present.0.decoder.${part}`],
          attributes: { axis: 2 },
        },
        { op: "Identity", inputs: ["heard"], outputs: [`present.0.encoder.${part}`] },
      ]),
    ],
  });
}
