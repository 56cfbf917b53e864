import { describe, expect, test } from "bun:test";
import { AppError } from "../../../../src/base/errors.ts";
import type { SpeechRequest } from "../../../../src/providers/tts/kokoro/speech-maker.ts";
import { createSwappableEngine } from "../../../../src/providers/tts/kokoro/swappable-engine.ts";
import { createKokoroSynthesizer } from "../../../../src/providers/tts/kokoro/synthesizer.ts";
import type { Engine, EngineJobOptions } from "../../../../src/speech/engine.ts";
import type { SynthesisOptions } from "../../../../src/speech/ports.ts";
import { collectSpeech } from "../../../support/synthesizer-contract.ts";

interface Asked extends SpeechRequest {
  options: EngineJobOptions;
}

/** Answers each job with 10 ms of sound. */
function createFakeEngine(answer?: (asked: Asked) => Promise<void>) {
  const asked: Asked[] = [];
  let isDisposed = false;
  const engine: Engine = {
    state: "ready",
    pid: 1,
    start: () => Promise.resolve(),
    async run(method, params, options = {}) {
      if (method !== "speak") throw new Error(method);
      const job = { ...(params as SpeechRequest), options };
      asked.push(job);
      await answer?.(job);
      return { pcm: new Float32Array(240), words: [] };
    },
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      await Promise.resolve();
    },
  };
  return {
    engine,
    asked,
    get isDisposed() {
      return isDisposed;
    },
  };
}

function open() {
  const fake = createFakeEngine();
  const canSpeak = (tag: string): boolean => !tag.startsWith("tlh");
  const synthesizer = createKokoroSynthesizer(
    { engine: fake.engine },
    { defaultVoice: "af_heart", canSpeak },
  );
  return { ...fake, synthesizer };
}
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof AppError ? error.code : error),
  );

describe("a text", () => {
  test("is spoken piece by piece, the first one short and first in the queue", async () => {
    const { synthesizer, asked } = open();
    const text = "Well, I never, said the old man. Then he went away and slept.";
    const chunks = await collectSpeech(synthesizer, text, { sessionId: "a", priority: "head" });
    expect(chunks.map((chunk) => chunk.text).join("")).toBe(text);
    expect(asked.map((job) => [job.text, job.options.priority, job.options.sessionId])).toEqual([
      ["Well, I never, ", "head", "a"],
      ["said the old man. ", "tail", "a"],
      ["Then he went away and slept.", "tail", "a"],
    ]);
  });

  test("that is a later piece of an answer is not cut short again", async () => {
    const { synthesizer, asked } = open();
    await collectSpeech(synthesizer, "Well, I never, said the old man.", { priority: "tail" });
    expect(asked.map((job) => job.text)).toEqual(["Well, I never, said the old man."]);
  });

  test("has silence where a pause is written, shorter when spoken faster", async () => {
    const { synthesizer, asked } = open();
    const text = "One moment. [pause:500ms] Here it is.";
    const chunks = await collectSpeech(synthesizer, text, { speed: 2 });
    expect(chunks.map((chunk) => chunk.text).join("")).toBe(text);
    expect(chunks.find((chunk) => chunk.text === "[pause:500ms]")?.pcm).toEqual(new Float32Array(6000));
    expect(asked.some((job) => job.text.includes("pause"))).toBe(false);
    expect((await collectSpeech(synthesizer, "[pause:1s]")).map(({ pcm }) => pcm.length)).toEqual([24_000]);
  });

  test("without a letter or a digit is E_ARGS", async () => {
    const { synthesizer, asked } = open();
    for (const text of ["", " \n", "🙂", "…!", "---"]) {
      expect(await codeOf(collectSpeech(synthesizer, text))).toBe("E_ARGS");
    }
    expect(asked).toEqual([]);
  });
});

