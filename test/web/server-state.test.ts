import { describe, expect, test } from "bun:test";
import {
  type CharacterRecord,
  type FeedEvent,
  initialServerState,
  reduceServerState,
} from "../../src/web/server-state.ts";

const record = (name: string, file: string): CharacterRecord => ({
  name,
  file,
  status: "ready",
  voice: { provider: "kokoro", voice: "af_heart", status: "ready" },
  instructions: { type: "smalltalk", language: "en" },
  metadata: {},
  tools: [],
});

const snapshot: FeedEvent = {
  type: "snapshot",
  reply: { is_up: false, source: "none", model: null, detail: null },
  engines: [
    { part: "tts", provider: "kokoro", state: "loading", detail: "kokoro-82m-q8" },
    { part: "asr", provider: "moonshine", state: "ready", detail: null },
  ],
  assets: [],
  characters: [record("Ada", "ada.ts"), record("Cy", "cy.ts")],
  errors: [],
};
const play = (...events: FeedEvent[]) => events.reduce(reduceServerState, initialServerState);

test("a snapshot says who is there and what still loads", () => {
  const { connection, characters, parts } = play(snapshot);
  expect(connection).toBe("open");
  expect(characters.map(({ name }) => name)).toEqual(["Ada", "Cy"]);
  expect([parts.voice.state, parts.ears.state, parts.words.text]).toEqual(["coming", "up", "own scripts"]);
});

test("characters come, change and leave, in file order", () => {
  const state = play(snapshot, {
    type: "characters-change",
    added: [record("Bo", "bo.ts")],
    changed: [{ ...record("Ada", "ada.ts"), status: "stale" }],
    removed: ["Cy"],
    errors: [{ file: "ada.ts", message: "broken" }],
  });
  expect(state.characters.map(({ name, status }) => [name, status])).toEqual([
    ["Ada", "stale"],
    ["Bo", "ready"],
  ]);
  expect(state.errors).toHaveLength(1);
});

describe("voices that were read again", () => {
  const voice = {
    provider: "kokoro",
    voice: "bf_emma",
    status: "stand-in",
    reason: "none was named",
  } as const;
  const tts = (state: string): FeedEvent => ({
    type: "engine-state",
    engines: [{ part: "tts", provider: "kokoro", state, detail: null }],
  });

  test("are given to who is there; who came, left or changed meanwhile is as the feed says", () => {
    const state = play(
      snapshot,
      {
        type: "characters-change",
        added: [record("Bo", "bo.ts")],
        changed: [{ ...record("Ada", "ada.ts"), status: "stale" }],
        removed: ["Cy"],
        errors: [],
      },
      {
        type: "voices-read",
        // Older than that change: without Bo, with Cy, and with Ada as she was.
        characters: [
          { ...record("Ada", "ada.ts"), voice },
          { ...record("Cy", "cy.ts"), voice },
        ],
      },
    );
    expect(state.characters.map(({ name, status, voice: of }) => [name, status, of.voice])).toEqual([
      ["Ada", "stale", "bf_emma"],
      ["Bo", "ready", "af_heart"],
    ]);
  });

  test("are news when a voice comes, not when it is there already, nor with a snapshot", () => {
    expect(play(snapshot).voiceNews).toBe(0);
    expect(play(snapshot, tts("ready")).voiceNews).toBe(1);
    expect(play(snapshot, tts("ready"), tts("ready")).voiceNews).toBe(1);
    expect(play(snapshot, tts("ready"), tts("loading"), tts("ready"), snapshot).voiceNews).toBe(2);
  });
});

test("of a server that is away nobody knows how fast it is", () => {
  const progress: FeedEvent = {
    type: "asset-progress",
    asset: "house-voice",
    phase: "download",
    done_bytes: 10,
    total_bytes: 100,
    bytes_per_second: 5,
  };
  const state = play(snapshot, progress, { type: "connection", connection: "lost" });
  expect(state.downloads).toMatchObject([{ doneBytes: 10, totalBytes: 100, bytesPerSecond: 0 }]);
});

test("a failed download does not say twice what it is", () => {
  const state = play(snapshot, {
    type: "asset-download-fail",
    asset: "house-voice",
    message: "house-voice: no source can be reached",
  });
  expect(state.downloads).toMatchObject([{ asset: "house-voice", error: "No source can be reached." }]);
});

