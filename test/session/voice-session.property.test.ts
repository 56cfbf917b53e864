// The runner under random fire: engines that answer late, never or badly, clients that say anything and vanish. The rules
// hold, and at the end nothing is held any more.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "../../src/base/errors.ts";
import { concatPcm, encodeS16le } from "../../src/audio/pcm.ts";
import { createGaDialect } from "../../src/server/realtime/ga.ts";
import { createCasting } from "../../src/session/casting.ts";
import { synthesizeStream } from "../../src/session/sentence-stream.ts";
import { openVoiceSession, type VoiceSession } from "../../src/session/voice-session.ts";
import type { SpeechSystem } from "../../src/speech/provider.ts";
import { judgeByAgents } from "../support/agents-schema.ts";
import { speakTones } from "../support/fake-engines/tone-language.ts";
import { createFakeCharacter, createFakeStage, sayWords, untilAborted } from "../support/fake-services.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createInvariantChecker, type ServerEvent } from "../support/realtime-invariants.ts";
import { createToneSpeech } from "../support/tone-speech.ts";

/** Counts what is opened and let go of. */
function createLedger(speech: SpeechSystem) {
  const open = { recognizers: 0, detectors: 0 };
  const counted: SpeechSystem = {
    ...speech,
    async recognizer(options) {
      const recognizer = await speech.recognizer(options);
      return {
        ...recognizer,
        open(settings) {
          const session = recognizer.open(settings);
          open.recognizers++;
          let isOpen = true;
          return {
            push: (pcm) => session.push(pcm),
            partials: session.partials,
            finish: () => session.finish(),
            async [Symbol.asyncDispose]() {
              if (isOpen) open.recognizers--;
              isOpen = false;
              await session[Symbol.asyncDispose]();
            },
          };
        },
      };
    },
    async detector(options) {
      const detector = await speech.detector(options);
      return {
        ...detector,
        open() {
          const stream = detector.open();
          open.detectors++;
          return {
            push: (frame) => stream.push(frame),
            reset: () => stream.reset(),
            async [Symbol.asyncDispose]() {
              open.detectors--;
              await stream[Symbol.asyncDispose]();
            },
          };
        },
      };
    },
  };
  return { counted, open };
}

const bytesOf = (text: string, silenceMs: number): Uint8Array =>
  encodeS16le(concatPcm([speakTones(text), new Float32Array(silenceMs * 16)]));

interface World {
  session: VoiceSession;
  act(which: number, a: number): Promise<void>;
  /** `isAlive`: sees to it that it still answers, first. */
  finish(isAlive: boolean): Promise<string[]>;
}

