// What the phases are handed: clock, network, locks, and this store's folders and limits.
import type { Clock } from "../../base/clock.ts";
import type { FileLocker } from "../../base/file-lock.ts";
import type { Tokens } from "../credentials.ts";
import type { GetFreeBytes } from "../free-space.ts";
import type { Registrar } from "../registry/keep-registered.ts";
import type { ExchangePaths } from "../replace-folder.ts";
import type { Reservations } from "../reservations.ts";
import type { PlanRequest, SourcePlan } from "../sources/source.ts";
import type { AssetSource } from "../asset-schema.ts";
import type { TransferDependencies, TransferLimits } from "../transfer/download-file.ts";

export interface PhaseDependencies extends TransferDependencies {
  clock: Clock;
  locker: FileLocker;
  exchange: ExchangePaths | null;
  getFreeBytes: GetFreeBytes;
  reservations: Reservations;
  /** Null: nothing is written down in a registry. */
  registrar: Registrar | null;
  tokens: Tokens;
  /** A missing token is an error. */
  isStrict: boolean;
  assetsDir: string;
  cacheRoot: string;
  limits: TransferLimits;
  lockTimeoutMs: number | undefined;
  planSource: (source: AssetSource, request: PlanRequest) => Promise<SourcePlan>;
}
