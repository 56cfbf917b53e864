// One run of `ensure`: what it is about, what it has gathered so far, and the outcome that ends it.
import type { Emit } from "../base/events.ts";
import type { AssetPlaces } from "./asset-layout.ts";
import type { FileDigests } from "./checksum.ts";
import type { Flusher } from "./flusher.ts";
import type { Asset, AssetFile, AssetSource } from "./asset-schema.ts";
import type { Quota } from "./quota.ts";
import type { AssetEvent, AssetHooks, AssetPhase, AssetResult } from "./port.ts";
import type { ProgressMeter } from "./progress-meter.ts";
import type { FetchPiece, SourcePlan } from "./sources/source.ts";

/** A verified file of the asset that does not have its final name yet. */
export interface StockedFile {
  path: string;
  /** Where its bytes are: a part, or a file in the staging folder. */
  from: string;
  sizeBytes: number;
  sha256: string;
  /** Of an archive's file that was one; default no. */
  isExecutable?: boolean;
}

export interface AssetJob {
  readonly asset: Asset;
  readonly places: AssetPlaces;
  readonly isForced: boolean;
  readonly hooks: AssetHooks;
  readonly quota: Quota;
  /** Files that are fetched at the same time; null: as the limits have it. */
  readonly filesAtOnce: number | null;
  /** Unfinished parts are thrown away. */
  readonly startsOver: boolean;
  readonly signal: AbortSignal;
  readonly meter: ProgressMeter;
  readonly emit: Emit<AssetEvent>;
  /** Alone with the asset's parts and staging folder, among all processes. */
  isLocked: boolean;
  /** What the run holds, freed at its end in reverse order. */
  readonly held: AsyncDisposableStack;
  readonly flusher: Flusher;
  /** By path; grows until the asset is complete. Of an asset with a manifest, sources may complete each other. */
  readonly stock: Map<string, StockedFile>;
  /** The source that delivered last. */
  deliveredBy?: { source: AssetSource; isFolder: boolean };
  /** The one file that the asset's path is, of what was unpacked. */
  destinationPath?: string;
  /** Room that was asked for, by what it is for. */
  readonly rooms: Map<string, { incomingBytes: number; placedBytes: number }>;
  /** Of what was reserved, what no piece has asked for yet. */
  spareBytes: number;
  /** Resolves when the piece that asked last has its room, or has been refused. */
  roomTurn: Promise<void>;
  downloadedBytes: number;
  resumedBytes: number;
  /** Set by the phase that knows it; after a hit no further phase runs. */
  result?: AssetResult;
}

export interface FetchedPiece {
  piece: FetchPiece;
  partPath: string;
  /** Taken while it came; null: it has to be hashed yet. */
  digests: FileDigests | null;
}

/** One source's turn. */
export interface Delivery {
  readonly source: AssetSource;
  /** Another source could take over: then this one gets little patience until it has answered. */
  readonly isBacked: boolean;
  hasAnswered: boolean;
  plan?: SourcePlan;
  readonly fetched: FetchedPiece[];
}

/** The steps of `ensure`, in order. Those per source are repeated for each source until the asset is complete. */
export type PhaseStep =
  | { name: AssetPhase; per: "asset"; run: (job: AssetJob) => Promise<void> }
  | { name: AssetPhase; per: "source"; run: (job: AssetJob, delivery: Delivery) => Promise<void> };

/** Files of the manifest that are not in stock; null for an asset without one. */
export function listMissing({ asset, stock }: AssetJob): AssetFile[] | null {
  return asset.files?.filter((file) => !stock.has(file.path)) ?? null;
}

export function isComplete(job: AssetJob): boolean {
  return listMissing(job)?.length === 0 || (!job.asset.files && job.stock.size > 0);
}
