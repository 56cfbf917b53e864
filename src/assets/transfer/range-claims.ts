// Who fetches which bytes of a file: each connection claims a range, and when nothing is left to claim, an idle one takes
// over the second half of what the slowest has before it.
import { addRange, type ByteRange, planGaps } from "./byte-ranges.ts";

export interface Claim {
  readonly start: number;
  /** The next byte that its connection will have. */
  position: number;
  /** Exclusive. It comes nearer when another connection takes over the rest. */
  end: number;
  readonly sinceMs: number;
}

export interface RangeClaims {
  /** The next range for one more connection, when `idle` of them could take one each; null: none is worth it now. */
  take(idle: number, nowMs: number): Claim | null;
  /** Of a range that is being fetched already. */
  add(range: ByteRange, nowMs: number): Claim;
  /** Ended, whole or not: what is missing of it is anybody's. */
  release(claim: Claim): void;
}

export interface RangeClaimsOptions {
  totalBytes: number;
  /** A range is at most this long. */
  pieceBytes: number;
  /** What is there by now. */
  listDone: () => readonly ByteRange[];
}

/** Less is not worth a request of its own. */
const leastBytes = 1 << 20;
/** What its connection will have in so little time is left to it: another would hardly have begun. */
const worthwhileMs = 2_000;

export function createRangeClaims({ totalBytes, pieceBytes, listDone }: RangeClaimsOptions): RangeClaims {
  const claims = new Set<Claim>();
  const least = Math.min(leastBytes, pieceBytes);

  const add = ([start, end]: ByteRange, sinceMs: number): Claim => {
    const claim = { start, position: start, end, sinceMs };
    claims.add(claim);
    return claim;
  };

  const split = (nowMs: number): Claim | null => {
    const timeLeftMs = ({ start, position, end, sinceMs }: Claim): number =>
      ((end - position) * (nowMs - sinceMs)) / Math.max(1, position - start);
    const [slowest] = [...claims]
      .filter(({ position, end }) => end - position >= 2 * least)
      .filter((claim) => nowMs - claim.sinceMs >= worthwhileMs / 2 && timeLeftMs(claim) >= worthwhileMs)
      .sort((a, b) => timeLeftMs(b) - timeLeftMs(a));
    if (!slowest) return null;
    const middle = slowest.position + Math.ceil((slowest.end - slowest.position) / 2);
    const taken = add([middle, slowest.end], nowMs);
    slowest.end = middle;
    return taken;
  };

  return {
    take(idle, nowMs) {
      let covered: ByteRange[] = [...listDone()];
      for (const { position, end } of claims) covered = addRange(covered, [position, end]);
      const gaps = planGaps(covered, totalBytes, Number.MAX_SAFE_INTEGER);
      const [gap] = gaps;
      if (!gap) return split(nowMs);
      const openBytes = gaps.reduce((sum, [start, end]) => sum + end - start, 0);
      // In equal shares towards the end, so that all are done at the same time.
      const share = Math.max(least, Math.ceil(openBytes / Math.max(1, idle)));
      return add([gap[0], Math.min(gap[1], gap[0] + Math.min(share, pieceBytes))], nowMs);
    },
    add,
    release: (claim) => void claims.delete(claim),
  };
}
