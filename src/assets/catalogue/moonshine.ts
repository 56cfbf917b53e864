// Moonshine by Useful Sensors (MIT), English speech recognition, 8-bit ONNX: encoder and merged decoder. The hub's files
// have longer names there and the same bytes (digests published by many who pin them).
import type { AssetDefinition } from "../asset-schema.ts";
import { fromHub, fromPackage } from "./source-notation.ts";

const hubFiles = {
  "encoder_model.onnx": "onnx/encoder_model_quantized.onnx",
  "decoder_model_merged.onnx": "onnx/decoder_model_merged_quantized.onnx",
};

/** 6 layers, 8 heads of 36. */
export const moonshineTiny: AssetDefinition = {
  name: "moonshine-tiny",
  version: "1.0",
  description: "Moonshine tiny speech recognition, English, 8-bit",
  licence: "MIT",
  retries: 4,
  retryDelaySeconds: 1,
  files: [
    {
      path: "encoder_model.onnx",
      sizeBytes: 7_937_661,
      sha256: "c6fc4b7bc5af75c0591fd157a1f3829b533d18e9769a888fd95a62e470dd4f4a",
    },
    {
      path: "decoder_model_merged.onnx",
      sizeBytes: 20_243_286,
      sha256: "eed87831c3a6103534aae7d47a5d485025c659a1323901513961c39fe8a1a367",
    },
  ],
  sources: [
    fromHub("onnx-community/moonshine-tiny-ONNX@a6da1241cd305dcd64eab1edbd615f2bb9aabb95", {
      files: hubFiles,
    }),
    fromPackage("@moonshine-ai/moonshine-js@0.1.29", { path: "dist/model/tiny/quantized" }),
  ],
};

/** 8 layers, 8 heads of 52. */
export const moonshineBase: AssetDefinition = {
  name: "moonshine-base",
  version: "1.0",
  description: "Moonshine base speech recognition, English, 8-bit",
  licence: "MIT",
  retries: 4,
  retryDelaySeconds: 1,
  files: [
    {
      path: "encoder_model.onnx",
      sizeBytes: 20_513_063,
      sha256: "1dd9ab0a7f987113d30affcba5a068d11c8f90fa0223caa3e491ade431ad9751",
    },
    {
      path: "decoder_model_merged.onnx",
      sizeBytes: 42_498_870,
      sha256: "cc9f3cd6698a369c6008b41aa60aa3fb3322e7f03c9bdf19d8e6b7200afca4f3",
    },
  ],
  sources: [
    fromHub("onnx-community/moonshine-base-ONNX@b1e9b6aae3c3c7298f10c3798393fdf38e8fbbad", {
      files: hubFiles,
    }),
    fromPackage("@usefulsensors/moonshine-js@0.1.17", { path: "dist/model/base/quantized" }),
  ],
};
