import { afterEach, beforeEach, expect, test } from "bun:test";
import { open, type FileHandle, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createFlusher } from "../../src/assets/flusher.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder, type TempFolder } from "../support/temp-folder.ts";

let folder: TempFolder;
beforeEach(async () => {
  folder = await createTempFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

/** A file whose flush ends when it is told to. */
function createSlowFile() {
  const flush = Promise.withResolvers<void>();
  const calls: string[] = [];
  const file = {
    fd: 7,
    sync: () => {
      calls.push("sync");
      return flush.promise;
    },
    close: async () => {
      calls.push("close");
    },
  } as unknown as FileHandle;
  return { file, calls, flush };
}
const settleSoon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("what is handed in is flushed and closed without anybody waiting, and who asks learns of the end", async () => {
  await using flusher = createFlusher({ startWriteback: null });
  const slow = createSlowFile();
  await flusher.take("a", slow.file, 10);
  let isFinished = false;
  const finished = flusher.finish("a", 10).then(() => {
    isFinished = true;
  });
  await settleSoon();
  expect({ calls: slow.calls, isFinished }).toEqual({ calls: ["sync"], isFinished: false });
  slow.flush.resolve();
  await finished;
  expect(slow.calls).toEqual(["sync", "close"]);
});

test("a flush that fails is told to who asks, and the file is closed all the same", async () => {
  await using flusher = createFlusher({ startWriteback: null });
  const slow = createSlowFile();
  await flusher.take("a", slow.file, 10);
  slow.flush.reject(new Error("EIO"));
  expect((await failureOf(flusher.finish("a", 10))).message).toBe("EIO");
  expect(slow.calls).toEqual(["sync", "close"]);
});

test("of several for the same path the last counts", async () => {
  await using flusher = createFlusher({ startWriteback: null });
  const [wrong, right] = [createSlowFile(), createSlowFile()];
  await flusher.take("a", wrong.file, 10);
  wrong.flush.reject(new Error("EIO"));
  await flusher.take("a", right.file, 10);
  right.flush.resolve();
  await flusher.finish("a", 10);
});

test("a few are flushed at once, and more than so many open files are not taken", async () => {
  await using flusher = createFlusher({ filesAtOnce: 1, openFiles: 2, startWriteback: null });
  const files = [createSlowFile(), createSlowFile(), createSlowFile()] as const;
  await flusher.take("0", files[0].file, 10);
  await flusher.take("1", files[1].file, 10);
  let isTaken = false;
  const third = flusher.take("2", files[2].file, 10).then(() => {
    isTaken = true;
  });
  await settleSoon();
  expect(isTaken).toBe(false);
  expect(files.map(({ calls }) => calls)).toEqual([["sync"], [], []]);
  files[0].flush.resolve();
  await third;
  expect(files.map(({ calls }) => calls)).toEqual([["sync", "close"], ["sync"], []]);
  for (const { flush } of files) flush.resolve();
});

test("small files begin on their way to the disk at once, large ones with the flush", async () => {
  const begun: number[] = [];
  await using flusher = createFlusher({ startWriteback: (fd) => begun.push(fd) });
  const [small, large] = [createSlowFile(), createSlowFile()];
  await flusher.take("small", small.file, 20_000);
  await flusher.take("large", large.file, 20_000_000);
  expect(begun).toEqual([7]);
  for (const { flush } of [small, large]) flush.resolve();
});

test("what nobody has handed in is flushed when it is asked for, by the system's own means", async () => {
  await using flusher = createFlusher();
  const path = join(folder.path, "a");
  await writeFile(path, "bytes");
  await flusher.finish(path, 10);
  await flusher.take(path, await open(path, "r+"), 5);
  await flusher.finish(path, 10);
  expect((await failureOf(flusher.finish(join(folder.path, "none"), 10))).message).toContain("ENOENT");
});

test("disposing it waits for what is under way", async () => {
  const slow = createSlowFile();
  const flusher = createFlusher({ startWriteback: null });
  await flusher.take("a", slow.file, 10);
  let isOver = false;
  const over = flusher[Symbol.asyncDispose]().then(() => {
    isOver = true;
  });
  await settleSoon();
  expect(isOver).toBe(false);
  slow.flush.reject(new Error("EIO"));
  await over;
});