describe("the parts, in plain words", () => {
  const engine = (state: string, detail: string | null = null): FeedEvent => ({
    type: "engine-state",
    engines: [{ part: "tts", provider: "kokoro", state, detail }],
  });
  const voice = (...events: FeedEvent[]) => play(snapshot, ...events).parts.voice;

  test("an engine that was there and loads again is restarting, one that loads first is on its way", () => {
    expect(voice().text).toBe("on its way");
    expect(voice(engine("ready"))).toEqual({ state: "up", text: "kokoro", detail: "Kokoro speaks." });
    expect(voice(engine("ready"), engine("loading", "loading kokoro"))).toMatchObject({
      state: "coming",
      text: "restarting",
    });
  });

  test("what cannot run says why", () => {
    const { state, detail } = voice(engine("incompatible", "this CPU has no AVX"));
    expect(state).toBe("down");
    expect(detail).toBe("Kokoro cannot run on this machine. This CPU has no AVX.");
    expect(voice(engine("not-installed", "no source can be reached")).detail).toContain(
      "not on this machine",
    );
  });

  test("an engine that works says what else it does", () => {
    const detail = "a faster model is being prepared for this machine, once";
    expect(voice(engine("ready", detail))).toEqual({
      state: "up",
      text: "kokoro",
      detail: "Kokoro speaks. A faster model is being prepared for this machine, once.",
    });
  });

  test("a language model that comes or goes is noticed", () => {
    const reply = (is_up: boolean): FeedEvent => ({
      type: "reply-change",
      reply: { is_up, source: "ollama", model: is_up ? "llama" : null, detail: null },
    });
    expect(play(snapshot, reply(true)).parts.words.text).toBe("llama");
    expect(play(snapshot, reply(true), reply(false)).parts.words.text).toBe("own scripts");
  });
});

describe("a download", () => {
  test("has a row while it runs, and none for a hit", () => {
    const hit = play(snapshot, { type: "asset-phase-start", asset: "voices", phase: "recheck" });
    expect(hit.downloads).toEqual([]);
    const progress = {
      asset: "kokoro",
      phase: "download",
      done_bytes: 5,
      total_bytes: 10,
      bytes_per_second: 1,
    };
    const running = play(
      snapshot,
      { type: "asset-phase-start", asset: "kokoro", phase: "download" },
      { type: "asset-progress", ...progress },
      { type: "asset-phase-start", asset: "kokoro", phase: "verify" },
    );
    expect(running.downloads).toEqual([
      { asset: "kokoro", phase: "verify", doneBytes: 5, totalBytes: 10, bytesPerSecond: 1 },
    ]);
    expect(reduceServerState(running, { type: "asset-download-end", asset: "kokoro" }).downloads).toEqual([]);
  });

  test("that failed stays with the reason, until it is tried again", () => {
    const failed = play(snapshot, {
      type: "asset-download-fail",
      asset: "kokoro",
      message: "the hub cannot be reached",
    });
    expect(failed.downloads[0]?.error).toBe("The hub cannot be reached.");
    const again = reduceServerState(failed, {
      type: "asset-phase-start",
      asset: "kokoro",
      phase: "download",
    });
    expect(again.downloads[0]?.error).toBeUndefined();
  });
});

describe("what is on disk may have changed", () => {
  const end: FeedEvent = { type: "asset-download-end", asset: "kokoro" };
  const news = (...events: FeedEvent[]): number => play(...events).assetNews;

  test("when a download ends, when something is taken away, and when all is told anew; not while it runs", () => {
    expect(news(snapshot)).toBe(1);
    expect(news(snapshot, { type: "asset-phase-start", asset: "kokoro", phase: "download" })).toBe(1);
    expect(news(snapshot, end)).toBe(2);
    expect(news(snapshot, { type: "asset-remove-end", asset: "kokoro" })).toBe(2);
    expect(news(snapshot, { type: "asset-download-fail", asset: "kokoro", message: "no" }, snapshot)).toBe(3);
  });

  test("a download that somebody cancelled has failed nobody", () => {
    const state = play(
      snapshot,
      { type: "asset-phase-start", asset: "kokoro", phase: "download" },
      { type: "asset-download-fail", asset: "kokoro", message: "cancelled", error_code: "E_INTERRUPTED" },
    );
    expect([state.downloads, state.assetNews]).toEqual([[], 2]);
  });
});

test("a lost connection is shown until the next snapshot", () => {
  const lost = play(snapshot, { type: "connection", connection: "lost" });
  expect(lost.connection).toBe("lost");
  expect(lost.characters).toHaveLength(2);
  expect(reduceServerState(lost, snapshot).connection).toBe("open");
});
