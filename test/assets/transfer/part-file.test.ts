import { expect, test } from "bun:test";
import { mkdir, readdir, readlink, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { loadPartState, openPartFile, removePart } from "../../../src/assets/transfer/part-file.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { failureOf } from "../../support/failure-of.ts";

const bytes = (length: number) => new Uint8Array(length).fill(7);

test("the state follows the bytes: at its end, and now and then before", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x.part");
  const clock = createManualClock();
  {
    await using part = await openPartFile(path, "a", { clock });
    part.describe({ sizeBytes: 1000, validator: '"v"' });
    await part.write(bytes(100), 0);
    expect(await loadPartState(path)).toBeNull(); // a small one: not yet worth a file of its own
    clock.advance(250);
    await part.write(bytes(100), 500);
    expect((await loadPartState(path))?.done).toEqual([
      [0, 100],
      [500, 600],
    ]);
    await part.write(bytes(400), 100);
    expect(part.isWhole).toBe(false);
  }
  await using again = await openPartFile(path, "a", { clock });
  expect([again.done, again.doneBytes, again.sizeBytes, again.validator]).toEqual([
    [[0, 600]],
    600,
    1000,
    '"v"',
  ]);
});

test("a large one has a state from its first bytes on", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x.part");
  await using part = await openPartFile(path, "a", { clock: createManualClock() });
  part.describe({ sizeBytes: 5 << 20 });
  await part.write(bytes(100), 0);
  expect((await loadPartState(path))?.done).toEqual([[0, 100]]);
});

test("a state whose part is gone says nothing of the next one", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x.part");
  {
    await using part = await openPartFile(path, "a", { clock: systemClock });
    part.describe({ sizeBytes: 100 });
    await part.write(bytes(100), 0);
  }
  await rm(path);
  await using part = await openPartFile(path, "a", { clock: systemClock });
  expect([part.done, await loadPartState(path)]).toEqual([[], null]);
});

test("another source's part is emptied", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x.part");
  {
    await using part = await openPartFile(path, "a", { clock: systemClock });
    await part.write(bytes(100), 0);
  }
  await using other = await openPartFile(path, "b", { clock: systemClock });
  expect([other.doneBytes, (await Bun.file(path).stat()).size]).toEqual([0, 0]);
});

test("a full disk is E_DISK with the path", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x.part");
  await symlink("/dev/full", path); // every write to it fails with ENOSPC
  const state = { format: 1, source: "a", validator: null, size_bytes: null, done: [] };
  await Bun.write(`${path}.json`, JSON.stringify(state));
  await using part = await openPartFile(path, "a", { clock: systemClock });
  expect(await failureOf(part.write(bytes(100), 0))).toMatchObject({ code: "E_DISK", details: { path } });
});

test("a folder that cannot be made is told with its path", async () => {
  await using folder = await createTempFolder();
  await mkdir(join(folder.path, "x.part"));
  expect(
    await failureOf(openPartFile(join(folder.path, "x.part"), "a", { clock: systemClock })),
  ).toBeInstanceOf(Error);
});

test("a part goes with its state", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x.part");
  await (await openPartFile(path, "a", { clock: systemClock }))[Symbol.asyncDispose]();
  await removePart(path);
  expect([await Bun.file(path).exists(), await Bun.file(`${path}.json`).exists()]).toEqual([false, false]);
});

test("a small one that will be proved has no state however slowly it comes, and goes on from its end", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x.part");
  const clock = createManualClock();
  const options = { clock, smallProvedBytes: 1000 };
  const part = await openPartFile(path, "a", options);
  part.describe({ sizeBytes: 1000 });
  await part.write(bytes(100), 0);
  clock.advance(60_000);
  await part.write(bytes(300), 100);
  expect(await loadPartState(path)).toBeNull();
  // The process is killed here: nobody closes the part.
  await using again = await openPartFile(path, "a", options);
  expect([again.done, again.sizeBytes]).toEqual([[[0, 400]], 1000]);
  await part[Symbol.asyncDispose]();
});

test("who wants the file of a part that is whole gets it open, and none of one that is not", async () => {
  await using folder = await createTempFolder();
  const taken: number[] = [];
  for (const sizeBytes of [100, 200]) {
    await using part = await openPartFile(join(folder.path, `${sizeBytes}.part`), "a", {
      clock: systemClock,
      async takeWhole(file) {
        taken.push((await file.stat()).size);
        await file.close();
      },
    });
    part.describe({ sizeBytes });
    await part.write(bytes(100), 0);
  }
  expect(taken).toEqual([100]);
});

test("a part that cannot be begun anew is not left open", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x.part");
  await Bun.write(path, bytes(100));
  await mkdir(`${path}.json`); // no state can be put there
  expect(await failureOf(openPartFile(path, "a", { clock: systemClock }))).toBeInstanceOf(Error);
  if (process.platform !== "linux") return;
  const links = (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ""));
  expect(await Promise.all(links)).not.toContain(path);
});
