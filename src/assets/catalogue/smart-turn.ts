// Smart Turn v3.2 (BSD-2-Clause; on the encoder of Whisper tiny, MIT): https://huggingface.co/pipecat-ai/smart-turn-v3.
// Size and digest are those that its users publish for this revision, one of them an unchanged archive of the file; no
// package carries it, so that the hub is its only source.
import type { AssetDefinition } from "../asset-schema.ts";
import { fromHub } from "./source-notation.ts";

/** 8-bit weights; input_features float32 [1, 80, 800] → probability that the turn is over. */
export const smartTurn: AssetDefinition = {
  name: "smart-turn-v3",
  version: "3.2",
  description: "Smart Turn: whether a speaker has finished, by the sound of the pause",
  licence: "BSD-2-Clause",
  retries: 4,
  retryDelaySeconds: 1,
  files: [
    {
      path: "smart-turn-v3.2-cpu.onnx",
      sizeBytes: 8_679_182,
      sha256: "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
    },
  ],
  sources: [
    fromHub("pipecat-ai/smart-turn-v3@f766f81d3cfdf7737ac64aad813d91bbfd56bf93", {
      path: "smart-turn-v3.2-cpu.onnx",
    }),
  ],
};
