// Silero VAD v5.1.2 (MIT): https://github.com/snakers4/silero-vad. Version 5 rather than 6: it is the one that the
// recognisers here were measured with, and the two have the same tensors. The hub's conversions have other bytes, so the
// authors' own tagged file comes first.
import type { AssetDefinition } from "../asset-schema.ts";
import { fromPackage } from "./source-notation.ts";

/** Frames of 512 samples at 16 kHz with 64 samples of context; state float32 [2, 1, 128]. */
export const sileroVad: AssetDefinition = {
  name: "silero-vad",
  version: "5.1.2",
  description: "Silero voice activity detection",
  licence: "MIT",
  retries: 4,
  retryDelaySeconds: 1,
  files: [
    {
      path: "silero_vad.onnx",
      sizeBytes: 2_327_524,
      sha256: "2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f",
    },
  ],
  sources: [
    {
      type: "http",
      url: "https://raw.githubusercontent.com/snakers4/silero-vad/v5.1.2/src/silero_vad/data/silero_vad.onnx",
    },
    fromPackage("@ricky0123/vad-web@0.0.31", { path: "dist/silero_vad_v5.onnx" }),
  ],
};
