// How many connections a download deserves, found out while it runs: two are enough for a fast link, where more cost more
// than they bring; a slow one gets the usual number at once, and more as long as each brings its share.

export interface ConnectionCount {
  readonly target: number;
  /** What came in the last interval, over `active` connections. To be called every `intervalMs`. */
  observe(bytesPerSecond: number, active: number): void;
  /** The server would not serve more than this many; it is not tried again. */
  limit(most: number): void;
  /** After a failure: a server that is hard pressed by four connections may well serve two. */
  halve(): void;
}

export const intervalMs = 250;
const firstCount = 2;
/** From here on the disk, the hash and the processor are what limits. */
const fastBytesPerSecond = 96 << 20;
const intervalsPerTrial = 4;
/** Between two trials that brought nothing. */
const restIntervals = 40;
/** Of what one more connection would bring if the link did not mind. */
const worthwhileShare = 0.5;
/** A connection less is kept when it costs no more than this. */
const unnoticedLoss = 0.05;

export function createConnectionCount(usual: number): ConnectionCount {
  let most = usual > 1 ? 2 * usual : 1;
  let target = Math.min(firstCount, usual);
  let isFirst = true;
  let sum = 0;
  let intervals = 0;
  let rest = 0;
  let direction: 1 | -1 = 1;
  let before: { count: number; rate: number } | null = null;

  const go = (count: number): void => {
    target = Math.max(1, Math.min(count, most));
    [sum, intervals] = [0, 0];
  };
  const giveUp = (): void => {
    if (before) go(before.count);
    before = null;
    rest = restIntervals;
    direction = direction === 1 ? -1 : 1;
  };
  const judge = (rate: number): void => {
    if (before === null) {
      before = { count: target, rate };
      const next = target + direction;
      if (next < 1 || next > most) giveUp();
      else go(next);
      return;
    }
    const wanted =
      target > before.count
        ? before.rate * (1 + worthwhileShare * ((target - before.count) / before.count))
        : before.rate * (1 - unnoticedLoss);
    if (rate < wanted) return giveUp();
    before = null; // it is kept, and the next trial goes on from here
    go(target);
  };

  return {
    get target() {
      return target;
    },
    observe(bytesPerSecond, active) {
      if (isFirst) {
        isFirst = false;
        if (bytesPerSecond < fastBytesPerSecond) go(usual);
        else rest = restIntervals;
        return;
      }
      // What comes at the end, with fewer than there could be, tells nothing.
      if (active < target) return go(target);
      if (rest > 0) {
        rest -= 1;
        return;
      }
      sum += bytesPerSecond;
      intervals += 1;
      if (intervals === intervalsPerTrial) judge(sum / intervals);
    },
    limit(count) {
      most = Math.max(1, Math.min(most, count));
      before = null;
      go(target);
    },
    halve() {
      before = null;
      isFirst = false;
      rest = restIntervals;
      go(Math.floor(target / 2));
      most = Math.max(target, Math.min(most, usual));
    },
  };
}
