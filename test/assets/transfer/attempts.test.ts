import { expect, test } from "bun:test";
import { createAttempts } from "../../../src/assets/transfer/attempts.ts";
import { AppError } from "../../../src/base/errors.ts";

const passing = new AppError("E_NET", "broke off");
const create = (retries: number) =>
  createAttempts({ retries: () => retries, baseMs: 1000, random: () => 1 - Number.EPSILON });

test("N retries are N+1 attempts, each wait twice the one before", () => {
  const attempts = create(3);
  const waits = [0, 0, 0].map(() => Math.round(attempts.spend(passing, 0)));
  expect(waits).toEqual([1000, 2000, 4000]);
  expect(() => attempts.spend(passing, 0)).toThrow("broke off");
  expect(attempts.episode).toBe(3);
});

test("what cannot pass is thrown at once", () => {
  expect(() => create(3).spend(new AppError("E_PERM", "refused"), 0)).toThrow("refused");
  expect(() => create(3).spend(new TypeError("a bug"), 0)).toThrow("a bug");
});

test("who gets on between two failures may fail again, as often as the line is bad", () => {
  const attempts = create(1);
  for (let doneBytes = 0; doneBytes < 100 << 20; doneBytes += 5 << 20) {
    expect(Math.round(attempts.spend(passing, doneBytes))).toBe(1000);
  }
  expect(() => attempts.spend(passing, 95 << 20)).toThrow("broke off");
});

test("without retries the first failure is the last, however far it got", () => {
  expect(() => create(0).spend(passing, 100 << 20)).toThrow("broke off");
});
