// Moonshine: English speech → text with punctuation, small enough to answer while one is still speaking.
import { join } from "node:path";
import { z } from "zod";
import type { RecognizerProvider } from "../../../speech/provider.ts";
import { idleUnloadMinutesSchema, startEngine } from "../../../speech/start-engine.ts";
import { createMoonshineRecognizer } from "./recognizer.ts";

const settingsSchema = z.object({
  /** `base` hears hard recordings better, takes 1.5 times as long and writes no punctuation. */
  model: z.enum(["tiny", "base"]).default("tiny"),
  /** Utterances that may be open at once. */
  max_sessions: z.number().int().min(1).max(10_000).default(64),
  /** Audio between two partial transcripts, at least. */
  partial_interval_ms: z.number().min(100).max(10_000).default(400),
  /** Unload the models after so long without work; 0 never does. */
  idle_unload_minutes: idleUnloadMinutesSchema,
});
type MoonshineSettings = z.infer<typeof settingsSchema>;

const parseSettings = (settings: unknown): MoonshineSettings => settingsSchema.parse(settings ?? {});
const assetNameOf = ({ model }: MoonshineSettings): string => `moonshine-${model}`;

export const moonshineProvider: RecognizerProvider = {
  kind: "asr",
  id: "moonshine",
  title: "Moonshine",
  languages: ["en"],
  licence: "MIT",
  homepage: "https://github.com/moonshine-ai/moonshine",
  settingsSchema,
  assets: {
    file_extension: ".onnx",
    directory_name: "moonshine",
    credential_patterns: [],
    cache_types: ["models", "runtime"],
    model_urls: { tiny: "auto", base: "auto" },
  },
  catalogued: { tiny: "moonshine-tiny", base: "moonshine-base" },
  assetNames: (settings) => [assetNameOf(parseSettings(settings))],
  probe: () => Promise.resolve({ state: "ready" }),
  async load(context) {
    const settings = parseSettings(context.settings);
    const folder = await context.getAssetPath(
      assetNameOf(settings),
      context.signal ? { signal: context.signal } : {},
    );
    const files = {
      encoder: join(folder, "encoder_model.onnx"),
      decoder: join(folder, "decoder_model_merged.onnx"),
    };
    const engine = await startEngine(context, {
      title: "the Moonshine engine",
      id: "moonshine",
      entry: join(import.meta.dir, "engine.ts"),
      loadParams: { files, threads: context.threads },
      idleUnloadMinutes: settings.idle_unload_minutes,
    });
    return createMoonshineRecognizer(
      { engine },
      { maxSessions: settings.max_sessions, partialIntervalMs: settings.partial_interval_ms },
    );
  },
};
