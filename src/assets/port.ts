// What the rest of the house asks of the asset manager.
import type { Asset, AssetDefinition } from "./asset-schema.ts";

export type AssetPhase =
  | "resolve"
  | "licence"
  | "compatibility"
  | "lock"
  | "recheck"
  | "quota"
  | "space"
  | "download"
  | "verify"
  | "unpack"
  | "place"
  | "register"
  | "mirror-config";

export type AssetSourceType = "http" | "hf" | "npm" | "local";

export type AssetEvent = AssetHappening & {
  /** The asset's owner wants no report of it: for the metrics, and not for people. Warnings and failures are. */
  isSilent?: true;
};

type AssetHappening =
  | { type: "asset-phase-start"; asset: string; phase: AssetPhase }
  | { type: "asset-phase-end"; asset: string; phase: AssetPhase; durationMs: number; outcome: "ok" | "error" }
  | {
      type: "asset-progress";
      asset: string;
      phase: AssetPhase;
      doneBytes: number;
      totalBytes: number | null;
      bytesPerSecond: number;
      /** Where progress is told in lines: one each time so many bytes have come; default 5 MiB. */
      lineIntervalBytes?: number;
    }
  | { type: "asset-source-fail"; asset: string; sourceType: AssetSourceType; error: Error }
  | { type: "asset-download-end"; asset: string; result: AssetResult }
  | { type: "asset-download-fail"; asset: string; error: Error }
  /** It is off the disk. */
  | { type: "asset-remove-end"; asset: string; freedBytes: number }
  | { type: "asset-warning"; asset: string; code: string; message: string };

export interface AssetProgress {
  phase: AssetPhase;
  doneBytes: number;
  totalBytes: number | null;
  bytesPerSecond: number;
}

export interface AssetResult {
  name: string;
  /** Absolute: a file, or a folder for an asset of several files. */
  path: string;
  fromCache: boolean;
  downloadedBytes: number;
  /** Bytes taken over from an earlier, unfinished run. */
  resumedBytes: number;
  sourceType: AssetSourceType;
}

export interface AssetStatus {
  name: string;
  version: string;
  assetType: string;
  sourceType: AssetSourceType;
  /** `sha256:<hex>`; of several files that of their list, as `sha256sum` prints it. */
  checksum: string | null;
  status: "cached" | "not cached" | "invalid checksum" | "partial";
  /** 0 to 1, with status `partial`. */
  partialFraction?: number;
  path: string;
  sizeBytes: number | null;
  description?: string;
}

export interface AssetVerification {
  name: string;
  status: "ok" | "changed" | "missing" | "not cached" | "no checksum";
  /** Both as in `AssetStatus.checksum`; `expected` is null where nothing but the record tells. */
  expected: string | null;
  found: string | null;
  /** Of an asset of several files: those that are not as they should be. `found` is null for one that is not there. */
  badFiles?: readonly { path: string; expected: string; found: string | null }[];
}

export interface EnsureOptions {
  forceDownload?: boolean | undefined;
  /** An abort keeps the part for resume; an abort whose reason is an AppError E_INTERRUPTED with details {discard: true} removes it. */
  signal?: AbortSignal | undefined;
  /** Called at most ten times a second while bytes come; also for an asset that wants no progress report. */
  onProgress?: ((progress: AssetProgress) => void) | undefined;
}

export interface RemoveOptions {
  /** Also what somebody works with. Default false: that is E_BUSY, and nothing is touched. */
  force?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** The phases `licence`, `compatibility` and `mirror-config`; what is not handed in does nothing. A hit asks none. */
export interface AssetHooks {
  /** Rejects with E_LICENSE before anything is locked or fetched. */
  requireLicence?: ((asset: Asset, signal: AbortSignal) => Promise<void>) | undefined;
  /** Rejects with E_COMPAT, likewise. */
  requireCompatible?: ((asset: Asset, signal: AbortSignal) => Promise<void>) | undefined;
  /** The asset is in place and registered, and its lock still held. */
  mirrorConfig?: ((asset: Asset, result: AssetResult, signal: AbortSignal) => Promise<void>) | undefined;
}

export interface HandleEnsureOptions extends EnsureOptions {
  hooks?: AssetHooks | undefined;
  /** Instead of the store's own quota. */
  quotaBytes?: number | undefined;
  /** Files that are fetched at the same time; default as the store has it. */
  filesAtOnce?: number | undefined;
  /** What an unfinished run has left is thrown away. */
  startsOver?: boolean | undefined;
}

/** One asset that no catalogue lists. */
export interface AssetHandle {
  readonly asset: Asset;
  ensure(options?: HandleEnsureOptions): Promise<AssetResult>;
  /** For who works with it: it counts as in use until the store is disposed. */
  getPath(options?: HandleEnsureOptions): Promise<string>;
  status(): Promise<AssetStatus>;
  verify(): Promise<AssetVerification>;
  remove(options?: RemoveOptions): Promise<{ freedBytes: number }>;
}

export interface UnlistedAssets {
  /**
   * For assets that are known only at run time. What did not come from the operator (an HTTP request's url) has to say
   * `isTrusted: false` in the definition. Two handles of one place share its lock, and those of one definition its
   * run. E_SCHEMA.
   */
  open(definition: AssetDefinition): AssetHandle;
}

export interface AssetStore {
  /** Brings the asset here unless it is: a hit opens no socket and hashes nothing. */
  ensure(name: string, options?: EnsureOptions): Promise<AssetResult>;
  getPath(name: string, options?: EnsureOptions): Promise<string>;
  list(): Promise<readonly AssetStatus[]>;
  status(name: string): Promise<AssetStatus>;
  /** Hashes what is on disk. */
  verify(name?: string): Promise<readonly AssetVerification[]>;
  /** E_BUSY, naming who: for one that is in use, unless forced, and for one that is being brought elsewhere. */
  remove(name: string, options?: RemoveOptions): Promise<{ freedBytes: number }>;
  /**
   * Ends what brings the asset, for everybody who waits for it (E_INTERRUPTED), and removes its part. False when
   * nothing was under way, in this process.
   */
  cancel(name: string): Promise<boolean>;
  /** Removes all, also those that were declared once; `removed` has the names of those that were there. E_BUSY likewise. */
  clear(options?: RemoveOptions): Promise<{ removed: readonly string[]; freedBytes: number }>;
}
