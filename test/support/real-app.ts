// The whole program as a user has it, with real models (or none, and tones), a home of its own and a copy of the cast;
// serving on loopback.
import { cp, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createApp } from "../../src/app.ts";
import { createResampler } from "../../src/audio/resample.ts";
import type { CliApp } from "../../src/cli/app-port.ts";
import { loadSettings } from "../../src/config/load-settings.ts";
import { findRealModels, realModelsRoot } from "./real-models.ts";
import { createTempFolder } from "./temp-folder.ts";
import { toneProviders } from "./tone-providers.ts";

export interface RealApp extends AsyncDisposable {
  readonly app: CliApp;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly charactersDir: string;
  /** The sentence in a voice, 24 kHz, with `silenceMs` (default 900) after it. */
  speak(text: string, options?: { voice?: string; silenceMs?: number }): Promise<Float32Array>;
  /** What the recogniser makes of 24 kHz samples. */
  hear(pcm: Float32Array): Promise<string>;
}

const shippedCast = resolve(import.meta.dir, "../../story_characters");
const defaultModels = ["kokoro-82m-q8", "kokoro-voices", "moonshine-tiny", "silero-vad"];

export interface RealAppOptions {
  /** Files of the shipped cast to take along; default none. */
  characters?: readonly string[];
  /** Who speaks and hears; default the real ones. */
  engines?: "real" | "tones";
  /** Settings of its own. */
  settings?: Readonly<Record<string, unknown>>;
}

export async function startRealApp(options: RealAppOptions = {}): Promise<RealApp> {
  const areReal = options.engines !== "tones";
  if (areReal && !(await findRealModels(defaultModels)))
    throw new Error("the models cannot be had: the registry of packages cannot be reached");
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createTempFolder());
  const charactersDir = join(folder.path, "cast");
  await mkdir(charactersDir);
  for (const name of options.characters ?? []) await cp(join(shippedCast, name), join(charactersDir, name));
  const loaded = loadSettings({
    env: { HOME: folder.path },
    cwd: folder.path,
    overrides: {
      "server.port": 0,
      "characters.dir": charactersDir,
      "settings.assets.cache_dir": join(realModelsRoot, "assets"),
      "storage.cache_root": join(realModelsRoot, "cache"),
      "reply.source": "none",
      ...options.settings,
    },
  });
  const app = stack.use(
    await createApp(loaded, {
      version: "0.0.0-test",
      logs: "none",
      ...(!areReal && { speechProviders: toneProviders }),
    }),
  );
  const server = stack.use(await app.serve());
  await app.speech.start();
  const held = stack.move();

  return {
    app,
    url: server.url,
    charactersDir,
    async speak(text, { voice = "af_heart", silenceMs = 900 } = {}) {
      const synthesizer = await app.speech.synthesizer({ timeoutMs: 60_000 });
      const chunks: Float32Array[] = [];
      for await (const { pcm } of synthesizer.synthesize(text, { voice })) chunks.push(pcm);
      const spoken = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      const all = new Float32Array(spoken + Math.round(silenceMs * 24));
      let at = 0;
      for (const chunk of chunks) {
        all.set(chunk, at);
        at += chunk.length;
      }
      return all;
    },
    async hear(pcm) {
      const recognizer = await app.speech.recognizer({ timeoutMs: 60_000 });
      await using session = recognizer.open();
      const resampler = createResampler({ fromHz: 24_000, toHz: 16_000 });
      session.push(resampler.push(pcm));
      session.push(resampler.flush());
      const { text } = await session.finish();
      return text;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
