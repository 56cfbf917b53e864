// Progress of one asset's run, from many small steps to at most ten events a second.
import type { Clock } from "../base/clock.ts";
import type { Emit } from "../base/events.ts";
import type { AssetEvent, AssetPhase } from "./port.ts";

export interface ProgressMeter {
  /** Begins a phase (or a source) from nothing. `totalBytes` is null while nobody knows it. */
  begin(phase: AssetPhase, totalBytes: number | null): void;
  /** Bytes of one piece (a file, an archive) that are there by now. */
  set(pieceKey: string, doneBytes: number, totalBytes?: number | null): void;
  /** Emits the last state, whenever the previous event was. */
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

  const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

  const report = (): void => {
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
      if (clock.nowMs() - emittedAtMs >= intervalMs) report();
    },
    flush() {
      if (done.size > 0) report();
    },
  };
}
