import { afterEach, expect, test } from "bun:test";
import { keepKey, readKeptKey } from "../../src/web/kept-key.ts";

const own = Object.getOwnPropertyDescriptor(globalThis, "sessionStorage");
afterEach(() => {
  if (own) Object.defineProperty(globalThis, "sessionStorage", own);
  else Reflect.deleteProperty(globalThis, "sessionStorage");
});

test("a key is there again after a reload", () => {
  const items = new Map<string, string>();
  const value = {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, text: string) => void items.set(name, text),
  };
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, value });
  expect(readKeptKey()).toBeUndefined();
  keepKey("sesame");
  expect(readKeptKey()).toBe("sesame");
});

test("a browser that keeps nothing for pages is no obstacle", () => {
  const refuse = (): never => {
    throw new DOMException("denied", "SecurityError");
  };
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, get: refuse });
  keepKey("sesame");
  expect(readKeptKey()).toBeUndefined();
});
