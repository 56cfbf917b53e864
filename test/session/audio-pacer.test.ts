import { describe, expect, test } from "bun:test";
import {
  beginPlayback,
  cutPlayback,
  notePlayback,
  playbackEndMs,
  playedMs,
  sliceSpeech,
} from "../../src/session/audio-pacer.ts";

describe("slices of speech", () => {
  const word = (text: string, startMs: number) => ({ text, startMs, endMs: startMs + 100 });

  test("are 200 ms long but the last, and lose no sample", () => {
    const pcm = Float32Array.from({ length: 11_000 }, (_, i) => i);
    const slices = sliceSpeech(pcm, 24_000, 1000, []);
    expect(slices.map((slice) => slice.pcm.length)).toEqual([4800, 4800, 1400]);
    expect(slices.flatMap((slice) => [...slice.pcm])).toEqual([...pcm]);
    expect(slices.map((slice) => slice.startMs)).toEqual([1000, 1200, 1400]);
  });

  test("take along the words that begin in them, and the last takes what is left", () => {
    const words = [word("a ", 0), word("b ", 150), word("c ", 210), word("d", 950)];
    const slices = sliceSpeech(new Float32Array(8000), 16_000, 0, words);
    expect(slices.map((slice) => slice.words.map(({ text }) => text).join(""))).toEqual(["a b ", "c ", "d"]);
  });

  test("words without sound are one slice without sound", () => {
    const slices = sliceSpeech(new Float32Array(0), 24_000, 300, [word("hush", 300)]);
    expect(slices).toEqual([
      { pcm: new Float32Array(0), startMs: 300, durationMs: 0, words: [word("hush", 300)] },
    ]);
  });
});

describe("what the listener can have heard", () => {
  test("is what left, played when it came", () => {
    const playback = notePlayback(beginPlayback("item"), 1000, 50, 0);
    expect([0, 50, 300, 1050, 9000].map((atMs) => playedMs(playback, atMs))).toEqual([0, 0, 250, 1000, 1000]);
    expect(playbackEndMs(playback)).toBe(1050);
  });

  test("goes on without a gap when more came in time, and waits where it did not", () => {
    let playback = notePlayback(beginPlayback("item"), 400, 0, 0);
    playback = notePlayback(playback, 400, 200, 0);
    expect(playback.stretches).toHaveLength(1);
    playback = notePlayback(playback, 400, 1000, 0);
    expect(playback.stretches).toHaveLength(2);
    expect([700, 800, 900, 1000, 1100, 2000].map((atMs) => playedMs(playback, atMs))).toEqual([
      700, 800, 800, 800, 900, 1200,
    ]);
  });

  test("begins only when what was sent before has been heard", () => {
    const playback = notePlayback(beginPlayback("item"), 500, 100, 2000);
    expect(playedMs(playback, 1900)).toBe(0);
    expect(playedMs(playback, 2100)).toBe(100);
  });

  test("is no more than the listener says, once it has stopped", () => {
    let playback = notePlayback(beginPlayback("item"), 1000, 0, 0);
    playback = cutPlayback(playback, 300);
    expect(playback.isTold).toBe(true);
    expect(playbackEndMs(playback)).toBe(300);
    playback = notePlayback(playback, 500, 400, 0);
    expect(playback.sentMs).toBe(1500);
    expect(playbackEndMs(playback)).toBe(900);
  });
});
