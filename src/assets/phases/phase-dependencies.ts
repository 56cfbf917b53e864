// What the phases are handed: clock, network, locks, and this store's folders and limits.
import type { Clock } from "../../base/clock.ts";
import type { Emit } from "../../base/events.ts";
import type { FileLocker } from "../../base/file-lock.ts";
import type { GetFreeBytes } from "../free-space.ts";
import type { AssetEvent } from "../port.ts";
import type { ExchangePaths } from "../replace-folder.ts";
import type { PlanRequest, SourcePlan } from "../sources/source.ts";
import type { AssetSource } from "../asset-schema.ts";
import type { TransferDependencies, TransferLimits } from "../transfer/download-file.ts";

export interface PhaseDependencies extends TransferDependencies {
  clock: Clock;
  emit: Emit<AssetEvent>;
  locker: FileLocker;
  exchange: ExchangePaths | null;
  getFreeBytes: GetFreeBytes;
  assetsDir: string;
  cacheRoot: string;
  limits: TransferLimits;
  lockTimeoutMs: number | undefined;
  planSource: (source: AssetSource, request: PlanRequest) => Promise<SourcePlan>;
}
