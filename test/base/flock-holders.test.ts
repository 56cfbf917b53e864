import { expect, test } from "bun:test";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { listFlockHolders } from "../../src/base/flock-holders.ts";
import { loadFlock } from "../../src/base/flock.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const flock = loadFlock();

test("who holds a lock is told where the system tells it", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x.lock");
  expect(await listFlockHolders(path)).toEqual([]);
  const files = [await open(path, "a+"), await open(path, "a+")];
  expect(await listFlockHolders(path)).toEqual([]);
  for (const file of files) expect(flock?.tryShared(file.fd)).toBe(flock ? true : undefined);
  // Layered file systems give another device than the kernel's list has; nobody is named then.
  expect([[process.pid], []]).toContainEqual(await listFlockHolders(path));
  expect(await listFlockHolders(folder.path)).toEqual([]);
  for (const file of files) await file.close();
  expect(await listFlockHolders(path)).toEqual([]);
});
