// Whisper: many languages, from models that the user puts under the models root.
import { join } from "node:path";
import { z } from "zod";
import type { ProviderModels } from "../../../assets/provider/provider-models.ts";
import { AppError } from "../../../base/errors.ts";
import type { RecognizerProvider } from "../../../speech/provider.ts";
import { idleUnloadMinutesSchema, startEngine } from "../../../speech/start-engine.ts";
import type { ModelOrigin } from "../../../assets/provider/plan-models.ts";
import { describeCure, findModelFolder, listHubNames, listPlaces, precisions } from "./model-folder.ts";
import { createWhisperRecognizer } from "./recognizer.ts";

const settingsSchema = z.object({
  /**
   * tiny, base, small, medium, large-v3, large-v3-turbo, the English ones with `.en`, or a folder's name under
   * `<models_root>/whisper`.
   */
  model: z
    .string()
    .regex(/^[\w.-]+(\/[\w.-]+)?$/, "is a model's size or the name of its folder")
    .refine((name) => !name.split("/").some((part) => /^\.+$/.test(part)), "is no way out of the folder")
    .default("tiny"),
  /** Which of the exported files to take. */
  precision: z.enum(["auto", ...precisions.map(({ precision }) => precision)]).default("auto"),
  /** ISO 639; `auto` listens which it is, which costs one more run of the encoder. */
  language: z.string().default("auto"),
  /** Utterances that may be open at once. */
  max_sessions: z.number().int().min(1).max(10_000).default(16),
  /** Audio between two partial transcripts, at least; a slow model takes longer by itself. */
  partial_interval_ms: z.number().min(100).max(60_000).default(1500),
  /** Unload the models after so long without work; 0 never does. */
  idle_unload_minutes: idleUnloadMinutesSchema,
});
type WhisperSettings = z.infer<typeof settingsSchema>;

/** Somebody says where from. What the hub is asked for by itself is at 8 bits. */
function canBring(models: ProviderModels | undefined, { model, precision }: WhisperSettings): boolean {
  if (!models || model.includes("/")) return false;
  const origin = models.origin(model);
  return origin === "request" ? ["auto", "q8"].includes(precision) : origin === "catalogue";
}

const parseSettings = (settings: unknown): WhisperSettings => settingsSchema.parse(settings ?? {});

/** The sizes that are exported for this library. */
const sizes = ["tiny", "base", "small", "medium", "large-v3", "large-v3-turbo"] as const;
const englishSizes = ["tiny.en", "base.en", "small.en", "medium.en"] as const;

/** The hub's exports at 8 bits, which is what `auto` prefers. The hub's own digests are what proves them. */
function describeModel(modelId: string): ModelOrigin {
  const [, ...repositories] = listHubNames(modelId);
  const allowPatterns = [
    "*.json",
    "onnx/encoder_model_quantized.onnx",
    "onnx/decoder_model_merged_quantized.onnx",
  ];
  return {
    description: `Whisper ${modelId} speech recognition, 8-bit`,
    licence: "MIT",
    sources: repositories.map((repoId) => ({ type: "hf", repoId, allowPatterns })),
  };
}

export const whisperProvider: RecognizerProvider = {
  kind: "asr",
  id: "whisper",
  title: "Whisper",
  languages: ["mul"],
  licence: "MIT",
  homepage: "https://github.com/openai/whisper",
  settingsSchema,
  assets: {
    // Each model is a folder: graphs, tokenizer and configuration.
    file_extension: "",
    directory_name: "whisper",
    cache_types: ["models", "runtime"],
    model_urls: Object.fromEntries([...sizes, ...englishSizes].map((size) => [size, "auto" as const])),
  },
  describeModel,
  namesOf: listHubNames,
  assetNames: () => [],
  async probe(context) {
    const settings = parseSettings(context.settings);
    const found = await findModelFolder(listPlaces(settings.model, context), settings);
    return found.ok || canBring(context.models, settings)
      ? { state: "ready" }
      : { state: "not-installed", reason: describeCure(settings.model, found) };
  },
  async load(context) {
    const settings = parseSettings(context.settings);
    const look = () => findModelFolder(listPlaces(settings.model, context), settings);
    let found = await look();
    if (!found.ok && context.models && canBring(context.models, settings)) {
      await context.models.ensure(settings.model, context.signal ? { signal: context.signal } : {});
      found = await look();
    }
    if (!found.ok) throw new AppError("E_NOT_FOUND", describeCure(settings.model, found), { ...found });
    const { folder } = found;
    const engine = await startEngine(context, {
      title: "the Whisper engine",
      id: "whisper",
      entry: join(import.meta.dir, "engine.ts"),
      loadParams: { folder, threads: context.threads },
      idleUnloadMinutes: settings.idle_unload_minutes,
    });
    return createWhisperRecognizer(
      { engine },
      {
        languages: folder.languages,
        defaultLanguage: settings.language === "auto" ? undefined : settings.language,
        maxSessions: settings.max_sessions,
        partialIntervalMs: settings.partial_interval_ms,
      },
    );
  },
};
