// What the page says has been heard, by the clock of a sound card that the test winds. That it sounds is heard in
// page.test.ts and spoken-page.test.ts.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createPlayer, type Player } from "../../src/web/player.ts";
import { type FakeAudio, installFakeAudio } from "../support/fake-audio-context.ts";

let audio: FakeAudio;
let player: Player;
let queues: (readonly string[])[];
let blocks: boolean[];
beforeEach(async () => {
  audio = installFakeAudio();
  queues = [];
  blocks = [];
  player = createPlayer({
    onQueue: (items) => queues.push(items),
    onBlocked: (isBlocked) => blocks.push(isBlocked),
  });
  await player.unlock();
});
afterEach(() => audio[Symbol.dispose]());

const play = (itemId: string, ms: number): void => player.play(itemId, new Float32Array(ms * 24));
/** To the nearest: sums of seconds are not exact. */
const heard = (itemId: string): number => Math.round(player.heardMs(itemId));
const starts = (): number[] => audio.sources.map(({ startSeconds }) => Math.round(startSeconds * 1000));
/** What is scheduled begins so much later. */
const leadMs = 60;

describe("what is heard", () => {
  test("begins a moment after it came, and follows the clock to its end", () => {
    play("a", 500);
    expect([starts(), heard("a")]).toEqual([[leadMs], 0]);
    audio.advance(0.26);
    expect(heard("a")).toBe(200);
    audio.advance(5);
    expect(heard("a")).toBe(500);
  });

  test("is what has left the loudspeaker, not what was sent to it", () => {
    audio.latencySeconds = 0.1;
    play("a", 500);
    audio.advance(0.26);
    expect(heard("a")).toBe(100);
  });

  test("goes on without a gap from piece to piece, and from item to item", () => {
    play("a", 200);
    play("a", 300);
    play("b", 100);
    expect(starts()).toEqual([leadMs, leadMs + 200, leadMs + 500]);
    audio.advance(0.06 + 0.55);
    expect([heard("a"), heard("b")]).toEqual([500, 50]);
    expect(player.queue().map(({ itemId, heardMs }) => [itemId, Math.round(heardMs)])).toEqual([["b", 50]]);
  });

  test("does not count the silence of a piece that came late", () => {
    play("a", 200);
    audio.advance(3);
    play("a", 200);
    expect(starts()).toEqual([leadMs, 3000 + leadMs]);
    expect(heard("a")).toBe(200);
    audio.advance(0.06 + 0.05);
    expect(heard("a")).toBe(250);
  });

  test("is remembered of what is long over, for a while", () => {
    for (let i = 0; i < 20; i++) {
      play(`item-${i}`, 100);
      audio.advance(2);
    }
    play("last", 100);
    audio.advance(2);
    expect(["item-0", "item-19", "last"].map(heard)).toEqual([0, 100, 100]);
  });

  test("of nothing is nothing", () => {
    player.play("a", new Float32Array(0));
    expect([audio.sources.length, heard("a"), player.queue()]).toEqual([0, 0, []]);
  });
});

describe("stopping", () => {
  test("cuts within an ear's blink, keeps what had been heard, and takes nothing of what comes after", () => {
    play("a", 500);
    play("b", 500);
    audio.advance(0.26);
    player.stop();
    const [a, b] = audio.sources;
    for (const source of [a, b]) expect(source?.stopSeconds).toBeCloseTo(0.26 + 0.012, 5);
    expect([heard("a"), heard("b"), player.queue()]).toEqual([200, 0, []]);
    play("c", 100);
    // The fade of what was cut is not that of what comes.
    expect(audio.sources[2]?.fader).not.toBe(a?.fader);
    audio.advance(1);
    expect([heard("a"), heard("b"), heard("c")]).toEqual([200, 0, 100]);
  });

  test("of silence is nothing", () => {
    player.stop();
    expect(queues).toEqual([]);
  });
});

test("who waits for what is told of each change once", () => {
  play("a", 100);
  play("a", 100);
  play("b", 100);
  audio.advance(0.27);
  audio.advance(0.1);
  expect(queues).toEqual([["a"], ["a", "b"], ["b"], []]);
});

test("a browser that keeps the sound back is told of, and of its giving way", () => {
  audio.setState("suspended");
  play("a", 100);
  expect(blocks).toEqual([false, true, true]);
  audio.setState("running");
  expect(blocks.at(-1)).toBe(false);
});

test("the mouth moves only while something sounds", () => {
  expect(player.mouth().open).toBe(0);
  play("a", 100);
  expect(player.mouth().open).toBeGreaterThan(0);
  audio.setState("suspended");
  expect(player.mouth().open).toBe(0);
});

test("muted it is silent and goes on, and closed it is over", () => {
  player.setMuted(true);
  expect(audio.volume).toBe(0);
  play("a", 100);
  audio.advance(0.11);
  expect(heard("a")).toBe(50);
  player.setMuted(false);
  expect(audio.volume).toBe(1);
  player.close();
  expect(audio.isClosed).toBe(true);
});
