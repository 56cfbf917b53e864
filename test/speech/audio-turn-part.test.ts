// The detector that listens, from its choice to its answers.
import { expect, test } from "bun:test";
import { z } from "zod";
import { AppError } from "../../src/base/errors.ts";
import type { SpeechEvent } from "../../src/speech/engine.ts";
import { createAudioTurnPart } from "../../src/speech/audio-turn-part.ts";
import type { AudioTurnDetector } from "../../src/speech/ports.ts";
import type { TurnProvider } from "../../src/speech/provider.ts";
import { createEventRecorder } from "../support/event-recorder.ts";

function open(load: () => Promise<AudioTurnDetector>, id = "listener") {
  const recorder = createEventRecorder<SpeechEvent>();
  const provider: TurnProvider = {
    kind: "turn",
    id: "listener",
    title: "The listener",
    languages: [],
    licence: "MIT",
    homepage: "https://example.org",
    settingsSchema: z.object({}),
    assets: {},
    assetNames: () => [],
    probe: () => Promise.resolve({ state: "ready" }),
    load,
  };
  return createAudioTurnPart(
    {
      catalogue: { listener: () => Promise.resolve(provider) },
      getAssetPath: (name) => Promise.resolve(name),
      emit: recorder.emit,
    },
    { id, threads: 1, runtimeCacheDir: "/cache", modelsRoot: "/models" },
  );
}
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: unknown) => (error instanceof AppError ? error.code : error));

test("answers as soon as it is loaded, and E_BUSY until then", async () => {
  const loaded = Promise.withResolvers<AudioTurnDetector>();
  let disposals = 0;
  const part = open(() => loaded.promise);
  const started = part.start();
  expect(await codeOf(part.judge(new Float32Array(16)))).toBe("E_BUSY");
  expect(part.state?.state).toBe("loading");
  loaded.resolve({
    id: "listener",
    judge: (pcm) => Promise.resolve(pcm.length / 100),
    [Symbol.asyncDispose]: () => Promise.resolve(void disposals++),
  });
  await started;
  expect(part.state).toEqual({ state: "ready" });
  expect(await part.judge(new Float32Array(16))).toBe(0.16);
  await part[Symbol.asyncDispose]();
  expect(disposals).toBe(1);
});

test("one that cannot be had says so in its state, and to who asks", async () => {
  await using part = open(() => Promise.reject(new AppError("E_NET", "the hub cannot be reached")));
  await part.start();
  expect(part.state).toEqual({ state: "not-installed", reason: "the hub cannot be reached" });
  expect(await codeOf(part.judge(new Float32Array(16)))).toBe("E_NET");
});

test("one that there is not is refused with the names there are", () => {
  const create = (): unknown => open(() => Promise.reject(new Error("never")), "oracle");
  expect(create).toThrow("there is no turn provider oracle; there are transcript, listener");
});
