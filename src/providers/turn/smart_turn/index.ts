// Smart Turn v3 (pipecat-ai/smart-turn-v3): whether a speaker has finished, by how the pause sounds. Optional: the words so
// far (../transcript) need no model. Its 23 languages are those of its model card.
import { join } from "node:path";
import { z } from "zod";
import type { Engine } from "../../../speech/engine.ts";
import type { AudioTurnDetector } from "../../../speech/ports.ts";
import type { TurnProvider } from "../../../speech/provider.ts";
import { startEngine } from "../../../speech/start-engine.ts";
import { turnSamples } from "./log-mel.ts";

const assetName = "smart-turn-v3";

/** A pause is over after eight seconds at most; an engine that needs half of that hangs. */
const judgeTimeoutMs = 4000;
/** Judgements that may wait; one that waits behind more of them comes too late. */
const queueLimit = 64;

const languages = "ar bn da de en es fi fr hi id it ja ko mr nl no pl pt ru tr uk vi zh".split(" ");

export const smartTurnProvider: TurnProvider = {
  kind: "turn",
  id: "smart_turn",
  title: "Smart Turn v3",
  languages,
  licence: "BSD-2-Clause",
  homepage: "https://huggingface.co/pipecat-ai/smart-turn-v3",
  settingsSchema: z.object({}),
  assets: {
    file_extension: ".onnx",
    directory_name: "smart_turn",
    credential_patterns: [],
    cache_types: ["models", "runtime"],
    model_urls: { "v3.2": "auto" },
  },
  catalogued: { "v3.2": assetName },
  assetNames: () => [assetName],
  probe: () => Promise.resolve({ state: "ready" }),
  async load(context) {
    const modelPath = await context.getAssetPath(assetName, context.signal ? { signal: context.signal } : {});
    const engine = await startEngine(context, {
      title: "the Smart Turn engine",
      id: "smart_turn",
      entry: join(import.meta.dir, "engine.ts"),
      loadParams: { modelPath },
      queueLimit,
    });
    return createSmartTurnDetector({ engine });
  },
};

/** Owns the engine. */
export function createSmartTurnDetector({ engine }: { engine: Engine }): AudioTurnDetector {
  return {
    id: "smart_turn",
    async judge(pcm, { signal, sessionId } = {}) {
      // A copy, which is what is sent: a view would take its whole buffer along.
      const last = pcm.slice(Math.max(0, pcm.length - turnSamples));
      const options = { signal, sessionId, timeoutMs: judgeTimeoutMs };
      return (await engine.run("judge", { pcm: last }, options)) as number;
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
