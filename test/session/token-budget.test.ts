import { expect, test } from "bun:test";
import { encodeS16le } from "../../src/audio/pcm.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { ReplyModel } from "../../src/reply/port.ts";
import { createCasting } from "../../src/session/casting.ts";
import { createReplyAsCharacter } from "../../src/session/character-reply.ts";
import type { EndReason, SessionOutput } from "../../src/session/events.ts";
import { synthesizeStream } from "../../src/session/sentence-stream.ts";
import { defaultConfig, defaultServerVad } from "../../src/session/session-config.ts";
import { createTokenBudget } from "../../src/session/token-budget.ts";
import { openVoiceSession } from "../../src/session/voice-session.ts";
import { eventually } from "../support/eventually.ts";
import { speakTones } from "../support/fake-engines/tone-language.ts";
import { createFakeCharacter, createFakeStage, untilAborted } from "../support/fake-services.ts";
import { createToneSpeech } from "../support/tone-speech.ts";

test("what goes in and what comes out is counted, until nothing is left", () => {
  const budget = createTokenBudget(100);
  const used = { inputTokens: 30, outputTokens: 19 };
  budget.spend(used);
  budget.spend(used);
  expect(budget.isSpent).toBe(false);
  budget.spend(used);
  expect(budget.isSpent).toBe(true);
});

test("without a limit there is always something left", () => {
  const budget = createTokenBudget(undefined);
  budget.spend({ inputTokens: 1e9, outputTokens: 1e9 });
  expect(budget.isSpent).toBe(false);
});

/** A listener who hesitates: replies are begun in the pauses, and dropped. */
async function hesitate(maxTokens: number | undefined) {
  let asked = 0;
  const model: ReplyModel = {
    id: "slow",
    model: "slow",
    async *reply({ signal }) {
      asked++;
      yield { type: "text-delta", text: "Well," };
      await untilAborted(signal);
    },
  };
  const stage = createFakeStage([createFakeCharacter("Gertrude")]);
  const [gertrude] = stage.book.characters;
  if (!gertrude) throw new Error("no Gertrude");
  const shared = { stage, speech: createToneSpeech(), clock: systemClock };
  const sent: SessionOutput["type"][] = [];
  const ended = Promise.withResolvers<EndReason>();
  const session = openVoiceSession(
    {
      ...shared,
      replyAsCharacter: createReplyAsCharacter({ replies: { current: () => model }, clock: systemClock }),
      speakText: synthesizeStream,
      turnDetector: { id: "sure", detect: () => 0.9 },
      mayReplyEarly: () => true,
      emit: () => undefined,
      send: ({ type }) => void sent.push(type),
      onEnd: ended.resolve,
    },
    {
      id: "sess_h",
      cast: await createCasting(shared).cast(gertrude),
      // Pauses that end the turn are longer than any here.
      config: {
        ...defaultConfig,
        inputFormat: { encoding: "pcm", sampleRateHz: 16_000 },
        turnDetection: { ...defaultServerVad, silenceDurationMs: 60_000 },
      },
      maxTokens,
    },
  );
  const hear = (pcm: Float32Array): void => session.hear(encodeS16le(pcm));
  const silence = new Float32Array(1600);
  /** Says something and is silent until it is answered early. */
  const speak = async (): Promise<void> => {
    const before = asked;
    hear(speakTones("hello there"));
    await eventually("an early reply", () => {
      hear(silence);
      return asked > before;
    });
  };
  return { session, speak, goOn: () => hear(speakTones("and so on")), sent, ended: ended.promise };
}

test("a reply that was begun early and dropped is paid for", async () => {
  const { session, speak, goOn, sent, ended } = await hesitate(5);
  await using _session = session;
  await speak();
  goOn();
  expect(await ended).toBe("spent");
  expect(sent).not.toContain("response-created");
  expect(sent.at(-1)).toBe("fault");
});

test("while something is left the user may hesitate", async () => {
  const { session, speak, ended } = await hesitate(100_000);
  await speak();
  await speak();
  await session[Symbol.asyncDispose]();
  expect(await ended).toBe("client");
});
