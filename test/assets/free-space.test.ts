import { expect, test } from "bun:test";
import { join } from "node:path";
import { formatBytes, getFreeBytes, requireSpace } from "../../src/assets/free-space.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";

test("free bytes are those of the nearest folder that is there", async () => {
  await using folder = await createTempFolder();
  const deep = join(folder.path, "not/there/yet");
  const [here, there] = [await getFreeBytes(folder.path), await getFreeBytes(deep)];
  expect(here).toBeGreaterThan(0);
  expect(Math.abs(here - there)).toBeLessThan(1 << 30);
});

test("too little room is E_DISK with both figures", async () => {
  const free = () => Promise.resolve(12 << 20);
  await requireSpace(free, "/a", 12 << 20, "kokoro");
  const error = await failureOf(requireSpace(free, "/a", 88 << 20, "kokoro"));
  expect(error).toMatchObject({ code: "E_DISK", details: { needed_bytes: 88 << 20, free_bytes: 12 << 20 } });
  expect(error.message).toStartWith("kokoro needs 88.0 MiB, /a has 12.0 MiB left");
});

test("sizes are told in powers of 1024", () => {
  expect([0, 1023, 1024, 92_361_116, 3 * 2 ** 30, 2 ** 50].map(formatBytes)).toEqual([
    "0 bytes",
    "1023 bytes",
    "1 KiB",
    "88.1 MiB",
    "3.0 GiB",
    "1024.0 TiB",
  ]);
});
