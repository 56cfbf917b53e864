import { afterEach, beforeEach, expect, test } from "bun:test";
import { open, type FileHandle, unlink, writeFile } from "node:fs/promises";
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
  await using flusher = createFlusher();
  const slow = createSlowFile();
  await flusher.take("a", slow.file);
  let isFinished = false;
  const finished = flusher.finish("a").then(() => {
    isFinished = true;
  });
  await settleSoon();
  expect({ calls: slow.calls, isFinished }).toEqual({ calls: ["sync"], isFinished: false });
  slow.flush.resolve();
  await finished;
  expect(slow.calls).toEqual(["sync", "close"]);
});

test("a flush that fails is told to who asks, and the file is closed all the same", async () => {
  await using flusher = createFlusher();
  const slow = createSlowFile();
  await flusher.take("a", slow.file);
  slow.flush.reject(new Error("EIO"));
  expect((await failureOf(flusher.finish("a"))).message).toBe("EIO");
  expect(slow.calls).toEqual(["sync", "close"]);
});

test("of several for the same path the last counts", async () => {
  await using flusher = createFlusher();
  const [wrong, right] = [createSlowFile(), createSlowFile()];
  await flusher.take("a", wrong.file);
  wrong.flush.reject(new Error("EIO"));
  await flusher.take("a", right.file);
  right.flush.resolve();
  await flusher.finish("a");
});

test("a few are flushed at once, and more than so many open files are not taken", async () => {
  await using flusher = createFlusher({ filesAtOnce: 1, openFiles: 2 });
  const files = [createSlowFile(), createSlowFile(), createSlowFile()] as const;
  await flusher.take("0", files[0].file);
  await flusher.take("1", files[1].file);
  let isTaken = false;
  const third = flusher.take("2", files[2].file).then(() => {
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

test("many are flushed, and those that have gone meanwhile harm nobody", async () => {
  const paths = Array.from({ length: 40 }, (_, i) => join(folder.path, String(i)));
  const flusher = createFlusher({ openFiles: 8 });
  for (const path of paths) {
    const file = await open(path, "wx+");
    await file.write("bytes");
    await flusher.take(path, file);
    if (path.endsWith("9")) await unlink(path); // as of a download that is given up
  }
  for (const path of paths) await flusher.finish(path);
  await flusher[Symbol.asyncDispose]();
});

test("what nobody has handed in is flushed when it is asked for, by the system's own means", async () => {
  await using flusher = createFlusher();
  const path = join(folder.path, "a");
  await writeFile(path, "bytes");
  await flusher.finish(path);
  await flusher.take(path, await open(path, "r+"));
  await flusher.finish(path);
  expect((await failureOf(flusher.finish(join(folder.path, "none")))).message).toContain("ENOENT");
});

test("disposing it waits for what is under way, also for what another has taken the place of", async () => {
  const [slow, next] = [createSlowFile(), createSlowFile()];
  const flusher = createFlusher();
  await flusher.take("a", slow.file);
  await flusher.take("a", next.file);
  next.flush.resolve();
  let isOver = false;
  const over = flusher[Symbol.asyncDispose]().then(() => {
    isOver = true;
  });
  await settleSoon();
  expect(isOver).toBe(false);
  slow.flush.reject(new Error("EIO"));
  await over;
});

test("what nobody has asked for when it is disposed is closed as it is", async () => {
  const files = [createSlowFile(), createSlowFile(), createSlowFile()] as const;
  const flusher = createFlusher({ filesAtOnce: 1 });
  for (const [i, { file }] of files.entries()) await flusher.take(String(i), file);
  const over = flusher[Symbol.asyncDispose]();
  await settleSoon();
  files[0].flush.resolve();
  await over;
  expect(files.map(({ calls }) => calls)).toEqual([["sync", "close"], ["close"], ["close"]]);
});
