// A talk by voice in the terminal, with a microphone and a loudspeaker in the test's hands and engines that speak in tones.
import { describe, expect, test } from "bun:test";
import { concatPcm, decodeS16le, encodeS16le } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import type { Clock } from "../../src/base/clock.ts";
import { AppError } from "../../src/base/errors.ts";
import type { Loudspeaker } from "../../src/cli/loudspeaker.ts";
import { runVoiceChat, type VoiceChatOptions } from "../../src/cli/voice-chat.ts";
import { createCasting } from "../../src/session/casting.ts";
import { synthesizeStream } from "../../src/session/sentence-stream.ts";
import { defaultConfig } from "../../src/session/session-config.ts";
import { openVoiceSession } from "../../src/session/voice-session.ts";
import { eventually } from "../support/eventually.ts";
import { failureOf } from "../support/failure-of.ts";
import { hearTones, speakTones } from "../support/fake-engines/tone-language.ts";
import { createFakeServices, sayWords } from "../support/fake-services.ts";
import { createToneSpeech, type ToneSpeech } from "../support/tone-speech.ts";

interface FastClock extends Clock {
  /** No time passes from here on, */
  hold(): void;
  /** until here. Timers know nothing of it. */
  go(): void;
}

/** Faster than the world; but what a talk waits for at its end, a minute, is still a good while of a busy machine's. */
const speed = 5;

function createFastClock(): FastClock {
  let heldAtMs: number | null = null;
  let heldMs = 0;
  const runningMs = (): number => performance.now() * speed - heldMs;
  return {
    nowMs: () => heldAtMs ?? runningMs(),
    wallTime: () => new Date(),
    schedule(callback, delayMs) {
      const timer = setTimeout(callback, delayMs / speed);
      return { [Symbol.dispose]: () => clearTimeout(timer) };
    },
    hold: () => void (heldAtMs ??= runningMs()),
    go() {
      if (heldAtMs !== null) heldMs += runningMs() - heldAtMs;
      heldAtMs = null;
    },
  };
}
const toBytes = (pcm16k: Float32Array): Uint8Array =>
  encodeS16le(resample(pcm16k, { fromHz: 16_000, toHz: 24_000 }));
const silence = (ms: number): Uint8Array => toBytes(new Float32Array(ms * 16));

interface Talk {
  readonly clock: FastClock;
  readonly lines: string[];
  readonly faults: string[];
  /** What the loudspeaker was given since it was last silenced. */
  heard(): string;
  readonly stops: number;
  readonly told: () => string[];
  failSpeaker(error: Error): void;
}

