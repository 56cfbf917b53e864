// What every synthesizer must do, fakes and real ones alike.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { measureLevel } from "../../src/audio/level.ts";
import { AppError } from "../../src/base/errors.ts";
import type { SpeechSynthesizer, SynthesisChunk, SynthesisOptions } from "../../src/speech/ports.ts";

export interface SynthesizerContractOptions {
  /** For each test, as real engines take their time. */
  timeoutMs?: number;
}

const text = "One moment, please. The kettle is on, and the door stands open!";

export async function collectSpeech(
  synthesizer: SpeechSynthesizer,
  words: string,
  options: SynthesisOptions = {},
): Promise<SynthesisChunk[]> {
  const chunks: SynthesisChunk[] = [];
  for await (const chunk of synthesizer.synthesize(words, options)) chunks.push(chunk);
  return chunks;
}

const durationMsOf = (chunks: readonly SynthesisChunk[]): number =>
  chunks.reduce((sum, chunk) => sum + (chunk.pcm.length / chunk.sampleRateHz) * 1000, 0);
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: unknown) => (error instanceof AppError ? error.code : error),
  );

export function describeSynthesizerContract(
  name: string,
  load: () => Promise<SpeechSynthesizer>,
  { timeoutMs = 60_000 }: SynthesizerContractOptions = {},
): void {
  describe(`${name} as a synthesizer`, () => {
    let synthesizer: SpeechSynthesizer;
    beforeAll(async () => {
      synthesizer = await load();
    }, timeoutMs);
    afterAll(async () => {
      await synthesizer[Symbol.asyncDispose]();
    });
    const check = (behaviour: string, body: () => Promise<void>): void => test(behaviour, body, timeoutMs);

    check("names its voices, and knows each of them and no other", async () => {
      const ids = synthesizer.voices().map(({ id }) => id);
      expect(ids.length).toBeGreaterThan(0);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.filter((id) => !synthesizer.hasVoice(id))).toEqual([]);
      expect(synthesizer.hasVoice("no such voice")).toBe(false);
      expect(synthesizer.hasVoice("")).toBe(false);
      await Promise.resolve();
    });

    check("says the whole text, in order, audibly", async () => {
      const chunks = await collectSpeech(synthesizer, text);
      expect(chunks.map((chunk) => chunk.text).join("")).toBe(text);
      for (const { pcm, sampleRateHz } of chunks) {
        expect(sampleRateHz).toBeGreaterThanOrEqual(8000);
        const { peak } = measureLevel(pcm);
        expect(Number.isFinite(peak)).toBe(true);
        expect(peak).toBeLessThan(1.5);
      }
      expect(Math.max(...chunks.map(({ pcm }) => measureLevel(pcm).peak))).toBeGreaterThan(0.05);
    });

    check("gives its words their times, in order and within their chunk", async () => {
      if (!synthesizer.capabilities.wordTimes) return;
      const chunks = await collectSpeech(synthesizer, text);
      const spoken = chunks.flatMap((chunk) => chunk.words ?? []).map((word) => word.text);
      expect(spoken).toEqual(text.split(" "));
      for (const { pcm, sampleRateHz, words = [] } of chunks) {
        let previousEndMs = 0;
        for (const { startMs, endMs } of words) {
          expect(startMs).toBeGreaterThanOrEqual(previousEndMs - 1);
          expect(endMs).toBeGreaterThanOrEqual(startMs);
          previousEndMs = endMs;
        }
        expect(previousEndMs).toBeLessThanOrEqual((pcm.length / sampleRateHz) * 1000 + 1);
      }
    });

    check("speaks faster when told", async () => {
      const [normal, fast] = [
        await collectSpeech(synthesizer, text),
        await collectSpeech(synthesizer, text, { speed: 2 }),
      ];
      expect(durationMsOf(fast) / durationMsOf(normal)).toBeLessThan(0.7);
    });

    check("refuses empty text, a strange voice and an impossible speed", async () => {
      const wrong: [string, SynthesisOptions][] = [
        ["", {}],
        [" \n\t", {}],
        [text, { voice: "no such voice" }],
        [text, { speed: 0 }],
        [text, { speed: 4.5 }],
        [text, { speed: Number.NaN }],
      ];
      for (const [words, options] of wrong) {
        expect(await codeOf(collectSpeech(synthesizer, words, options))).toBe("E_ARGS");
      }
    });

    check("stops when told, before and in the middle, and goes on for others", async () => {
      expect(await codeOf(collectSpeech(synthesizer, text, { signal: AbortSignal.abort() }))).toBe(
        "E_INTERRUPTED",
      );
      const abort = new AbortController();
      const cancelled = (async () => {
        for await (const _chunk of synthesizer.synthesize(`${text} ${text} ${text}`, {
          signal: abort.signal,
        })) {
          abort.abort();
        }
      })();
      expect(await codeOf(cancelled)).toBe("E_INTERRUPTED");
      expect((await collectSpeech(synthesizer, "Still here.")).length).toBeGreaterThan(0);
    });

    check("takes no harm from a listener who leaves", async () => {
      for await (const chunk of synthesizer.synthesize(`${text} ${text}`)) {
        expect(chunk.pcm.length).toBeGreaterThan(0);
        break;
      }
      expect((await collectSpeech(synthesizer, "Still here.")).length).toBeGreaterThan(0);
    });

    check("serves several at once, each with its own words", async () => {
      const texts = ["First speaker.", "Second speaker.", "Third speaker."];
      const answers = await Promise.all(
        texts.map((words, i) => collectSpeech(synthesizer, words, { sessionId: `s${i}` })),
      );
      expect(answers.map((chunks) => chunks.map((chunk) => chunk.text).join(""))).toEqual(texts);
    });
  });
}
