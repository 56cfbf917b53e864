// What the verbs of this room stand on: the engine, the registry, the hub, and where things lie.
import type { AssetEvent, UnlistedAssets } from "../assets/port.ts";
import type { GetFreeBytes } from "../assets/free-space.ts";
import type { Registry } from "../assets/registry/registry.ts";
import type { UseLocks } from "../assets/registry/use-locks.ts";
import type { Clock } from "../base/clock.ts";
import type { Emit } from "../base/events.ts";
import type { FileLocker } from "../base/file-lock.ts";
import type { HubClient, HubFile, HubModel } from "./hub/port.ts";

export interface CompatibilityVerdict {
  compatibility: "ok" | "warn" | "no";
  warnings: readonly string[];
  recommendations: readonly string[];
}

export interface ModelWorld {
  /** Told of what is taken away. */
  emit?: Emit<AssetEvent> | undefined;
  store: UnlistedAssets;
  registry: Registry;
  useLocks: UseLocks;
  hub: HubClient;
  clock: Clock;
  locker: FileLocker;
  getFreeBytes: GetFreeBytes;
  /** Fits this choice of the model's files this machine? Null: nobody can tell. */
  judgeFit:
    | ((model: HubModel, files: readonly HubFile[], place: string) => Promise<CompatibilityVerdict>)
    | null;
  /** Absolute. */
  modelsRoot: string;
  /** Absolute: declared assets. */
  assetsDir: string;
  /** Absolute: unfinished downloads in its `downloads`. */
  cacheRoot: string;
  /** Of models root and assets folder together; null: no limit. */
  quotaBytes: number | null;
}

/** Between these an install may be taken away. */
export const rootsOf = ({
  modelsRoot,
  assetsDir,
}: Pick<ModelWorld, "modelsRoot" | "assetsDir">): string[] => [modelsRoot, assetsDir];