/** `script` is what comes from the microphone, told what has happened so far. */
async function talk(
  script: (talk: Talk, signal: AbortSignal) => AsyncIterable<Uint8Array>,
  options: Partial<VoiceChatOptions> & {
    answer?: string;
    greeting?: boolean;
    gate?: ToneSpeech["gate"];
    onPlay?: (talk: Talk) => void;
  } = {},
): Promise<Talk> {
  const { answer = "good evening", greeting = false, gate, onPlay = () => undefined, ...rest } = options;
  const clock = createFastClock();
  const speech = createToneSpeech();
  if (gate) speech.gate = gate;
  const services = createFakeServices({ speech });
  services.script = sayWords(answer);
  const [character] = services.stage.book.characters;
  if (!character) throw new Error("nobody is on stage");
  const given: Uint8Array[] = [];
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  let stops = 0;
  const loudspeaker: Loudspeaker = {
    play(bytes) {
      given.push(bytes);
      onPlay(seen);
    },
    stop() {
      stops++;
      given.length = 0;
    },
    failed: failed.promise,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const seen: Talk = {
    clock,
    lines: [],
    faults: [],
    heard: () =>
      hearTones(resample(concatPcm(given.map(decodeS16le)), { fromHz: 24_000, toHz: 16_000 })).join(" "),
    get stops() {
      return stops;
    },
    told: () => services.replyRequests.at(-1)?.messages.map(({ content }) => content) ?? [],
    failSpeaker: failed.reject,
  };
  const parts = { stage: services.stage, speech, clock };
  await runVoiceChat(
    {
      clock,
      loudspeaker,
      microphone: (signal) => script(seen, signal),
      openSession: async (channel) =>
        openVoiceSession(
          {
            ...parts,
            ...channel,
            replyAsCharacter: services.replyAsCharacter,
            speakText: synthesizeStream,
            emit: () => undefined,
          },
          {
            id: "sess_c",
            cast: await createCasting(parts).cast(character),
            config: { ...defaultConfig, greeting },
          },
        ),
      show: ({ speaker, text, isWhole }) => {
        if (isWhole && text !== "") seen.lines.push(`${speaker}: ${text}`);
        if (isWhole && speaker === "character") seen.lines.push("character: …");
      },
      onFault: (message) => seen.faults.push(message),
    },
    { hasHeadphones: false, interruptions: nobody(), signal: new AbortController().signal, ...rest },
  );
  return seen;
}

// A keyboard that nobody touches.
async function* nobody(): AsyncGenerator<string> {
  yield* [];
}

describe("a talk by voice in the terminal", () => {
  test("what is said into the microphone is shown and answered through the loudspeaker; a file's end is the talk's", async () => {
    const seen = await talk(async function* () {
      yield toBytes(speakTones("hello there"));
    });
    expect(seen.lines).toEqual(["user: hello there", "character: …"]);
    expect(seen.heard()).toBe("good evening");
    expect(seen.faults).toEqual([]);
  });

  test("what voice detection has not come to when a file ends is waited for", async () => {
    const held = Promise.withResolvers<void>();
    const seen = await talk(
      async function* (now) {
        // Longer than the silence that is heard after the file.
        now.clock.schedule(() => held.resolve(), 4000);
        yield toBytes(speakTones("hello there"));
      },
      { gate: (what) => (what === "frame" ? held.promise : Promise.resolve()) },
    );
    expect(seen.lines).toEqual(["user: hello there", "character: …"]);
  });

  test("the microphone rests while the character speaks, or it would hear itself", async () => {
    const greeting = Promise.withResolvers<void>();
    let isGreeted = false;
    const seen = await talk(
      async function* (now) {
        await greeting.promise;
        yield toBytes(speakTones("good evening"));
        now.clock.go();
        yield silence(1000);
      },
      {
        greeting: true,
        onPlay(now) {
          if (isGreeted || now.heard() !== "good evening") return;
          isGreeted = true;
          // However long this machine takes until the microphone has it, it still sounds.
          now.clock.hold();
          greeting.resolve();
        },
      },
    );
    expect(seen.lines).toEqual(["character: …"]);
    expect(seen.stops).toBe(0);
  });

  // Long enough for a busy machine: none of these tests may find it over before it is interrupted.
  const sentence =
    "once upon a time there was a lighthouse on a rock far out at sea and in it lived a keeper";
  const long = Array(5).fill(sentence).join(" ");

  test("with headphones whoever speaks interrupts, and the loudspeaker falls silent", async () => {
    let before = "";
    const seen = await talk(
      async function* (now) {
        await eventually("the story", () => now.heard().startsWith("once upon"));
        before = now.heard();
        yield toBytes(speakTones("stop it please"));
        yield silence(1500);
      },
      { greeting: true, hasHeadphones: true, answer: long },
    );
    expect(before).toStartWith("once upon");
    expect(seen.stops).toBeGreaterThan(0);
    expect(seen.lines).toContain("user: stop it please");
  });

  test("a key interrupts too, and the character remembers what was heard", async () => {
    const key = Promise.withResolvers<void>();
    async function* keys(): AsyncGenerator<string> {
      await key.promise;
      yield "\n";
    }
    const seen = await talk(
      async function* (now) {
        await eventually("the story", () => now.heard().startsWith("once upon a time there was"));
        key.resolve();
        await eventually("silence", () => now.stops > 0);
        const quietMs = now.clock.nowMs() + 400;
        await eventually("the room to be quiet", () => now.clock.nowMs() > quietMs);
        yield silence(1000);
        yield toBytes(speakTones("and then"));
      },
      { greeting: true, answer: long, interruptions: keys() },
    );
    const remembered = seen.told().find((content) => content.startsWith("once")) ?? "";
    expect(long).toStartWith(remembered);
    expect(remembered.length).toBeLessThan(long.length);
    expect(seen.told().at(-1)).toBe("and then");
  });

  test("ends when it is told to, and when nobody can hear any more", async () => {
    const abort = new AbortController();
    async function* endless(_: Talk, signal: AbortSignal): AsyncGenerator<Uint8Array> {
      while (!signal.aborted) {
        yield silence(20);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const running = talk(
      async function* (now, signal) {
        abort.abort();
        yield* endless(now, signal);
      },
      { signal: abort.signal },
    );
    await running;
    const failing = talk(async function* (now, signal) {
      now.failSpeaker(new AppError("E_COMPAT", "the loudspeaker is gone"));
      yield* endless(now, signal);
    });
    expect(await failureOf(failing)).toMatchObject({ code: "E_COMPAT" });
  });
});
