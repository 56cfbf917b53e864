import { describe, expect, test } from "bun:test";
import { encodeS16le } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import { type Api, ApiFailure, type AskOptions } from "../../src/web/api.ts";
import { chooseSampleLine, createVoiceSample, type SampleState } from "../../src/web/voice-sample.ts";
import { speakTones } from "../support/fake-engines/tone-language.ts";
import { eventually } from "../support/eventually.ts";
import { createFakePlayer, type FakePlayer } from "../support/fake-player.ts";

interface Call {
  options: AskOptions;
  /** What the server sends next; nothing more after `undefined`. */
  send: (piece: Uint8Array | undefined) => void;
  fail: (error: unknown) => void;
}

function setUp() {
  const calls: Call[] = [];
  const api: Api = {
    ask: () => Promise.reject(new Error("not asked for here")),
    async *read(path, options = {}) {
      expect(path).toBe("/v1/audio/speech");
      const waiting: PromiseWithResolvers<Uint8Array | undefined>[] = [Promise.withResolvers()];
      calls.push({
        options,
        send(piece) {
          waiting.at(-1)?.resolve(piece);
          waiting.push(Promise.withResolvers());
        },
        fail: (error) => waiting.at(-1)?.reject(error),
      });
      for (let i = 0; ; i++) {
        const piece = await waiting[i]?.promise;
        if (!piece) return;
        yield piece;
      }
    },
  };
  let player: FakePlayer | undefined;
  let silencedCount = 0;
  const sample = createVoiceSample({
    api: () => api,
    createPlayer: (options) => (player = createFakePlayer(options)),
    silenceOthers: () => silencedCount++,
  });
  return {
    sample,
    calls,
    player: () => player as FakePlayer,
    silenced: () => silencedCount,
    when: (accept: (state: SampleState) => boolean): Promise<SampleState> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!accept(sample.state)) return;
          stop();
          resolve(sample.state);
        };
        const stop = sample.subscribe(look);
        look();
      }),
  };
}

const sound = encodeS16le(resample(speakTones("good evening"), { fromHz: 16_000, toHz: 24_000 }));

describe("a voice is heard before any talk", () => {
  test("in the character's own voice, as it comes, cut anywhere", async () => {
    const { sample, calls, player, when, silenced } = setUp();
    sample.say("Gertrude", "Good evening.");
    expect(silenced()).toBe(1);
    expect(sample.state).toEqual({ character: "Gertrude", phase: "coming", failure: undefined });
    expect(calls[0]?.options).toMatchObject({
      method: "POST",
      body: { model: "tts-1", voice: "Gertrude", input: "Good evening.", response_format: "pcm" },
    });
    calls[0]?.send(sound.subarray(0, 1001));
    await when(({ phase }) => phase === "speaking");
    calls[0]?.send(sound.subarray(1001));
    calls[0]?.send(undefined);
    await eventually("all its words", () => player().words() === "good evening");
    player().playOut();
    expect((await when(({ phase }) => phase === "silent")).character).toBeUndefined();
  });

  test("what is slow to come is waited for, and the end is silence", async () => {
    const { sample, calls, player, when } = setUp();
    sample.say("Gertrude", "Good evening.");
    calls[0]?.send(sound);
    await when(({ phase }) => phase === "speaking");
    player().playOut();
    expect(sample.state.phase).toBe("coming");
    calls[0]?.send(undefined);
    await when(({ phase }) => phase === "silent");
  });

  test("the next one silences the one before, and what is still on its way of that is not played", async () => {
    const { sample, calls, player, when } = setUp();
    sample.say("Gertrude", "Good evening.");
    calls[0]?.send(sound);
    await when(({ phase }) => phase === "speaking");
    sample.say("Hal", "Tick.");
    expect(calls[0]?.options.signal?.aborted).toBe(true);
    expect(player().stops).toBeGreaterThan(0);
    const before = player().words();
    calls[0]?.send(sound);
    calls[0]?.send(undefined);
    calls[1]?.fail(new ApiFailure("E_BUSY", "speech is not ready yet"));
    const { character, failure } = await when((state) => state.failure !== undefined);
    expect([character, failure?.message]).toEqual(["Hal", "Speech is not ready yet."]);
    expect(player().words()).toBe(before);
  });

  test("stopping ends the request, and is no failure", async () => {
    const { sample, calls } = setUp();
    sample.say("Gertrude", "Good evening.");
    sample.stop();
    calls[0]?.fail(new DOMException("stopped", "AbortError"));
    await Promise.resolve();
    expect(calls[0]?.options.signal?.aborted).toBe(true);
    expect(sample.state).toEqual({ character: undefined, phase: "silent", failure: undefined });
  });
});

test("who leaves gives the loudspeaker back, and can be heard again", async () => {
  const { sample, calls, player, when } = setUp();
  sample.say("Gertrude", "Good evening.");
  calls[0]?.send(sound);
  await when(({ phase }) => phase === "speaking");
  const first = player();
  sample.close();
  expect([first.isClosed, sample.state.phase, calls[0]?.options.signal?.aborted]).toEqual([
    true,
    "silent",
    true,
  ]);
  sample.say("Gertrude", "Good evening.");
  calls[1]?.send(sound);
  await when(({ phase }) => phase === "speaking");
  expect([player() === first, player().isClosed]).toEqual([false, false]);
});

describe("the line it says", () => {
  const gertrude = { name: "Gertrude", metadata: {}, instructions: { language: "en" } };
  test("is its greeting", () => {
    const metadata = { greeting: "  Welcome to court. " };
    expect(chooseSampleLine({ ...gertrude, metadata })).toEqual({ text: "Welcome to court.", isOwn: true });
  });
  test("is who it is, in its language, where there is no greeting", () => {
    expect(chooseSampleLine(gertrude)).toEqual({ text: "Hello, my name is Gertrude.", isOwn: false });
    expect(chooseSampleLine({ ...gertrude, metadata: { greeting: 7 } }).isOwn).toBe(false);
    expect(chooseSampleLine({ ...gertrude, instructions: { language: "fr/en" } }).text).toStartWith(
      "Bonjour",
    );
  });
  test("is no longer than the server takes", () => {
    const metadata = { greeting: "y".repeat(10_000) };
    expect(chooseSampleLine({ ...gertrude, metadata }).text).toHaveLength(4096);
  });
});
