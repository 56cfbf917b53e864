// Exports are copied into plain data, whatever they do meanwhile.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { copyPlainData, NotPlainData } from "../../../src/characters/host/plain-data.ts";

const refusalOf = (value: unknown): string => {
  try {
    copyPlainData(value, "X");
  } catch (error) {
    expect(error).toBeInstanceOf(NotPlainData);
    return (error as Error).message;
  }
  return "";
};

describe("copyPlainData", () => {
  test("copies every JSON value as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON has no -0.
        const expected: unknown = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(JSON.stringify(copyPlainData(value, "X")))).toEqual(expected);
      }),
    );
  });

  test("reads getters, proxies, class instances and dates, and leaves out what is undefined", () => {
    class Box {
      #size = 3;
      own = this.#size;
      get size() {
        return 4;
      }
    }
    const value = {
      get late() {
        return "now";
      },
      proxy: new Proxy({ a: 1 }, {}),
      box: new Box(),
      date: new Date("2026-01-02T03:04:05Z"),
      gone: undefined,
      list: [1, undefined, 2],
    };
    expect(copyPlainData(value, "X")).toEqual({
      late: "now",
      proxy: { a: 1 },
      box: { own: 3 },
      date: "2026-01-02T03:04:05.000Z",
      list: [1, null, 2],
    });
  });

  test("does not set a prototype", () => {
    const copy = copyPlainData(JSON.parse('{"__proto__": {"admin": true}}'), "X") as { admin?: boolean };
    expect(copy.admin).toBeUndefined();
    expect(Object.keys(copy)).toEqual(["__proto__"]);
  });

  test("refuses what would come out empty", () => {
    expect(refusalOf({ tags: new Set(["a"]) })).toBe("X.tags is a Set; write an array");
    expect(refusalOf(new Map([["a", 1]]))).toBe("X is a Map; write an object");
  });

  test("names the place of what is not plain", () => {
    expect(refusalOf({ a: [{ b: () => 1 }] })).toBe(
      "X.a[0].b is a function; only plain data may stand there",
    );
    expect(refusalOf({ a: Symbol("s") })).toContain("X.a is a symbol");
    expect(refusalOf({ a: 1n })).toContain("X.a is a bigint");
    expect(refusalOf([Number.NaN])).toBe("X[0] is NaN, not a number");
    const round: Record<string, unknown> = {};
    round["self"] = round;
    expect(refusalOf(round)).toContain("contains itself");
  });

  test("survives what throws", () => {
    const throwing = {
      get a() {
        throw new Error("no");
      },
    };
    expect(refusalOf(throwing)).toBe("X.a cannot be read: Error: no");
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(refusalOf({ proxy })).toContain("X.proxy cannot be read");
    const hostile = {
      get a() {
        throw {
          toString() {
            throw new Error("worse");
          },
        };
      },
    };
    expect(refusalOf(hostile)).toContain("X.a cannot be read");
  });

  test("stops at a size, also of what never ends", () => {
    expect(refusalOf("x".repeat(2_000_000))).toContain("larger than 1 MiB");
    expect(refusalOf(Array.from({ length: 1_000_000 }, () => 1))).toContain("larger than 1 MiB");
    const endless: unknown = new Proxy(
      {},
      {
        get: () => endless,
        ownKeys: () => ["a"],
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }),
      },
    );
    expect(refusalOf(endless)).toContain("nested too deeply");
  });
});
