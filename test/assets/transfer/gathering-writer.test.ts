import { expect, test } from "bun:test";
import { createGatheringWriter, gatheredBytes } from "../../../src/assets/transfer/gathering-writer.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createManualClock } from "../../support/manual-clock.ts";

/** Writes that end when they are told to. */
function createDisk() {
  const writes: { bytes: number[]; end: PromiseWithResolvers<void> }[] = [];
  return {
    writes,
    write: (pieces: readonly Uint8Array[]): Promise<void> => {
      const end = Promise.withResolvers<void>();
      writes.push({ bytes: pieces.flatMap((piece) => [...piece.subarray(0, 1)]), end });
      return end.promise;
    },
  };
}
const piece = (mark: number, length = 1): Uint8Array => new Uint8Array(length).fill(mark);
const settleSoon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("what comes in the first moment is written together, and then each time what came meanwhile, in order", async () => {
  const disk = createDisk();
  const clock = createManualClock();
  const writer = createGatheringWriter(disk.write, clock);
  for (const mark of [1, 2, 3]) await writer.push(piece(mark));
  expect(disk.writes).toEqual([]);
  clock.advance(20);
  expect(disk.writes.map(({ bytes }) => bytes)).toEqual([[1, 2, 3]]);
  for (const mark of [4, 5]) await writer.push(piece(mark));
  expect(disk.writes.length).toBe(1);
  disk.writes[0]?.end.resolve();
  await settleSoon();
  expect(disk.writes.map(({ bytes }) => bytes)).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
  const flushed = writer.flush();
  disk.writes[1]?.end.resolve();
  await flushed;
  await writer.push(piece(6));
  expect(disk.writes.map(({ bytes }) => bytes).at(-1)).toEqual([6]);
});

test("who is at the end waits for no others", async () => {
  const disk = createDisk();
  const writer = createGatheringWriter(disk.write, createManualClock());
  for (const mark of [1, 2]) await writer.push(piece(mark));
  const flushed = writer.flush();
  expect(disk.writes.map(({ bytes }) => bytes)).toEqual([[1, 2]]);
  disk.writes[0]?.end.resolve();
  await flushed;
});

test("who brings more than may lie here waits", async () => {
  const disk = createDisk();
  const writer = createGatheringWriter(disk.write, createManualClock());
  await writer.push(piece(1, gatheredBytes));
  expect(disk.writes.length).toBe(1);
  let isTaken = false;
  const pushed = writer.push(piece(2, gatheredBytes)).then(() => {
    isTaken = true;
  });
  await settleSoon();
  expect(isTaken).toBe(false);
  disk.writes[0]?.end.resolve();
  await settleSoon();
  disk.writes[1]?.end.resolve();
  await pushed;
  expect(isTaken).toBe(true);
});

test("a write that fails is met by the next who comes, and by who waits for the end", async () => {
  const disk = createDisk();
  const clock = createManualClock();
  const writer = createGatheringWriter(disk.write, clock);
  await writer.push(piece(1));
  clock.advance(20);
  disk.writes[0]?.end.reject(new Error("full"));
  await settleSoon();
  expect((await failureOf(writer.push(piece(2)))).message).toBe("full");
  expect((await failureOf(writer.flush())).message).toBe("full");
  expect(disk.writes.length).toBe(1);
});

test("after an end at which nothing lay here it goes on", async () => {
  const disk = createDisk();
  const writer = createGatheringWriter(disk.write, createManualClock());
  await writer.flush();
  await writer.push(piece(1));
  expect(disk.writes.map(({ bytes }) => bytes)).toEqual([[1]]);
});
