// Text → Kokoro → Moonshine → text: what the one says, the other hears. The whole measurement, 20 sentences in six voices,
// is scripts/benchmarks/round-trip.ts.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createResampler } from "../../../src/audio/resample.ts";
import { moonshineProvider } from "../../../src/providers/asr/moonshine/index.ts";
import { kokoroProvider } from "../../../src/providers/tts/kokoro/index.ts";
import { synthesizeStream } from "../../../src/session/sentence-stream.ts";
import type { SpeechRecognizer, SpeechSynthesizer } from "../../../src/speech/ports.ts";
import { createLoadContext } from "../../support/load-context.ts";
import { findRealModels } from "../../support/real-models.ts";
import { spokenSentences } from "../../support/spoken-sentences.ts";
import { countWordErrors, errorRate, toSpokenWords } from "../../support/word-errors.ts";

const models = await findRealModels(["kokoro-82m-q8", "kokoro-voices", "moonshine-tiny"]);
const longTest = 300_000;

describe("word errors", () => {
  test("are changed, added and missing words, whatever the spelling", () => {
    expect(countWordErrors("It costs $5, OK?", "it costs five dollars ok")).toEqual({ errors: 0, words: 5 });
    expect(countWordErrors("Everyone comes tomorrow", "every one comes to-morrow").errors).toBe(0);
    expect(countWordErrors("one two three four", "one too three")).toEqual({ errors: 2, words: 4 });
    expect(countWordErrors("one two", "well one and two")).toEqual({ errors: 2, words: 2 });
    expect(countWordErrors("one two", "")).toEqual({ errors: 2, words: 2 });
    expect(errorRate([countWordErrors("a b", "a b"), countWordErrors("c d", "c")])).toBe(0.25);
  });
});

if (models) {
  describe("a round trip", () => {
    let synthesizer: SpeechSynthesizer;
    let recognizer: SpeechRecognizer;
    beforeAll(async () => {
      const context = createLoadContext({
        getAssetPath: models.getAssetPath,
        runtimeCacheDir: models.runtimeCacheDir,
      });
      [synthesizer, recognizer] = await Promise.all([
        kokoroProvider.load(context),
        moonshineProvider.load(context),
      ]);
    }, longTest);
    afterAll(async () => {
      await synthesizer[Symbol.asyncDispose]();
      await recognizer[Symbol.asyncDispose]();
    });

    const hear = async (text: string, voice: string): Promise<string> => {
      await using session = recognizer.open();
      const resampler = createResampler({ fromHz: 24_000, toHz: 16_000 });
      const silence = new Float32Array(4800);
      session.push(silence);
      const deltas = (async function* () {
        yield await Promise.resolve(text);
      })();
      for await (const { pcm } of synthesizeStream(deltas, { synthesizer, voice }))
        session.push(resampler.push(pcm));
      session.push(resampler.flush());
      session.push(silence);
      return (await session.finish()).text;
    };

    test(
      "of everyday sentences in six voices loses at most one word in fifty",
      async () => {
        const voices = ["af_heart", "af_bella", "am_michael", "am_fenrir", "bf_emma", "bm_george"];
        const counts = [];
        for (const [i, text] of spokenSentences.slice(0, 12).entries()) {
          const voice = voices[i % voices.length] ?? "af_heart";
          const heard = await hear(text, voice);
          const count = countWordErrors(text, heard);
          counts.push(count);
          if (count.errors > 0) console.log(`${voice}: "${text}" was heard as "${heard}"`);
        }
        const rate = errorRate(counts);
        console.log(`word error rate over ${counts.length} sentences: ${(100 * rate).toFixed(1)} %`);
        expect(rate).toBeLessThan(0.02);
      },
      longTest,
    );

    test(
      "gives back numbers, prices and times as they are said",
      async () => {
        const text = "Doctor Brown paid $12.50 for 3 tickets on May 5 at 7:30.";
        const heard = await hear(text, "af_heart");
        console.log(`"${text}" was heard as "${heard}"`);
        expect(errorRate([countWordErrors(text, heard)])).toBeLessThanOrEqual(0.15);
      },
      longTest,
    );

    test(
      "of a paragraph of 400 words loses no sentence",
      async () => {
        const sentences = spokenSentences.slice(0, 40);
        const words = toSpokenWords(sentences.join(" "));
        expect(words.length).toBeGreaterThanOrEqual(370);
        const spoken: string[] = [];
        const heard: string[] = [];
        const deltas = (async function* () {
          yield await Promise.resolve(sentences.join(" "));
        })();
        for await (const { pcm, text, words: times = [] } of synthesizeStream(deltas, { synthesizer })) {
          spoken.push(text);
          // As many word times as written words, all inside the sound.
          expect(times.map((word) => word.text).join(" ")).toBe(text.trim());
          expect(times.at(-1)?.endMs ?? 0).toBeLessThanOrEqual(pcm.length / 24 + 1);
          await using session = recognizer.open();
          const resampler = createResampler({ fromHz: 24_000, toHz: 16_000 });
          session.push(new Float32Array(4800));
          session.push(resampler.push(pcm));
          session.push(resampler.flush());
          heard.push((await session.finish()).text);
        }
        expect(spoken.join("")).toBe(sentences.join(" "));
        const rate = errorRate([countWordErrors(sentences.join(" "), heard.join(" "))]);
        console.log(`word error rate over ${words.length} words: ${(100 * rate).toFixed(1)} %`);
        expect(rate).toBeLessThan(0.04);
      },
      longTest,
    );
  });
}
