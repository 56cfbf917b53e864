// The real model in its real process.
import { describe, expect, test } from "bun:test";
import { concatPcm } from "../../../../src/audio/pcm.ts";
import { AppError } from "../../../../src/base/errors.ts";
import { moonshineProvider } from "../../../../src/providers/asr/moonshine/index.ts";
import type { TranscribeRequest } from "../../../../src/providers/asr/moonshine/model.ts";
import type { HeardWord } from "../../../../src/speech/speech-decoder.ts";
import { createLoadContext } from "../../../support/load-context.ts";
import { describeRecognizerContract, plainWords } from "../../../support/recognizer-contract.ts";
import { findRealModels } from "../../../support/real-models.ts";
import { readSpeechFixture } from "../../../support/speech-fixture.ts";

const models = await findRealModels(["moonshine-tiny"]);
const speech = await readSpeechFixture();
const silence = (durationMs: number): Float32Array => new Float32Array(durationMs * 16);
const codeOf = (error: unknown): unknown => (error instanceof AppError ? error.code : error);

test("the settings choose the model, and name its asset", () => {
  expect(moonshineProvider.assetNames(undefined)).toEqual(["moonshine-tiny"]);
  expect(moonshineProvider.assetNames({ model: "base" })).toEqual(["moonshine-base"]);
});

if (models) {
  const load = async (settings?: unknown) => {
    const context = createLoadContext({ getAssetPath: models.getAssetPath, settings });
    return { recognizer: await moonshineProvider.load(context), context };
  };
  describeRecognizerContract("Moonshine", async () => (await load()).recognizer, {
    speech,
    foreignLanguage: "fr",
  });

  describe("Moonshine", () => {
    test("hears a sentence with its punctuation, its words near where they are said", async () => {
      const { recognizer } = await load();
      await using _recognizer = recognizer;
      const session = recognizer.open({ language: "en-GB" });
      session.push(speech.pcm);
      const { text, words = [] } = await session.finish();
      expect(text).toBe("Could you tell me what time it is?");
      for (const [i, { startMs }] of words.entries()) {
        expect(Math.abs(startMs - (speech.wordStartsMs[i] ?? 0))).toBeLessThan(250);
      }
    });

    test("sends whoever speaks another language to Whisper", async () => {
      const { recognizer } = await load();
      await using _recognizer = recognizer;
      expect(() => recognizer.open({ language: "de" })).toThrow(/whisper/);
    });

    test("hears the same in noise and between silences", async () => {
      const { recognizer } = await load();
      await using _recognizer = recognizer;
      const session = recognizer.open();
      const quiet = concatPcm([silence(700), speech.pcm, silence(900)]);
      session.push(quiet.map((sample, i) => sample + 0.002 * Math.sin(i * i * 1.7)));
      expect(plainWords((await session.finish()).text)).toBe(speech.text);
    });

    test("loses nothing of a long recording", async () => {
      const { recognizer, context } = await load();
      await using _recognizer = recognizer;
      const session = recognizer.open();
      const times = 20;
      session.push(concatPcm(Array.from({ length: times }, () => [speech.pcm, silence(300)]).flat()));
      const { text, words = [] } = await session.finish();
      expect(plainWords(text)).toBe(Array.from({ length: times }, () => speech.text).join(" "));
      const period = speech.pcm.length / 16 + 300;
      for (const [i, { startMs }] of words.entries()) {
        const expected = Math.floor(i / 8) * period + (speech.wordStartsMs[i % 8] ?? 0);
        expect(Math.abs(startMs - expected)).toBeLessThan(600);
      }
      expect(context.recorder.ofType("engine-job-end").length).toBeGreaterThan(2);
    });

    test("a guess from an earlier pass changes nothing, and a prefix is kept", async () => {
      const { recognizer, context } = await load();
      await using _recognizer = recognizer;
      const engine = context.engines[0]!;
      const pcm = speech.pcm.slice(3000, 33_000);
      const transcribe = async (request: Partial<TranscribeRequest>): Promise<HeardWord[]> => {
        const params = { pcm, prefix: [], draft: [], ...request };
        return (await engine.run("transcribe", params)) as HeardWord[];
      };
      const textOf = (words: HeardWord[]): string => words.map((word) => word.text).join(" ");
      const tokensOf = (words: readonly HeardWord[]): number[] => words.flatMap((word) => word.tokens);
      const plain = await transcribe({});
      expect(textOf(plain)).toBe("Could you tell me what time it is?");
      expect(textOf(await transcribe({ draft: tokensOf(plain) }))).toBe(textOf(plain));
      const wrongDraft = [...tokensOf(plain.slice(0, 3)), 1000, ...tokensOf(plain.slice(4))];
      expect(textOf(await transcribe({ draft: wrongDraft }))).toBe(textOf(plain));
      const prefix = [...tokensOf(plain.slice(0, 2)), ...tokensOf(plain.slice(4, 5))];
      expect(textOf(await transcribe({ prefix }))).toStartWith("Could you what");
      // A prefix longer than the audio is kept whole.
      expect(textOf(await transcribe({ pcm: pcm.slice(0, 8000), prefix: tokensOf(plain) }))).toStartWith(
        textOf(plain),
      );
    });

    test("SIGKILL in the middle of a final costs time and no word, and the engine is back within 2 s", async () => {
      const { recognizer, context } = await load();
      await using _recognizer = recognizer;
      const engine = context.engines[0]!;
      const pid = engine.pid as number;
      const session = recognizer.open();
      session.push(speech.pcm);
      const finished = session.finish();
      await Promise.resolve();
      const killedMs = performance.now();
      process.kill(pid, "SIGKILL");
      expect(plainWords((await finished).text)).toBe(speech.text);
      expect(performance.now() - killedMs).toBeLessThan(20_000);
      expect(context.recorder.ofType("engine-exit")).toMatchObject([{ reason: "SIGKILL", wasBusy: true }]);
      const [first, second] = context.recorder.ofType("engine-load-end").map((event) => event.durationMs);
      console.log(`back ${second?.toFixed(0)} ms after SIGKILL; the first load took ${first?.toFixed(0)} ms`);
      // On a machine that other tests keep busy, as fast as the first time will do.
      expect(second).toBeLessThan(Math.max(2000, 4 * (first ?? 0)));
      expect(engine.pid).not.toBe(pid);
    });

    test("opens no more utterances than it is told, and a finished one makes room", async () => {
      const { recognizer } = await load({ max_sessions: 1 });
      await using _recognizer = recognizer;
      const session = recognizer.open();
      expect(() => recognizer.open()).toThrow(expect.objectContaining({ code: "E_BUSY" }));
      await session.finish();
      await recognizer.open()[Symbol.asyncDispose]();
      recognizer.open();
    });

    test("a damaged model is its load's error", async () => {
      const context = createLoadContext({ getAssetPath: () => Promise.resolve(import.meta.dir) });
      const error = await Promise.resolve(moonshineProvider.load(context)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(codeOf(error)).not.toBe("E_BUSY");
      expect(context.engines[0]?.pid).toBeUndefined();
    });
  });
}
