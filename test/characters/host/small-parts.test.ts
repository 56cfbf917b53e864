// The small parts of the host: randomness, gates, floods of lines, and the place of an error.
import { describe, expect, test } from "bun:test";
import { placeInStack, placeOfExport } from "../../../src/characters/host/source-place.ts";
import { createGate } from "../../../src/characters/host/gate.ts";
import { textOf } from "../../../src/characters/host/guard-realm.ts";
import { createLineLimit } from "../../../src/characters/host/line-limit.ts";
import { createRandom } from "../../../src/characters/host/seeded-random.ts";

describe("seeded randomness", () => {
  test("is the same for the same seed, and differs for others", () => {
    const draw = (seed: number): number[] => {
      const random = createRandom(seed);
      return Array.from({ length: 5 }, random);
    };
    expect(draw(1)).toEqual(draw(1));
    const firsts = new Set(Array.from({ length: 1000 }, (_, seed) => draw(seed)[0]));
    expect(firsts.size).toBe(1000);
    expect(draw(2 ** 32 + 1)).not.toEqual(draw(1));
  });

  test("is even", () => {
    const random = createRandom(7);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let draw = 0; draw < 100_000; draw++) {
      const value = random();
      if (!(value >= 0 && value < 1)) throw new Error(`${value} is out of range`);
      const bin = Math.floor(value * 10);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    for (const count of counts) expect(count).toBeWithin(9_600, 10_400);
  });
});

describe("a gate", () => {
  test("lets its number in, and the next as one leaves, in order", async () => {
    const gate = createGate(2);
    const entered: number[] = [];
    const enter = async (index: number): Promise<Disposable> => {
      const pass = await gate.enter();
      entered.push(index);
      return pass;
    };
    const passes = [0, 1, 2, 3].map(enter);
    const first = await passes[0]!;
    await passes[1];
    expect(entered).toEqual([0, 1]);
    first[Symbol.dispose]();
    // Leaving twice makes no second place.
    first[Symbol.dispose]();
    await passes[2];
    expect(entered).toEqual([0, 1, 2]);
  });

  test("keeps its order when somebody comes as a place gets free", async () => {
    const gate = createGate(1);
    const held = await gate.enter();
    const order: string[] = [];
    const waits = gate.enter().then((pass) => {
      order.push("waited");
      return pass;
    });
    held[Symbol.dispose]();
    const comes = gate.enter().then((pass) => {
      order.push("came");
      return pass;
    });
    (await waits)[Symbol.dispose]();
    await comes;
    expect(order).toEqual(["waited", "came"]);
  });

  test("tells whoever no longer waits at once, and not when it is its turn", async () => {
    const gate = createGate(1);
    using _held = await gate.enter();
    const abort = new AbortController();
    const gone = gate.enter(abort.signal).catch((error: unknown) => error);
    abort.abort();
    expect(await gone).toMatchObject({ code: "E_INTERRUPTED" });
  });

  test("turns away whoever no longer waits, and gives the place to the next", async () => {
    const gate = createGate(1);
    const held = await gate.enter();
    const abort = new AbortController();
    const gone = gate.enter(abort.signal).catch((error: unknown) => error);
    const next = gate.enter();
    abort.abort();
    held[Symbol.dispose]();
    expect(await gone).toMatchObject({ code: "E_INTERRUPTED" });
    (await next)[Symbol.dispose]();
    expect(await gate.enter(AbortSignal.abort()).catch((error: unknown) => error)).toMatchObject({
      code: "E_INTERRUPTED",
    });
  });
});

test("a flood of lines is cut to fifty, and makes no text of the rest", () => {
  const lines: string[] = [];
  const pass = createLineLimit((line) => lines.push(line));
  let made = 0;
  for (let index = 0; index < 10_000; index++) {
    pass(() => {
      made += 1;
      return `line ${index} ${"x".repeat(5000)}`;
    });
  }
  expect(lines.length).toBe(50);
  expect(made).toBe(50);
  expect(lines[0]!.length).toBe(1000);
});

describe("the place of an error", () => {
  test("is the first frame in the file", () => {
    const stack = `Error: x\n    at node:fs:1:1\n    at f (/cast/a.ts:12:7)\n    at /cast/a.ts:3:1`;
    expect(placeInStack(stack, "/cast/a.ts")).toEqual({ line: 12, column: 7 });
    expect(placeInStack({ stack: "Error: x\n at /cast/a.ts:4" }, "/cast/a.ts")).toEqual({ line: 4 });
    expect(placeInStack(stack, "/cast/b.ts")).toBeUndefined();
    expect(placeInStack(undefined, "/cast/a.ts")).toBeUndefined();
  });

  test("is the name of an export, plain or in a definition", () => {
    const plain = "// CHARACTER_NAME\nexport const CHARACTER_NAME = 1;";
    expect(placeOfExport(plain, "CHARACTER_NAME")).toEqual({ line: 2, column: 14 });
    expect(placeOfExport("x\n  CHARACTER_NAME: 1,", "CHARACTER_NAME")).toEqual({ line: 2, column: 3 });
    expect(placeOfExport("x", "CHARACTER_NAME")).toBeUndefined();
  });

  test("is the property inside an export, as far as it can be followed", () => {
    const text = `export const METADATA = { voice: 0 };
export const VOICE_SOURCE = {
  source_type: "kokoro",
  "voice": 7,
  deep: { of: { it: 1 } },
};
export const TOOLS = [
  { name: "a-b" },
  { name: "c-d" },
];
export const late = { gone: 1 };`;
    const at = (name: string, ...keys: PropertyKey[]) => {
      const place = placeOfExport(text, name, keys);
      return `${place?.line}:${place?.column}`;
    };
    expect(at("VOICE_SOURCE", "voice")).toBe("4:3");
    expect(at("VOICE_SOURCE", "deep", "of", "it")).toBe("5:17");
    expect(at("VOICE_SOURCE", "deep", "nothing")).toBe("5:3");
    expect(at("VOICE_SOURCE", "gone")).toBe("2:14");
    expect(at("VOICE_SOURCE", "k(", "[")).toBe("2:14");
    expect(at("TOOLS", 0, "name")).toBe("8:5");
    // Which of several it is cannot be told from the text alone.
    expect(at("TOOLS", 1, "name")).toBe("7:14");
  });
});

test("anything that is thrown has a text, and not too long a one", () => {
  expect(textOf(new TypeError("no"))).toBe("TypeError: no");
  expect(textOf("plain")).toBe("plain");
  expect(textOf({ a: 1 })).toContain("a: 1");
  expect(textOf(undefined)).toBe("undefined");
  expect(textOf("x".repeat(5000)).length).toBe(2000);
  class Hostile extends Error {
    override get message(): string {
      throw new Error("worse");
    }
  }
  expect(textOf(new Hostile())).toBe("something that cannot be shown");
});
