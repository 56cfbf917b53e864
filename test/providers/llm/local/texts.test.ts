import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createIncrementalText } from "../../../../src/providers/llm/local/incremental-text.ts";
import { createStopStrings } from "../../../../src/providers/llm/local/stop-strings.ts";
import { createTokenPicker } from "../../../../src/providers/llm/local/token-picker.ts";
import { createToolCallReader, type SpokenPart } from "../../../../src/providers/llm/local/tool-calls.ts";

const seed = Date.now() % 2 ** 31;
console.log(`texts seed ${seed}`);
/** A text, and where it is cut. */
const cutText = (alphabet: readonly string[]) =>
  fc.array(fc.array(fc.constantFrom(...alphabet), { maxLength: 4 }).map((letters) => letters.join("")));

describe("tokens become text", () => {
  const decode = (tokens: readonly number[]): string => new TextDecoder().decode(Uint8Array.from(tokens));

  test("a character in bytes is told when it is whole", () => {
    const text = createIncrementalText(decode);
    const told = [...new TextEncoder().encode("a🙂é.")].map((byte) => text.push(byte));
    expect(told).toEqual(["a", "", "", "", "🙂", "", "é", "."]);
    expect(text.finish()).toBe("");
  });

  test("what never becomes one is told at the end, or when it goes on for too long", () => {
    const text = createIncrementalText(decode);
    expect(text.push(0xf0)).toBe("");
    expect(text.finish()).toBe("\uFFFD");
    const broken = Array.from({ length: 20 }, () => text.push(0xf0)).join("");
    expect(broken.length).toBeGreaterThan(0);
  });

  test("the space before a word survives a decoder that takes it from the first one", () => {
    const words = ["▁Good", "▁evening", ",", "▁friend"];
    const spaced = (tokens: readonly number[]): string =>
      tokens
        .map((token) => words[token] ?? "")
        .join("")
        .replaceAll("▁", " ")
        .replace(/^ /, "");
    const text = createIncrementalText(spaced);
    const all = [0, 1, 2, 3, 1, 1, 1, 3, 2, 0].map((token) => text.push(token)).join("");
    expect(all).toBe("Good evening, friend evening evening evening friend, Good");
  });

  test("whatever the text, its bytes one by one give it back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (given) => {
        const text = createIncrementalText(decode);
        const told = [...new TextEncoder().encode(given)].map((byte) => text.push(byte)).join("");
        return told + text.finish() === decode([...new TextEncoder().encode(given)]);
      }),
      { seed, numRuns: 200 },
    );
  });
});

describe("stop strings", () => {
  test("nothing from the stop on is told, in whatever pieces it comes", () => {
    fc.assert(
      fc.property(cutText(["a", "b", "\n", "#"]), (pieces) => {
        const stops = createStopStrings(["\n#", "ab#"]);
        const whole = pieces.join("");
        const ends = ["\n#", "ab#"].map((stop) => whole.indexOf(stop)).filter((at) => at >= 0);
        let told = pieces.map((piece) => stops.push(piece)).join("");
        if (!stops.isStopped) told += stops.finish();
        const expected = ends.length > 0 ? whole.slice(0, Math.min(...ends)) : whole;
        return told === expected && stops.isStopped === ends.length > 0;
      }),
      { seed, numRuns: 500 },
    );
  });

  test("only what may be the beginning of one is held back", () => {
    const stops = createStopStrings(["User:"]);
    expect([stops.push("Hello. U"), stops.push("sually"), stops.push(" Us")]).toEqual([
      "Hello. ",
      "Usually",
      " ",
    ]);
    expect(stops.finish()).toBe("Us");
  });

  test("without any, or with an empty one, all is told at once", () => {
    expect(createStopStrings([]).push("abc")).toBe("abc");
    expect(createStopStrings([""]).push("abc")).toBe("abc");
  });
});