async function createWorld(): Promise<World> {
  const clock = createManualClock();
  const tones = createToneSpeech();
  const { counted: speech, open } = createLedger(tones);
  const gates: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let isHeld = false;
  tones.gate = (_, signal) => {
    if (!isHeld) return Promise.resolve();
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    signal?.addEventListener("abort", () => gate.reject(new AppError("E_INTERRUPTED", "cancelled")));
    return gate.promise;
  };
  const stage = createFakeStage([createFakeCharacter("Gertrude"), createFakeCharacter("Host")]);
  let writers = 0;
  let replyKind = 0;
  const dialect = createGaDialect("sess_p");
  const checker = createInvariantChecker();
  const faults: string[] = [];
  let endings = 0;
  let answers = 0;
  const [gertrude] = stage.book.characters;
  if (!gertrude) throw new Error("no Gertrude");
  const shared = { stage, speech, clock };
  const cast = await createCasting(shared).cast(gertrude);
  const session = openVoiceSession(
    {
      ...shared,
      speakText: synthesizeStream,
      turnDetector: { id: "sure", detect: () => 0.9 },
      mayReplyEarly: () => true,
      emit: () => undefined,
      send(output) {
        if (endings > 0) faults.push(`${output.type} after the end`);
        for (const message of dialect.encode(output)) {
          const event = JSON.parse(message) as ServerEvent;
          checker.push(event);
          if (event.type === "response.done") answers++;
          const judged = judgeByAgents(event);
          if (judged !== undefined) faults.push(judged);
        }
      },
      onEnd: () => endings++,
      async *replyAsCharacter({ signal }) {
        writers++;
        try {
          const kind = replyKind++ % 4;
          yield* sayWords("Well now. This is a long answer, which goes on for a while.")({ messages: [] });
          if (kind === 1) throw new AppError("E_NET", "upstream went away");
          if (kind === 2) await untilAborted(signal);
        } finally {
          writers--;
        }
      },
    },
    { id: "sess_p", cast, maxInputMs: 60_000, limits: { aheadMs: 1000, stuckMs: 3000 } },
  );

  const settle = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  const chunks = [bytesOf("hello", 700), bytesOf("yes", 0), bytesOf("", 300), bytesOf("how are you", 900)];
  const actions: ((a: number) => void)[] = [
    (a) => session.hear(chunks[a % chunks.length] ?? new Uint8Array(0)),
    (a) => session.hear(chunks[a % chunks.length] ?? new Uint8Array(0)),
    (a) => clock.advance(a % 2000),
    (a) => clock.advance(a % 300),
    () => session.obey({ type: "create-response", wish: {} }, "mine"),
    () => session.obey({ type: "cancel-response" }),
    () => session.obey({ type: "commit-input" }),
    () => session.obey({ type: "clear-input" }),
    (a) =>
      session.obey({
        type: "update-session",
        patch: { turnDetection: a % 2 === 0 ? null : { type: "server-vad", idleTimeoutMs: 2000 } },
      }),
    (a) =>
      session.obey({
        type: "update-session",
        patch: { voice: a % 3 === 0 ? "nobody" : "tone-high" },
        characterName: a % 2 === 0 ? "Host" : "Gertrude",
      }),
    (a) => session.obey({ type: "create-response", wish: { voice: a % 2 === 0 ? "nobody" : "Host" } }),
    () => {
      isHeld = !isHeld;
    },
    () => gates.shift()?.resolve(),
    () => gates.shift()?.reject(new AppError("E_BUSY", "the engine stopped")),
    () => {
      for (const gate of gates.splice(0)) gate.resolve();
    },
    (a) => session.setWritable(a % 3 !== 0),
    (a) =>
      tones.setState((["tts", "asr", "vad"] as const)[a % 3] ?? "tts", { state: "loading", detail: "x" }),
    (a) => tones.setState((["tts", "asr", "vad"] as const)[a % 3] ?? "tts", { state: "ready" }),
    (a) =>
      stage.setCast([createFakeCharacter("Gertrude", { generation: a + 2 }), createFakeCharacter("Host")]),
    (a) => {
      if (a % 8 !== 0) return;
      session.hear(chunks[0] ?? new Uint8Array(0));
      session.end(a % 16 === 0 ? "client" : "shutdown");
    },
  ];

  /** However it was treated, it answers when it is asked and everything works. */
  const checkLife = async (): Promise<void> => {
    isHeld = false;
    for (const gate of gates.splice(0)) gate.resolve();
    for (const part of ["tts", "asr", "vad"] as const) tones.setState(part, { state: "ready" });
    session.setWritable(true);
    session.obey({ type: "update-session", patch: { turnDetection: null } });
    await settle();
    // From here on the model writes to the end; a turn that is still owed an answer may get it now.
    replyKind = 0;
    session.obey({ type: "cancel-response" });
    await settle();
    const before = answers;
    session.obey({ type: "create-response", wish: {} });
    for (let i = 0; i < 40 && answers === before && endings === 0; i++) {
      await settle();
      clock.advance(500);
    }
    if (answers === before && endings === 0) faults.push("does not answer any more");
  };

  return {
    session,
    async act(which, a) {
      actions[which % actions.length]?.(a);
      await settle();
    },
    async finish(isAlive) {
      if (isAlive && endings === 0) await checkLife();
      session.end("client");
      session.end("client");
      await session[Symbol.asyncDispose]();
      await settle();
      await settle();
      if (endings !== 1) faults.push(`ended ${endings} times`);
      if (writers > 0) faults.push(`${writers} replies are still being written`);
      if (open.recognizers > 0) faults.push(`${open.recognizers} recogniser sessions are still open`);
      if (open.detectors > 0) faults.push(`${open.detectors} detector streams are still open`);
      if (clock.scheduledCount > 0) faults.push(`${clock.scheduledCount} timers are still set`);
      return [...faults, ...checker.finish({ isCut: true })];
    },
  };
}

test("a session keeps the rules and lets go of everything, whatever engines and clients do", async () => {
  const seed = Number(process.env["TROUPE_TEST_SEED"] ?? Date.now() % 2 ** 31);
  // With its engines and clocks a session takes a hundred times as long as the reducer alone.
  const runs = Math.ceil(Number(process.env["TROUPE_TEST_RUNS"] ?? 15_000) / 100);
  console.log(`seed ${seed}, ${runs} sequences`);
  const step = fc.tuple(fc.nat(999), fc.nat(9999));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 50, size: "max" }), async (steps) => {
      const world = await createWorld();
      for (const [which, a] of steps) await world.act(which, a);
      expect(await world.finish(steps.length % 2 === 0)).toEqual([]);
    }),
    { seed, numRuns: runs, includeErrorInReport: true },
  );
}, 330_000);
