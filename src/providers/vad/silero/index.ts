// Silero VAD v5: 32 ms of sound → probability of speech. In a process of its own with one thread and normal priority:
// a turn begins and ends by its word, so it never waits behind synthesis.
import { join } from "node:path";
import { z } from "zod";
import type { DetectorProvider } from "../../../speech/provider.ts";
import { startEngine } from "../../../speech/start-engine.ts";
import { createSileroDetector } from "./detector.ts";

const settingsSchema = z.object({
  /** Streams that may be open at once. */
  max_streams: z.number().int().min(1).max(10_000).default(256),
});

const assetName = "silero-vad";

export const sileroProvider: DetectorProvider = {
  kind: "vad",
  id: "silero",
  title: "Silero VAD v5",
  languages: [],
  licence: "MIT",
  homepage: "https://github.com/snakers4/silero-vad",
  settingsSchema,
  assets: {
    file_extension: ".onnx",
    directory_name: "silero_vad",
    credential_patterns: [],
    cache_types: ["models", "runtime"],
    model_urls: { v5: "auto" },
  },
  catalogued: { v5: assetName },
  assetNames: () => [assetName],
  probe: () => Promise.resolve({ state: "ready" }),
  async load(context) {
    const settings = settingsSchema.parse(context.settings ?? {});
    const modelPath = await context.getAssetPath(assetName, context.signal ? { signal: context.signal } : {});
    const engine = await startEngine(context, {
      title: "the Silero engine",
      id: "silero",
      entry: join(import.meta.dir, "engine.ts"),
      loadParams: { modelPath },
    });
    return createSileroDetector({ engine }, { maxStreams: settings.max_streams });
  },
};
