import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { readAhead } from "../../src/session/read-ahead.ts";
import { synthesizeStream } from "../../src/session/sentence-stream.ts";
import type { SpeechSynthesizer, SynthesisChunk, SynthesisOptions } from "../../src/speech/ports.ts";

interface Spoken extends SynthesisOptions {
  text: string;
}

/** Speaks a piece in one chunk of 100 samples, after `gate`. */
function createFakeSynthesizer(gate: (text: string) => Promise<void> = () => Promise.resolve()) {
  const spoken: Spoken[] = [];
  const synthesizer: SpeechSynthesizer = {
    id: "fake",
    capabilities: { streaming: true, wordTimes: false, cloning: false, languages: ["en"] },
    voices: () => [],
    hasVoice: () => true,
    async *synthesize(text, options = {}) {
      spoken.push({ text, ...options });
      await gate(text);
      if (options.signal?.aborted === true) throw new AppError("E_INTERRUPTED", "cancelled");
      yield { pcm: new Float32Array(100), sampleRateHz: 22_050, text };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { synthesizer, spoken };
}

async function* yieldAll(parts: readonly string[]): AsyncGenerator<string> {
  for (const part of parts) yield await Promise.resolve(part);
}

async function collect(chunks: AsyncIterable<SynthesisChunk>): Promise<SynthesisChunk[]> {
  const all: SynthesisChunk[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

const text = "Once upon a time, there was a king. He had a very small dog. It barked all the night long.";

describe("a stream of text", () => {
  test("is spoken in pieces whose texts are the text, in whatever deltas it comes", async () => {
    for (const size of [1, 5, 1000]) {
      const { synthesizer, spoken } = createFakeSynthesizer();
      const deltas = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
      const chunks = await collect(
        synthesizeStream(yieldAll(deltas), {
          synthesizer,
          voice: "v",
          speed: 2,
          language: "en",
          sessionId: "s",
        }),
      );
      expect(chunks.map((chunk) => chunk.text).join("")).toBe(text);
      expect(spoken.map((piece) => [piece.text, piece.priority])).toEqual([
        ["Once upon a time, ", "head"],
        ["there was a king. ", "tail"],
        ["He had a very small dog. ", "tail"],
        ["It barked all the night long.", "tail"],
      ]);
      expect(
        spoken.every((piece) => piece.voice === "v" && piece.speed === 2 && piece.sessionId === "s"),
      ).toBe(true);
    }
  });

  test("begins to sound before it is written to its end", async () => {
    const { synthesizer } = createFakeSynthesizer();
    const never = Promise.withResolvers<void>();
    const deltas = (async function* () {
      yield "Once upon a time, there";
      await never.promise;
    })();
    const stream = synthesizeStream(deltas, { synthesizer });
    const { value } = await stream.next();
    expect((value as SynthesisChunk).text).toBe("Once upon a time, ");
    never.resolve();
    await stream.return(undefined);
  });

  test("of nothing gives nothing; of what cannot be said, a chunk without sound", async () => {
    const { synthesizer, spoken } = createFakeSynthesizer();
    expect(await collect(synthesizeStream(yieldAll([]), { synthesizer }))).toEqual([]);
    expect(await collect(synthesizeStream(yieldAll(["", ""]), { synthesizer }))).toEqual([]);
    const smiley = await collect(synthesizeStream(yieldAll(["🙂"]), { synthesizer }));
    expect(smiley.map((chunk) => [chunk.text, chunk.pcm.length])).toEqual([["🙂", 0]]);
    expect(spoken).toEqual([]);
    const after = await collect(synthesizeStream(yieldAll(["Hello to you all. ", "🙂"]), { synthesizer }));
    expect(after.map((chunk) => [chunk.text, chunk.pcm.length, chunk.sampleRateHz])).toEqual([
      ["Hello to you all. ", 100, 22_050],
      ["🙂", 0, 22_050],
    ]);
  });

  test("hands a pause to the synthesizer", async () => {
    const { synthesizer, spoken } = createFakeSynthesizer();
    await collect(synthesizeStream(yieldAll(["[pause:500ms]"]), { synthesizer }));
    expect(spoken.map((piece) => piece.text)).toEqual(["[pause:500ms]"]);
  });

  test("makes the next pieces while one is heard, and no more than two ahead", async () => {
    const { synthesizer, spoken } = createFakeSynthesizer();
    const many = Array.from({ length: 10 }, (_, i) => `This is the sentence number ${"abcdefghij"[i]}. `);
    const stream = synthesizeStream(yieldAll(many), { synthesizer });
    await stream.next();
    // The maker runs on by itself until its places are full; nothing in this test waits for time.
    while (spoken.length < 3) await Promise.resolve();
    for (let i = 0; i < 200; i++) await Promise.resolve();
    expect(spoken).toHaveLength(3);
    await stream.next();
    while (spoken.length < 4) await Promise.resolve();
    await stream.return(undefined);
  });

  test("ends what is being made when the listener leaves", async () => {
    const gate = Promise.withResolvers<void>();
    const { synthesizer, spoken } = createFakeSynthesizer((piece) =>
      piece.startsWith("Once") ? Promise.resolve() : gate.promise,
    );
    for await (const _chunk of synthesizeStream(yieldAll([text]), { synthesizer })) break;
    expect(spoken.at(-1)?.signal?.aborted).toBe(true);
    gate.resolve();
  });

  test("ends with E_INTERRUPTED when it is cancelled, before and in the middle", async () => {
    const { synthesizer, spoken } = createFakeSynthesizer();
    const options = { synthesizer, signal: AbortSignal.abort() };
    expect(collect(synthesizeStream(yieldAll([text]), options))).rejects.toMatchObject({
      code: "E_INTERRUPTED",
    });
    expect(spoken).toEqual([]);
    const abort = new AbortController();
    const heard: string[] = [];
    const speaking = (async () => {
      for await (const chunk of synthesizeStream(yieldAll([text]), { synthesizer, signal: abort.signal })) {
        heard.push(chunk.text);
        abort.abort();
      }
    })();
    expect(await speaking.catch((error: unknown) => error)).toMatchObject({ code: "E_INTERRUPTED" });
    expect(heard).toEqual(["Once upon a time, "]);
  });

  test("passes on what the writer and the speaker throw, after what was said before", async () => {
    const { synthesizer } = createFakeSynthesizer((piece) =>
      piece.startsWith("there")
        ? Promise.reject(new AppError("E_BUSY", "the engine stopped"))
        : Promise.resolve(),
    );
    const heard: string[] = [];
    const listen = async (deltas: AsyncIterable<string>): Promise<void> => {
      for await (const chunk of synthesizeStream(deltas, { synthesizer })) heard.push(chunk.text);
    };
    expect(await listen(yieldAll([text])).catch((error: unknown) => error)).toMatchObject({ code: "E_BUSY" });
    const breaking = (async function* () {
      yield "Hello to you all, my friends. ";
      yield await Promise.reject(new AppError("E_NET", "the model is gone"));
    })();
    expect(await listen(breaking).catch((error: unknown) => error)).toMatchObject({ code: "E_NET" });
    expect(heard).toEqual(["Once upon a time, ", "Hello to you all, ", "my friends. "]);
  });
});

describe("reading ahead", () => {
  async function* count(to: number, seen: number[]): AsyncGenerator<number> {
    for (let i = 1; i <= to; i++) {
      seen.push(i);
      yield await Promise.resolve(i);
    }
  }

  test("gives every item once and in order", async () => {
    const items: number[] = [];
    for await (const item of readAhead(count(50, []), 3)) items.push(item);
    expect(items).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  test("asks for nothing before the first request, and for nothing after the last", async () => {
    const seen: number[] = [];
    const ahead = readAhead(count(50, seen), 2);
    await Promise.resolve();
    expect(seen).toEqual([]);
    await ahead.next();
    await ahead.return(undefined);
    for (let i = 0; i < 50; i++) await Promise.resolve();
    expect(seen.length).toBeLessThanOrEqual(4);
  });

  test("gives the error of its source after the items before it", async () => {
    const failing = (async function* () {
      yield 1;
      yield 2;
      throw new Error("no more");
    })();
    const items: number[] = [];
    const reading = (async () => {
      for await (const item of readAhead(failing, 5)) items.push(item);
    })();
    expect(await reading.catch((error: unknown) => String(error))).toBe("Error: no more");
    expect(items).toEqual([1, 2]);
  });
});
