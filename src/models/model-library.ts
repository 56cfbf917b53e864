// The models that are here: brought, kept tidy, and told of. One object for the command line, the server and code.
import type { UnlistedAssets } from "../assets/port.ts";
import { type GetFreeBytes, getFreeBytes } from "../assets/free-space.ts";
import type { Registry } from "../assets/registry/registry.ts";
import { locate } from "../assets/registry/locate.ts";
import { isInstalled, type RegistryRecord, type RegistryRecords } from "../assets/registry/record.ts";
import type { UseLocks } from "../assets/registry/use-locks.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { createFileLocker, type FileLocker } from "../base/file-lock.ts";
import {
  type DownloadOutcome,
  type DownloadRequest,
  downloadSnapshot,
} from "./download/download-snapshot.ts";
import type { HubClient } from "./hub/port.ts";
import {
  acceptLicense,
  type AcceptRequest,
  type LicenseRequest,
  type LicenseState,
  showLicense,
} from "./licenses/licenses.ts";
import { type MigrateRequest, type Migration, migrateModels } from "./migrate/apply-migration.ts";
import { type Collected, collectGarbage, type CollectRequest } from "./tidy/collect-garbage.ts";
import { type PinOutcome, pinModel } from "./tidy/pin-model.ts";
import { removeModel, requireRemovable } from "./tidy/remove-model.ts";
import { type ScanItem, type ScanRequest, scanDisk } from "./tidy/scan-disk.ts";
import type { TakenAway } from "./tidy/take-away.ts";
import { type ModelVerification, verifyModels, type VerifyRequest } from "./tidy/verify-models.ts";
import type { ModelWorld } from "./world.ts";

export interface InstalledModel {
  modelId: string;
  record: RegistryRecord;
  /** Where it is; null when its files are gone. */
  path: string | null;
  /** By this process or another. */
  isInUse: boolean;
}

/** Each rejects with E_SCHEMA when it meets a damaged registry, once; and as the function of its name says. */
export interface ModelLibrary {
  /** By name. */
  list(): Promise<readonly InstalledModel[]>;
  download(request: DownloadRequest): Promise<DownloadOutcome>;
  records(): Promise<RegistryRecords>;
  showLicense(request: LicenseRequest): Promise<LicenseState>;
  acceptLicense(request: AcceptRequest): Promise<RegistryRecord>;
  pin(modelId: string, pinned: boolean): Promise<PinOutcome>;
  verify(request?: VerifyRequest): Promise<readonly ModelVerification[]>;
  scan(request?: ScanRequest): Promise<{ items: ScanItem[]; totalBytes: number }>;
  requireRemovable(modelId: string): Promise<void>;
  remove(modelId: string): Promise<TakenAway>;
  collect(request: CollectRequest): Promise<Collected>;
  migrate(request: MigrateRequest): Promise<Migration>;
}

export interface ModelLibraryDependencies {
  store: UnlistedAssets;
  registry: Registry;
  useLocks: UseLocks;
  hub: HubClient;
  emit?: ModelWorld["emit"];
  judgeFit?: ModelWorld["judgeFit"] | undefined;
  clock?: Clock | undefined;
  locker?: FileLocker | undefined;
  getFreeBytes?: GetFreeBytes | undefined;
}

export type ModelLibraryOptions = Pick<ModelWorld, "modelsRoot" | "assetsDir" | "cacheRoot" | "quotaBytes">;

export function createModelLibrary(
  dependencies: ModelLibraryDependencies,
  options: ModelLibraryOptions,
): ModelLibrary {
  const { clock = systemClock, judgeFit = null } = dependencies;
  const world: ModelWorld = {
    ...dependencies,
    ...options,
    clock,
    judgeFit,
    locker: dependencies.locker ?? createFileLocker({ clock }),
    getFreeBytes: dependencies.getFreeBytes ?? getFreeBytes,
  };
  return {
    async list() {
      const installed = [...(await world.registry.load())].filter(([, record]) => isInstalled(record));
      const models = installed.map(async ([modelId, record]) => ({
        modelId,
        record,
        path: (await locate(record, world.modelsRoot))?.path ?? null,
        isInUse: await world.useLocks.isInUse(modelId),
      }));
      return (await Promise.all(models)).sort((a, b) => (a.modelId < b.modelId ? -1 : 1));
    },
    download: (request) => downloadSnapshot(world, request),
    records: () => world.registry.load(),
    showLicense: (request) => showLicense(world, request),
    acceptLicense: (request) => acceptLicense(world, request),
    pin: (modelId, pinned) => pinModel(world, modelId, pinned),
    verify: (request) => verifyModels(world, request),
    scan: (request) => scanDisk(world, request),
    requireRemovable: (modelId) => requireRemovable(world, modelId),
    remove: (modelId) => removeModel(world, modelId),
    collect: (request) => collectGarbage(world, request),
    migrate: (request) => migrateModels(world, request),
  };
}
