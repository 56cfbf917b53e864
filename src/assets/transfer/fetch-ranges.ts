// Fetches what is missing of a file over several connections: each takes a range, and the next when it has it. One that
// fails gives its range back and waits, while the others go on.
import type { Clock } from "../../base/clock.ts";
import { throwIfAborted } from "../../base/deadline.ts";
import { AppError } from "../../base/errors.ts";
import type { Attempts } from "./attempts.ts";
import { type ConnectionCount, intervalMs } from "./connection-count.ts";
import type { OpenResponse } from "./http-request.ts";
import type { Claim, RangeClaims } from "./range-claims.ts";
import { isPassing, sleep } from "./retry.ts";

export interface FetchRangesOptions {
  clock: Clock;
  claims: RangeClaims;
  count: ConnectionCount;
  /** As many as there will usually be: the file is shared out among them from the beginning. */
  usualConnections: number;
  attempts: Attempts;
  countDone: () => number;
  /** Fetches a claim, moving its position, up to its end; `opened` is its answer when there is one already. */
  receive: (claim: Claim, signal: AbortSignal, opened?: OpenResponse) => Promise<void>;
  first: { claim: Claim; opened: OpenResponse };
  signal: AbortSignal;
}

/** What a connection has to have brought, that its end is taken for an accident. */
const progressBytes = 256 << 10;

/** The server itself says so (429, 503), and not the line. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof AppError && typeof error.details?.["status"] === "number";

/** Resolves when nothing is left to claim. Rejects with what `receive` rejects, when no further attempt can help. */
export async function fetchRanges(options: FetchRangesOptions): Promise<void> {
  const { clock, claims, count, attempts, signal } = options;
  const siblings = new AbortController();
  const all = AbortSignal.any([signal, siblings.signal]);
  const ended = Promise.withResolvers<void>();
  let active = 0;
  let waiting = 0;

  const fill = (): void => {
    while (!all.aborted && active + waiting < count.target) {
      const idle = Math.max(count.target, options.usualConnections) - active;
      const claim = claims.take(idle, clock.nowMs());
      if (!claim) break;
      run(claim);
    }
    if (active + waiting === 0) ended.resolve();
  };

  const run = (claim: Claim, opened?: OpenResponse): void => {
    active += 1;
    const { episode } = attempts;
    void options
      .receive(claim, all, opened)
      .catch((error: unknown) => judge(error, claim, episode))
      .finally(() => {
        claims.release(claim);
        active -= 1;
        fill();
      });
  };

  const judge = (error: unknown, claim: Claim, episode: number): void => {
    if (all.aborted) return;
    try {
      if (!isPassing(error)) throw error;
      // Refused at the door while others are served: there are too many of us.
      if (isRefusal(error) && active > 1) return count.limit(active - 1);
      if (episode < attempts.episode) return;
      const delayMs = attempts.spend(error, options.countDone());
      // The line is bad, the server is not: who got somewhere goes on at once.
      if (claim.position - claim.start >= progressBytes) return;
      if (isRefusal(error)) count.halve();
      wait(delayMs);
    } catch (failure) {
      siblings.abort(failure); // keeps the first failure as the others' reason
    }
  };

  const wait = (delayMs: number): void => {
    waiting += 1;
    void sleep(clock, delayMs, all)
      .catch(() => undefined)
      .finally(() => {
        waiting -= 1;
        fill();
      });
  };

  let measured = { atMs: clock.nowMs(), bytes: options.countDone() };
  const measure = (): void => {
    const now = { atMs: clock.nowMs(), bytes: options.countDone() };
    const seconds = (now.atMs - measured.atMs) / 1000;
    if (seconds > 0) count.observe((now.bytes - measured.bytes) / seconds, active);
    measured = now;
    timer = clock.schedule(measure, intervalMs);
    fill();
  };
  // The first look decides between a fast link and a slow one, and a short file is soon here.
  let timer = clock.schedule(measure, intervalMs / 2);
  try {
    run(options.first.claim, options.first.opened);
    fill();
    await ended.promise;
  } finally {
    timer[Symbol.dispose]();
  }
  throwIfAborted(signal);
  if (siblings.signal.aborted) throw siblings.signal.reason;
}
