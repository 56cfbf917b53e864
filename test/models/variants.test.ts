import { describe, expect, test } from "bun:test";
import { findQuantizationInName } from "../../src/models/headers/ggml-formats.ts";
import type { HubFile } from "../../src/models/hub/port.ts";
import { listVariants, selectVariantFiles } from "../../src/models/variants.ts";

const file = (path: string, sizeBytes = 100): HubFile => ({ path, sizeBytes, sha256: null });
const namesOf = (files: readonly HubFile[]) =>
  listVariants(files).map((v) => [v.name, v.files.length, v.sizeBytes]);

describe("the variants of a repository", () => {
  test("of GGUF files are its mixtures, smallest first, parts together, companions aside", () => {
    const files = [
      file("README.md"),
      file("model-f16-00001-of-00003.gguf", 500),
      file("model-f16-00002-of-00003.gguf", 500),
      file("model-f16-00003-of-00003.gguf", 200),
      file("model.Q4_K_M.GGUF", 300),
      file("model.Q2_K.gguf", 200),
      file("mmproj-model-f16.gguf", 50),
      file("model.imatrix.gguf", 5),
    ];
    expect(namesOf(files)).toEqual([
      ["Q2_K", 1, 200],
      ["Q4_K_M", 1, 300],
      ["F16", 3, 1200],
    ]);
  });

  test("that share a mixture, or name none, go by their files' names", () => {
    const files = [file("a/tiny.Q8_0.gguf", 1), file("b/tiny.Q8_0.gguf", 2), file("plain.gguf", 3)];
    expect(namesOf(files)).toEqual([
      ["a/tiny.Q8_0", 1, 1],
      ["b/tiny.Q8_0", 1, 2],
      ["plain", 1, 3],
    ]);
  });

  test("of ONNX files are their types, all files of one together", () => {
    const files = [
      file("onnx/encoder_model.onnx", 100),
      file("onnx/decoder_model_merged.onnx", 100),
      file("onnx/decoder_model_merged.onnx_data", 700),
      file("onnx/encoder_model_quantized.onnx", 30),
      file("onnx/decoder_model_merged_quantized.onnx", 30),
      file("onnx/encoder_model_q4f16.onnx", 20),
      file("config.json"),
    ];
    expect(namesOf(files)).toEqual([
      ["q4f16", 1, 20],
      ["q8", 2, 60],
      ["fp32", 3, 900],
    ]);
  });

  test("there are none of weights in one form", () => {
    expect(listVariants([file("model.safetensors"), file("config.json")])).toEqual([]);
  });

  test("one is taken with what goes with it, and with the weights in no other form", () => {
    const files = [
      file("README.md"),
      file("config.json"),
      file("tokenizer.model"),
      file("model.safetensors"),
      file("pytorch_model.bin"),
      file("onnx/model.onnx"),
      file("onnx/model_q4.onnx"),
    ];
    const q4 = listVariants(files).find(({ name }) => name === "q4");
    expect(selectVariantFiles(files, q4!).map(({ path }) => path)).toEqual([
      "README.md",
      "config.json",
      "tokenizer.model",
      "onnx/model_q4.onnx",
    ]);
  });
});

describe("the mixture in a name", () => {
  test.each([
    ["llama-2-7b.Q4_K_M", "Q4_K_M"],
    ["Qwen2.5-7B-Instruct-Q5_K_S-00001-of-00002", "Q5_K_S"],
    ["qwen2.5-0.5b-instruct-q4_k_m", "Q4_K_M"],
    ["model-IQ3_XXS", "IQ3_XXS"],
    ["model-UD-Q4_K_XL", "UD-Q4_K_XL"],
    ["gemma-3-270m-it-F16", "F16"],
    ["gpt-oss-20b-mxfp4", "MXFP4"],
    ["BF16/model-BF16", "BF16"],
    ["model.fp16", null],
    ["model", null],
    ["Q4model", null],
  ])("%s is %p", (name, quantization) => {
    expect(findQuantizationInName(name)).toBe(quantization);
  });
});
