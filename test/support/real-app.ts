// The whole program as a user has it, with real models, a home of its own and a copy of the cast; serving on loopback.
import { cp, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createApp } from "../../src/app.ts";
import { createResampler } from "../../src/audio/resample.ts";
import type { CliApp } from "../../src/cli/app-port.ts";
import { loadSettings } from "../../src/config/load-settings.ts";
import { findRealModels, realModelsRoot } from "./real-models.ts";
import { createTempFolder } from "./temp-folder.ts";

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

/** `characters`: files of the shipped cast to take along; default none. */
export async function startRealApp(options: { characters?: readonly string[] } = {}): Promise<RealApp> {
  const models = await findRealModels(defaultModels);
  if (!models) throw new Error("the models cannot be had: the registry of packages cannot be reached");
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
    },
  });
  const app = stack.use(await createApp(loaded, { version: "0.0.0-test", logs: "none" }));
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
