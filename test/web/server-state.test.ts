import { expect, test } from "bun:test";
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
  reply: { is_up: false, source: "none", model: null },
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
  const state = play(snapshot);
  expect(state.characters.map(({ name }) => name)).toEqual(["Ada", "Cy"]);
  expect([state.parts.tts.isUp, state.parts.tts.isComing, state.parts.stt.isUp]).toEqual([false, true, true]);
  expect(state.parts.llm.text).toBe("scripted");
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

test("a download has a row while it runs, and none for a hit", () => {
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

test("a failed download stays, with the reason", () => {
  const state = play(snapshot, {
    type: "asset-download-fail",
    asset: "kokoro",
    message: "the hub cannot be reached",
  });
  expect(state.downloads[0]?.error).toBe("the hub cannot be reached");
});

test("a lost connection is shown until the next snapshot", () => {
  const lost = play(snapshot, { type: "connection", isConnected: false });
  expect(lost.isConnected).toBe(false);
  expect(reduceServerState(lost, snapshot).isConnected).toBe(true);
});