describe("what is asked", () => {
  test("goes to the engine: voice, blend, speed and the voice's language", async () => {
    const { synthesizer, asked } = open();
    const requests: SynthesisOptions[] = [
      {},
      { voice: "bf_emma", speed: 4 },
      { voice: "ff_siwis(3)+af_sky" },
    ];
    for (const options of requests) await collectSpeech(synthesizer, "Kokoro.", options);
    expect(asked.map(({ shares, speed, language }) => ({ shares, speed, language }))).toEqual([
      { shares: [{ voice: "af_heart", weight: 1 }], speed: 1, language: "en-US" },
      { shares: [{ voice: "bf_emma", weight: 1 }], speed: 4, language: "en-GB" },
      {
        shares: [
          { voice: "ff_siwis", weight: 0.75 },
          { voice: "af_sky", weight: 0.25 },
        ],
        speed: 1,
        language: "fr-FR",
      },
    ]);
  });

  test("a bilingual voice reads each sentence in its own language, unless one is named", async () => {
    const { synthesizer, asked } = open();
    const text = "Bonjour, comment allez-vous ? How are you today, my friend?";
    await collectSpeech(synthesizer, text, { voice: "ff_siwis", priority: "tail" });
    await collectSpeech(synthesizer, text, { voice: "ff_siwis", priority: "tail", language: "fr" });
    expect(asked.map((job) => job.language)).toEqual(["fr-FR", "en", "fr-FR", "fr-FR"]);
  });

  test("a language without a region is that of the voice", async () => {
    const { synthesizer, asked } = open();
    for (const [voice, language] of [
      ["bf_emma", "en"],
      ["af_heart", "EN"],
      ["bf_emma", "en-US"],
      ["ff_siwis", "en"],
    ]) {
      await collectSpeech(synthesizer, "Kokoro.", { voice, language });
    }
    expect(asked.map((job) => job.language)).toEqual(["en-GB", "en-US", "en-US", "en"]);
  });

  test("a voice whose language has no phonemes here is not there", async () => {
    const { engine } = createFakeEngine();
    const canSpeak = (tag: string): boolean => tag.startsWith("en");
    const synthesizer = createKokoroSynthesizer({ engine }, { defaultVoice: "af_heart", canSpeak });
    expect(synthesizer.voices()).toHaveLength(28);
    expect([synthesizer.hasVoice("ff_siwis"), synthesizer.hasVoice("bf_emma")]).toEqual([false, true]);
    expect(await codeOf(collectSpeech(synthesizer, "Oui.", { voice: "ff_siwis" }))).toBe("E_ARGS");
  });

  test("that cannot be is E_ARGS before any work", async () => {
    const { synthesizer, asked } = open();
    const wrong: SynthesisOptions[] = [
      { voice: "nobody" },
      { voice: "" },
      { speed: 0.2 },
      { speed: 4.1 },
      { speed: Number.NaN },
      { language: "tlh" },
    ];
    for (const options of wrong)
      expect(await codeOf(collectSpeech(synthesizer, "Hello.", options))).toBe("E_ARGS");
    expect(asked).toEqual([]);
    expect([synthesizer.hasVoice("af_bella(2)+af_sky(1)"), synthesizer.hasVoice("af_bella(2")]).toEqual([
      true,
      false,
    ]);
  });

  test("with a cancel in between ends there", async () => {
    const { synthesizer, asked } = open();
    const abort = new AbortController();
    const speaking = (async () => {
      const text = "The first sentence of it. The second one of it. The third one of it.";
      for await (const _chunk of synthesizer.synthesize(text, { signal: abort.signal })) abort.abort();
    })();
    expect(await codeOf(speaking)).toBe("E_INTERRUPTED");
    expect(asked).toHaveLength(1);
  });
});

describe("an engine that is replaced", () => {
  test("ends its job, gets no more, and is then let go", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const [old, next] = [createFakeEngine(() => promise), createFakeEngine()];
    const engine = createSwappableEngine(old.engine);
    const first = engine.run("speak", { text: "first" });
    engine.replace(next.engine);
    await engine.run("speak", { text: "second" });
    expect([old.isDisposed, next.asked.length]).toEqual([false, 1]);
    resolve();
    await first;
    expect([old.isDisposed, next.isDisposed, old.asked.length]).toEqual([true, false, 1]);
    await engine[Symbol.asyncDispose]();
    expect(next.isDisposed).toBe(true);
  });

  test("goes with the one that replaced it, also in the middle of a job", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const [old, next] = [createFakeEngine(() => promise), createFakeEngine()];
    const engine = createSwappableEngine(old.engine);
    const first = engine.run("speak", { text: "first" });
    engine.replace(next.engine);
    await engine[Symbol.asyncDispose]();
    expect([old.isDisposed, next.isDisposed]).toEqual([true, true]);
    resolve();
    await first;
  });

  test("without a job goes at once", () => {
    const [old, next] = [createFakeEngine(), createFakeEngine()];
    createSwappableEngine(old.engine).replace(next.engine);
    expect([old.isDisposed, next.isDisposed]).toEqual([true, false]);
  });
});

test("phonemes go to the engine as they are, and what cannot be is E_ARGS before any work", async () => {
  const { synthesizer, asked } = open();
  const { phonemes } = synthesizer;
  if (!phonemes) throw new Error("none");
  const chunks = await Array.fromAsync(phonemes.synthesize("həlˈO.", { voice: "bf_emma" }));
  expect(chunks.map(({ text }) => text)).toEqual(["həlˈO."]);
  expect(asked).toMatchObject([{ text: "həlˈO.", isPhonemes: true, language: "en-GB" }]);
  expect(await codeOf(Array.fromAsync(phonemes.synthesize("həlˈO.", { voice: "nobody" })))).toBe("E_ARGS");
  expect(await codeOf(phonemes.phonemize("nuqneH", { language: "tlh" }))).toBe("E_ARGS");
  expect(await codeOf(phonemes.phonemize(" ", {}))).toBe("E_ARGS");
  expect(asked).toHaveLength(1);
});
