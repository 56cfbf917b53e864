import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import type { PartialTranscript, RecognizerOptions, SpeechRecognizer } from "../../src/speech/ports.ts";
import { openUtterance } from "../../src/session/utterance.ts";
import { createFakeRecognizer } from "../support/fake-engines/fake-speech.ts";
import { speakTones } from "../support/fake-engines/tone-language.ts";
import { createManualClock } from "../support/manual-clock.ts";

const tones = speakTones("come in dear guest");
const half = Math.floor(tones.length / 2);
const transcript = { text: "come in", language: "en", durationMs: 100 };

/** A recogniser whose sessions do what `behaviours` say, one after the other. */
function createScriptedRecognizer(behaviours: ("hear" | "die" | "hang" | "refuse" | "deaf")[]) {
  const sessions: { pushed: number; isClosed: boolean; options: RecognizerOptions | undefined }[] = [];
  const recognizer: SpeechRecognizer = {
    id: "scripted",
    languages: ["en"],
    open(options) {
      const behaviour = behaviours[sessions.length] ?? "hear";
      const session = { pushed: 0, isClosed: false, options };
      sessions.push(session);
      if (behaviour === "refuse") throw new AppError("E_BUSY", "too many");
      return {
        push(pcm) {
          if (behaviour === "deaf") throw new AppError("E_QUOTA", "no room");
          session.pushed += pcm.length;
        },
        partials: (async function* () {
          yield { stableText: "come", text: "come i" };
        })(),
        finish() {
          if (behaviour === "die") return Promise.reject(new AppError("E_BUSY", "the engine stopped"));
          return behaviour === "hang" ? new Promise(() => undefined) : Promise.resolve(transcript);
        },
        async [Symbol.asyncDispose]() {
          session.isClosed = true;
        },
      };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { recognizer, sessions };
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

describe("an utterance", () => {
  test("is heard while it is said", async () => {
    const clock = createManualClock();
    const utterance = openUtterance({ clock, getRecognizer: async () => createFakeRecognizer() }, {});
    utterance.push(tones.subarray(0, half));
    await settle();
    utterance.push(tones.subarray(half));
    expect((await utterance.finish()).text).toBe("come in dear guest");
    expect(clock.scheduledCount).toBe(0);
  });

  test("what was said before the recogniser was there is not lost", async () => {
    const late = Promise.withResolvers<SpeechRecognizer>();
    const utterance = openUtterance({ clock: createManualClock(), getRecognizer: () => late.promise }, {});
    utterance.push(tones);
    const finished = utterance.finish();
    late.resolve(createFakeRecognizer());
    expect((await finished).text).toBe("come in dear guest");
  });

  test("a recogniser that does not take what was said before it is given up for another", async () => {
    const { recognizer, sessions } = createScriptedRecognizer(["deaf", "hear"]);
    const late = Promise.withResolvers<SpeechRecognizer>();
    const utterance = openUtterance({ clock: createManualClock(), getRecognizer: () => late.promise }, {});
    utterance.push(tones);
    late.resolve(recognizer);
    await settle();
    expect(sessions).toMatchObject([{ isClosed: true }]);
    expect((await utterance.finish()).text).toBe("come in");
    expect(sessions).toMatchObject([{ pushed: 0 }, { pushed: tones.length, isClosed: true }]);
  });

  test("partials are asked for only where somebody listens", async () => {
    const { recognizer, sessions } = createScriptedRecognizer([]);
    const partials: PartialTranscript[] = [];
    const deps = { clock: createManualClock(), getRecognizer: async () => recognizer };
    openUtterance(deps, { language: "fr", onPartial: (partial) => partials.push(partial) });
    openUtterance(deps, {});
    await settle();
    expect(partials).toEqual([{ stableText: "come", text: "come i" }]);
    expect(sessions.map(({ options }) => options?.partials)).toEqual([true, false]);
    expect(sessions[0]?.options?.language).toBe("fr");
  });

  for (const failure of ["die", "refuse"] as const) {
    test(`a recogniser that ${failure}s costs a second run, not the words`, async () => {
      const { recognizer, sessions } = createScriptedRecognizer([failure, "hear"]);
      const waits: number[] = [];
      const getRecognizer = async (timeoutMs: number) => {
        waits.push(timeoutMs);
        return recognizer;
      };
      const utterance = openUtterance({ clock: createManualClock(), getRecognizer }, {});
      utterance.push(tones.subarray(0, half));
      utterance.push(tones.subarray(half));
      expect(await utterance.finish()).toEqual(transcript);
      expect(sessions[1]?.pushed).toBe(tones.length);
      expect(waits).toEqual([0, 5000]);
    });
  }

  test("one that fails twice has failed, and holds nothing", async () => {
    const { recognizer, sessions } = createScriptedRecognizer(["die", "die"]);
    const utterance = openUtterance(
      { clock: createManualClock(), getRecognizer: async () => recognizer },
      {},
    );
    const error = await utterance.finish().catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "E_BUSY", message: "the engine stopped" });
    await settle();
    expect(sessions.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  });

  test("one that never answers is given up at its deadline, without a second run", async () => {
    const clock = createManualClock();
    const { recognizer, sessions } = createScriptedRecognizer(["hang"]);
    const utterance = openUtterance({ clock, getRecognizer: async () => recognizer }, {});
    utterance.push(new Float32Array(16_000));
    const outcome = utterance.finish().catch((e: unknown) => e);
    await settle();
    clock.advance(30_999);
    await settle();
    expect(sessions[0]?.isClosed).toBe(false);
    clock.advance(1);
    expect(await outcome).toMatchObject({ code: "E_BUSY" });
    expect(sessions).toHaveLength(1);
  });

  test("one that is dropped lets go at once", async () => {
    const { recognizer, sessions } = createScriptedRecognizer(["hang"]);
    const utterance = openUtterance(
      { clock: createManualClock(), getRecognizer: async () => recognizer },
      {},
    );
    await settle();
    const outcome = utterance.finish().catch((e: unknown) => e);
    await settle();
    utterance.drop();
    expect(await outcome).toMatchObject({ code: "E_INTERRUPTED" });
    expect(sessions[0]?.isClosed).toBe(true);
  });
});
