// Kokoro-82M: 54 voices in nine languages, on this machine's processor, faster than it can be listened to.
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { isAbortError } from "../../../base/errors.ts";
import type { Engine } from "../../../speech/engine.ts";
import type { LoadContext, SynthesizerProvider } from "../../../speech/provider.ts";
import { idleUnloadMinutesSchema, startEngine } from "../../../speech/start-engine.ts";
import type { KokoroLoadParams } from "./engine.ts";
import { findPreparedGraph, hashFile, type PreparedGraphPlace } from "./graph/prepared-graph.ts";
import { type BackgroundOptions, prepareInBackground } from "./graph/prepare-in-background.ts";
import { canEspeak } from "./phonemes/espeak-phonemizer.ts";
import { canPhonemize } from "./phonemes/free-phonemizer.ts";
import { createSwappableEngine, type SwappableEngine } from "./swappable-engine.ts";
import { createKokoroSynthesizer } from "./synthesizer.ts";
import { defaultVoice, kokoroLanguages } from "./voices.ts";

const settingsSchema = z.object({
  /** Spoken with when none is named. */
  voice: z.string().default(defaultVoice),
  /** `phonemize` is freely licensed and speaks English, Chinese and Japanese; `espeak` is GPL and speaks them all. */
  phonemizer: z.enum(["espeak", "phonemize"]).default("espeak"),
  /** `auto` measures which graph is the faster one on this machine; `float` takes the exact one. */
  graph: z.enum(["auto", "float"]).default("auto"),
  /** Unload the model after so long without work; 0 never does. */
  idle_unload_minutes: idleUnloadMinutesSchema,
});
type KokoroSettings = z.infer<typeof settingsSchema>;

const parseSettings = (settings: unknown): KokoroSettings => settingsSchema.parse(settings ?? {});
const assetNames = ["kokoro-82m-q8", "kokoro-voices"] as const;

export const kokoroProvider: SynthesizerProvider = {
  kind: "tts",
  id: "kokoro",
  title: "Kokoro",
  languages: kokoroLanguages,
  licence: "Apache-2.0",
  homepage: "https://huggingface.co/hexgrad/Kokoro-82M",
  settingsSchema,
  assets: {
    file_extension: ".onnx",
    directory_name: "kokoro",
    credential_patterns: [],
    cache_types: ["models", "runtime"],
    model_urls: { "82m-q8": "auto", voices: "auto" },
  },
  catalogued: { "82m-q8": "kokoro-82m-q8", voices: "kokoro-voices" },
  assetNames: () => assetNames,
  probe: () => Promise.resolve({ state: "ready" }),
  async load(context) {
    const settings = parseSettings(context.settings);
    const { signal } = context;
    const [modelFolder = "", voicesFolder = ""] = await Promise.all(
      assetNames.map((name) => context.getAssetPath(name, signal ? { signal } : {})),
    );
    const sourcePath = join(modelFolder, "model_quantized.onnx");
    const place: PreparedGraphPlace = {
      sourceSha256: await hashFile(sourcePath),
      cacheFolder: context.runtimeCacheDir,
      wish: settings.graph,
    };
    const prepared = await findPreparedGraph(place);
    const startEngine = (graphPath: string | null): Promise<Engine> =>
      startKokoroEngine(context, settings, { modelFolder, voicesFolder, graphPath });
    const engine = createSwappableEngine(await startEngine(prepared?.path ?? null));
    const closing = new AbortController();
    const ending = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
    const preparation = prepared
      ? Promise.resolve()
      : improve(context, engine, startEngine, {
          modelFolder,
          sourcePath,
          voicesFolder,
          place,
          signal: ending,
        });
    const canSpeak = (tag: string): boolean =>
      canPhonemize(tag) || (settings.phonemizer === "espeak" && canEspeak(tag));
    const synthesizer = createKokoroSynthesizer({ engine }, { defaultVoice: settings.voice, canSpeak });
    return {
      ...synthesizer,
      async [Symbol.asyncDispose]() {
        closing.abort();
        await preparation;
        await synthesizer[Symbol.asyncDispose]();
      },
    };
  },
};

function startKokoroEngine(
  context: LoadContext,
  settings: KokoroSettings,
  files: Pick<KokoroLoadParams, "modelFolder" | "voicesFolder" | "graphPath">,
): Promise<Engine> {
  const loadParams: KokoroLoadParams = {
    ...files,
    threads: context.threads,
    phonemizer: settings.phonemizer,
  };
  return startEngine(context, {
    title: "the Kokoro engine",
    id: "kokoro",
    entry: join(import.meta.dir, "engine.ts"),
    loadParams,
    idleUnloadMinutes: settings.idle_unload_minutes,
  });
}

/** The first words have the processor to themselves, and a program that speaks one sentence and ends prepares nothing. */
const restMs = 3000;

/** Swaps in the engine with the prepared graph once there is one. Never rejects: without it, all works at half the speed. */
async function improve(
  context: LoadContext,
  engine: SwappableEngine,
  startEngine: (graphPath: string) => Promise<Engine>,
  files: BackgroundOptions,
): Promise<void> {
  const { signal } = files;
  const report = (reason: string): void =>
    context.emit({ type: "provider-state", kind: "tts", provider: "kokoro", state: "ready", reason });
  try {
    await wait(restMs, null, { signal });
    const { path, record } = await prepareInBackground(context, files);
    const better = await startEngine(path);
    if (signal.aborted) await better[Symbol.asyncDispose]();
    else {
      engine.replace(better);
      report(record.reason);
    }
  } catch (error) {
    if (signal.aborted || isAbortError(error)) return;
    context.emit({
      type: "engine-load-fail",
      engine: "kokoro-preparation",
      error: error instanceof Error ? error : new Error(String(error)),
    });
    report("speaking with the unprepared model; its preparation failed and is tried again at the next start");
  }
}
