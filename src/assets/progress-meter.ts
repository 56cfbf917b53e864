// Progress of one asset's run, from many small steps to at most ten events a second.
import type { Clock } from "../base/clock.ts";
import type { Emit } from "../base/events.ts";
import type { AssetEvent, AssetPhase } from "./port.ts";

/** Disposing it silences it. */
export interface ProgressMeter extends Disposable {
  /** Begins a phase (or a source) from nothing. `totalBytes` is null while nobody knows it. */
  begin(phase: AssetPhase, totalBytes: number | null): void;
  /** Bytes of one piece (a file, an archive) that are there by now. */
  set(pieceKey: string, doneBytes: number, totalBytes?: number | null): void;
  /** Tells at once what has not been told yet. */
  flush(): void;
}

const intervalMs = 100;
/** The rate is that of the last seconds: long enough to be steady, short enough to follow. */
const rateWindowMs = 3_000;

export function createProgressMeter(
  asset: { name: string; progressIntervalMb: number },
  clock: Clock,
  emit: Emit<AssetEvent>,
): ProgressMeter {
  const lineIntervalBytes = asset.progressIntervalMb * 2 ** 20;
  let phase: AssetPhase = "download";
  let announcedBytes: number | null = null;
  const done = new Map<string, number>();
  const totals = new Map<string, number>();
  let samples: { atMs: number; bytes: number }[] = [];
  let emittedAtMs = Number.NEGATIVE_INFINITY;
  // What came too soon after an event to have its own: told when the interval is over, lest a download that stalls
  // show less than it has.
  let owed: Disposable | null = null;
  const settle = (): void => {
    owed?.[Symbol.dispose]();
    owed = null;
  };

  const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

  const report = (): void => {
    settle();
    const nowMs = clock.nowMs();
    emittedAtMs = nowMs;
    const doneBytes = sum(done.values());
    samples = [...samples.filter((s) => nowMs - s.atMs <= rateWindowMs), { atMs: nowMs, bytes: doneBytes }];
    const first = samples[0];
    const elapsedMs = first ? nowMs - first.atMs : 0;
    const bytesPerSecond =
      first && elapsedMs > 0 ? Math.max(0, ((doneBytes - first.bytes) * 1000) / elapsedMs) : 0;
    const totalBytes = announcedBytes ?? (totals.size > 0 ? sum(totals.values()) : null);
    emit({
      type: "asset-progress",
      asset: asset.name,
      phase,
      doneBytes,
      totalBytes,
      bytesPerSecond,
      lineIntervalBytes,
    });
  };

  return {
    begin(nextPhase, totalBytes) {
      settle();
      phase = nextPhase;
      announcedBytes = totalBytes;
      done.clear();
      totals.clear();
      samples = [];
      emittedAtMs = Number.NEGATIVE_INFINITY;
    },
    set(pieceKey, doneBytes, totalBytes) {
      done.set(pieceKey, doneBytes);
      if (totalBytes !== undefined && totalBytes !== null) totals.set(pieceKey, totalBytes);
      const waitMs = emittedAtMs + intervalMs - clock.nowMs();
      if (waitMs <= 0) report();
      else owed ??= clock.schedule(report, waitMs);
    },
    flush() {
      if (owed) report();
    },
    [Symbol.dispose]: settle,
  };
}
