// What every recognizer must do, fakes and real ones alike.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { concatPcm } from "../../src/audio/pcm.ts";
import type { PartialTranscript, RecognizerOptions, SpeechRecognizer } from "../../src/speech/ports.ts";

export interface RecognizerContractOptions {
  /** 16 kHz, and what is said in it: lower case, no punctuation. */
  speech: { pcm: Float32Array; text: string };
  /** One that it does not know. */
  foreignLanguage: string;
  timeoutMs?: number;
}

export const plainWords = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}' ]/gu, "")
    .replace(/\s+/g, " ")
    .trim();

const outcomeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: unknown) => (error instanceof AppError ? error.code : error));
const piecesOf = (pcm: Float32Array, size: number): Float32Array[] =>
  Array.from({ length: Math.ceil(pcm.length / size) }, (_, i) => pcm.slice(i * size, (i + 1) * size));

export function describeRecognizerContract(
  name: string,
  load: () => Promise<SpeechRecognizer>,
  { speech, foreignLanguage, timeoutMs = 60_000 }: RecognizerContractOptions,
): void {
  describe(`${name} as a recognizer`, () => {
    let recognizer: SpeechRecognizer;
    beforeAll(async () => {
      recognizer = await load();
    }, timeoutMs);
    afterAll(async () => {
      await recognizer[Symbol.asyncDispose]();
    });
    const check = (behaviour: string, body: () => Promise<void>): void => test(behaviour, body, timeoutMs);
    const hear = async (pieces: readonly Float32Array[], options?: RecognizerOptions) => {
      await using session = recognizer.open(options);
      for (const piece of pieces) session.push(piece);
      return await session.finish();
    };

    check("hears what was said, and when", async () => {
      const { text, words = [], language, durationMs } = await hear([speech.pcm]);
      expect(plainWords(text)).toBe(speech.text);
      expect(language).toStartWith(recognizer.languages[0] ?? "en");
      expect(durationMs).toBeCloseTo(speech.pcm.length / 16, 3);
      expect(words.map((word) => word.text).join(" ")).toBe(text);
      let previousMs = 0;
      for (const { startMs, endMs } of words) {
        expect(startMs).toBeGreaterThanOrEqual(previousMs);
        expect(endMs).toBeGreaterThanOrEqual(startMs);
        previousMs = endMs;
      }
      expect(previousMs).toBeLessThanOrEqual(durationMs);
    });

    check("hears the same however the audio is cut", async () => {
      const { text } = await hear([speech.pcm]);
      expect((await hear(piecesOf(speech.pcm, 1111))).text).toBe(text);
    });

    check("copies what is pushed", async () => {
      await using session = recognizer.open();
      const pcm = speech.pcm.slice();
      session.push(pcm);
      pcm.fill(0);
      expect(plainWords((await session.finish()).text)).toBe(speech.text);
    });

    check("hears nothing in silence and in nothing", async () => {
      expect(await hear([new Float32Array(16_000)])).toMatchObject({ text: "", words: [], durationMs: 1000 });
      expect(await hear([])).toMatchObject({ text: "", words: [], durationMs: 0 });
    });

    check("keeps utterances apart", async () => {
      await using speaking = recognizer.open();
      await using silent = recognizer.open();
      for (const piece of piecesOf(speech.pcm, 4000)) {
        speaking.push(piece);
        silent.push(new Float32Array(4000));
      }
      const [spoken, quiet] = await Promise.all([speaking.finish(), silent.finish()]);
      expect([plainWords(spoken.text), quiet.text]).toEqual([speech.text, ""]);
    });

    check("shows what it hears meanwhile, and takes back nothing that it called certain", async () => {
      await using session = recognizer.open({ partials: true });
      const seen: PartialTranscript[] = [];
      const reading = (async () => {
        for await (const partial of session.partials) seen.push(partial);
      })();
      // Audio comes in time: here five times as fast as it was spoken.
      for (const piece of piecesOf(concatPcm([speech.pcm, new Float32Array(8000)]), 1600)) {
        session.push(piece);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const { text } = await session.finish();
      await reading;
      for (const [i, { stableText, text: guess }] of seen.entries()) {
        expect(guess).toStartWith(stableText);
        expect(stableText).toStartWith(seen[i - 1]?.stableText ?? "");
        expect(text).toStartWith(stableText);
      }
      expect(plainWords(text)).toBe(speech.text);
    });

    check("answers finish once and for all, and takes no more audio", async () => {
      const session = recognizer.open();
      session.push(speech.pcm);
      const [first, second] = await Promise.all([session.finish(), session.finish()]);
      expect(second).toBe(first);
      expect(() => session.push(speech.pcm)).toThrow(AppError);
    });

    check("stops when told", async () => {
      const abort = new AbortController();
      const session = recognizer.open({ signal: abort.signal, partials: true });
      session.push(speech.pcm);
      const finished = outcomeOf(session.finish());
      abort.abort();
      expect(await finished).toBe("E_INTERRUPTED");
      for await (const _partial of session.partials);
      const early = recognizer.open({ signal: AbortSignal.abort() });
      expect(await outcomeOf(early.finish())).toBe("E_INTERRUPTED");
    });

    check("drops an utterance that is disposed", async () => {
      const session = recognizer.open();
      session.push(speech.pcm);
      await session[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
      expect(await outcomeOf(session.finish())).toBe("E_INTERRUPTED");
    });

    check("refuses a language that it does not know", async () => {
      expect(() => recognizer.open({ language: foreignLanguage })).toThrow(AppError);
      await Promise.resolve();
    });
  });
}