describe("calls in the text", () => {
  const read = (pieces: readonly string[]): SpokenPart[] => {
    const reader = createToolCallReader();
    const parts = [...pieces.flatMap((piece) => reader.push(piece)), ...reader.finish()];
    // Neighbouring texts are one: how they are cut is the model's affair.
    const joined: SpokenPart[] = [];
    for (const part of parts) {
      const last = joined.at(-1);
      if (part.type === "text" && last?.type === "text") last.text += part.text;
      else joined.push({ ...part });
    }
    return joined;
  };
  const call = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>';

  test("are told apart from speech, however they are cut", () => {
    const text = `I will look. ${call}\n${call}`;
    const expected: SpokenPart[] = [
      { type: "text", text: "I will look. " },
      { type: "call", name: "weather", arguments: '{"city":"Oslo"}' },
      { type: "call", name: "weather", arguments: '{"city":"Oslo"}' },
    ];
    expect(read([text])).toEqual(expected);
    expect(read([...text])).toEqual(expected);
    for (let at = 1; at < text.length; at += 7)
      expect(read([text.slice(0, at), text.slice(at)])).toEqual(expected);
  });

  test("speech is not held back for a mark that does not come", () => {
    const reader = createToolCallReader();
    expect(reader.push("a < b <tool")).toEqual([{ type: "text", text: "a < b " }]);
    expect(reader.push("box> c")).toEqual([{ type: "text", text: "<toolbox> c" }]);
  });

  test.each([
    ['{"name": "weather"}', "weather", "{}"],
    ['{"name": "weather", "parameters": {"city": "Oslo"}}', "weather", '{"city":"Oslo"}'],
    ['{"name": "weather", "arguments": "{\\"city\\": 1}"}', "weather", '{"city": 1}'],
    ['{"name": "weather", "arguments": {"city": }', "weather", '{"name": "weather", "arguments": {"city": }'],
    ["weather in Oslo", "", "weather in Oslo"],
    ["null", "", "{}"],
    ['{"name": 7}', "", "{}"],
  ])("%s is a call, too", (body, name, given) => {
    expect(read([`<tool_call>${body}</tool_call>`])).toEqual([{ type: "call", name, arguments: given }]);
  });

  test("the closing mark may be missing at the end", () => {
    expect(read(['<tool_call>{"name": "weather"}'])).toEqual([
      { type: "call", name: "weather", arguments: "{}" },
    ]);
    expect(read(["Well. <tool_call>\n"])).toEqual([{ type: "text", text: "Well. " }]);
  });
});

describe("the next token", () => {
  const logits = Float32Array.of(1, 5, Number.NaN, 4.9, -3, Number.NEGATIVE_INFINITY);
  const count = (pick: (logits: Float32Array) => number, times: number): Record<number, number> => {
    const counts: Record<number, number> = {};
    for (let i = 0; i < times; i++) {
      const token = pick(logits);
      counts[token] = (counts[token] ?? 0) + 1;
    }
    return counts;
  };

  test("is the likeliest at temperature 0", () => {
    expect(count(createTokenPicker({ temperature: 0, topP: 1, seed: undefined }), 50)).toEqual({ 1: 50 });
  });

  test("is chosen by its probability, above the rest that topP leaves out", () => {
    const counts = count(createTokenPicker({ temperature: 1, topP: 0.9, seed: 7 }), 4000);
    // Softmax of 5 and 4.9 alone: 0.525 and 0.475.
    expect(Object.keys(counts)).toEqual(["1", "3"]);
    expect(counts[1]).toBeGreaterThan(0.48 * 4000);
    expect(counts[1]).toBeLessThan(0.57 * 4000);
    expect(Object.keys(count(createTokenPicker({ temperature: 4, topP: 1, seed: 7 }), 4000))).toContain("4");
  });

  test("is the same for the same seed", () => {
    const choose = (given: number): number[] => {
      const pick = createTokenPicker({ temperature: 1, topP: 1, seed: given });
      return Array.from({ length: 40 }, () => pick(logits));
    };
    expect(choose(3)).toEqual(choose(3));
    expect(choose(3)).not.toEqual(choose(4));
  });

  test("is one of the best 64 of a large vocabulary", () => {
    const many = Float32Array.from({ length: 50_000 }, (_, i) => ((i * 7919) % 50_000) / 1000);
    const best = new Set(
      [...many.entries()]
        .sort((a, b) => b[1] - a[1])
        .slice(0, 64)
        .map(([token]) => token),
    );
    const pick = createTokenPicker({ temperature: 50, topP: 1, seed: 1 });
    for (let i = 0; i < 200; i++) expect(best.has(pick(many))).toBe(true);
  });
});
