import { expect, test } from "bun:test";
import { addRange, type ByteRange } from "../../../src/assets/transfer/byte-ranges.ts";
import { type Claim, createRangeClaims } from "../../../src/assets/transfer/range-claims.ts";
import { createRandom } from "../kill-trial.ts";

const MiB = 1 << 20;
const rangeOf = (claim: Claim | null): ByteRange | null => claim && [claim.start / MiB, claim.end / MiB];

test("a short file is shared out in equal parts, a long one in pieces from its beginning", () => {
  const short = createRangeClaims({ totalBytes: 12 * MiB, pieceBytes: 16 * MiB, listDone: () => [] });
  expect([4, 3, 2, 1].map((idle) => rangeOf(short.take(idle, 0)))).toEqual([
    [0, 3],
    [3, 6],
    [6, 9],
    [9, 12],
  ]);
  expect(short.take(1, 0)).toBeNull();
  const long = createRangeClaims({ totalBytes: 1000 * MiB, pieceBytes: 16 * MiB, listDone: () => [] });
  expect([4, 3].map((idle) => rangeOf(long.take(idle, 0)))).toEqual([
    [0, 16],
    [16, 32],
  ]);
});

test("what is there already is not claimed, and what a failed connection gives back is", () => {
  let done: ByteRange[] = [[2 * MiB, 5 * MiB]];
  const claims = createRangeClaims({ totalBytes: 8 * MiB, pieceBytes: 16 * MiB, listDone: () => done });
  const first = claims.take(1, 0);
  expect(rangeOf(first)).toEqual([0, 2]);
  done = addRange(done, [0, MiB]);
  if (first) claims.release(first);
  expect(rangeOf(claims.take(1, 0))).toEqual([1, 2]);
  expect(rangeOf(claims.take(1, 0))).toEqual([5, 8]);
});

test("when nothing is left, the second half of the slowest is taken over, if that is worth it", () => {
  let done: ByteRange[] = [];
  const claims = createRangeClaims({ totalBytes: 32 * MiB, pieceBytes: 16 * MiB, listDone: () => done });
  const advance = (claim: Claim, bytes: number): void => {
    done = addRange(done, [claim.position, claim.position + bytes]);
    claim.position += bytes;
  };
  const [slow, fast] = [claims.take(2, 0), claims.take(1, 0)];
  if (!slow || !fast) throw new Error("nothing to claim");
  advance(slow, 2 * MiB);
  advance(fast, 12 * MiB);
  expect(claims.take(1, 100)).toBeNull(); // too early to tell
  expect(rangeOf(claims.take(1, 2_000))).toEqual([9, 16]);
  expect(rangeOf(slow)).toEqual([0, 9]);
  // A third connection: now the rest of the slow one (7 MiB at 1 MiB/s) is halved again.
  expect(rangeOf(claims.take(1, 2_000))).toEqual([5.5, 9]);
  advance(slow, 3 * MiB);
  expect(claims.take(1, 2_100)).toBeNull(); // what is left of each is soon here
});

test("whatever happens, every byte is fetched exactly once", () => {
  const seed = Date.now() % 1_000_000;
  const random = createRandom(seed);
  const totalBytes = 40 * MiB + 12_345;
  let done: ByteRange[] = [];
  let fetchedBytes = 0;
  const claims = createRangeClaims({ totalBytes, pieceBytes: 4 * MiB, listDone: () => done });
  const active: Claim[] = [];
  for (let nowMs = 0; active.length > 0 || nowMs === 0 || fetchedBytes < totalBytes; nowMs += 300) {
    while (active.length < 4) {
      const claim = claims.take(4 - active.length, nowMs);
      if (!claim) break;
      active.push(claim);
    }
    for (const claim of active.slice()) {
      const bytes = Math.min(Math.ceil(random() * 700_000), claim.end - claim.position);
      done = addRange(done, [claim.position, claim.position + bytes]);
      claim.position += bytes;
      fetchedBytes += bytes;
      if (claim.position < claim.end && random() > 0.1) continue; // goes on; or has it all, or breaks off
      claims.release(claim);
      active.splice(active.indexOf(claim), 1);
    }
    if (nowMs > 3_600_000) throw new Error(`seed ${seed}: it does not end`);
  }
  expect({ seed, done, fetchedBytes }).toEqual({ seed, done: [[0, totalBytes]], fetchedBytes: totalBytes });
});
