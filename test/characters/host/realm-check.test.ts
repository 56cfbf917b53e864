// Changed built-ins are seen; used ones are not mistaken for changed.
import { describe, expect, test } from "bun:test";
import { createRealmCheck } from "../../../src/characters/host/realm-check.ts";

/** Runs in a worker, since it changes what this process lives on. */
async function checkAfter(change: string): Promise<string> {
  const path = new URL("../../../src/characters/host/realm-check.ts", import.meta.url).pathname;
  const code = `
    import { createRealmCheck } from ${JSON.stringify(path)};
    const check = createRealmCheck();
    const post = globalThis.postMessage;
    ${change}
    post(String(check()));
  `;
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "application/typescript" })));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  worker.addEventListener("message", ({ data }) => resolve(String(data)));
  worker.addEventListener("error", (event) => reject(new Error(event.message)));
  try {
    return await promise;
  } finally {
    worker.terminate();
  }
}

describe("the realm check", () => {
  test("is silent while built-ins are only used", async () => {
    const check = createRealmCheck();
    [3, 1, 2]
      .sort((a, b) => a - b)
      .map(String)
      .join();
    new Map([[1, 2]]).forEach(() => undefined);
    await (await fetch("data:,x")).text();
    await crypto.subtle.digest("SHA-256", new Uint8Array(1));
    new Intl.DateTimeFormat("en").format();
    expect(check()).toBeUndefined();
  });

  const changes: Record<string, [string, string]> = {
    "a replaced method": ["Array.prototype.map = () => [];", "Array.prototype.map"],
    "an added method": ["Array.prototype.last = function () { return this.at(-1); };", "Array.prototype"],
    "a deleted method": ["delete Array.prototype.flat;", "Array.prototype"],
    "a getter in place of a value": [
      "Object.defineProperty(Object.prototype, 'toString', { get: () => () => 'x' });",
      "Object.prototype.toString",
    ],
    "a replaced global": ["globalThis.fetch = () => 1;", "fetch"],
    "an added global": ["globalThis.mine = 1;", "globalThis"],
    "a replaced static method": ["JSON.stringify = () => '';", "JSON.stringify"],
    "a changed iterator": [
      "Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({ done: true });",
      "the array iterator.next",
    ],
  };
  for (const [what, [change, expected]] of Object.entries(changes)) {
    test(`sees ${what}`, async () => {
      expect(await checkAfter(change)).toBe(expected);
    });
  }
});
