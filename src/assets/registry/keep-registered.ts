// How the engine keeps the registry true: a record goes before the bytes it tells of are touched, and comes after they
// have their name. Whoever is killed in between leaves files without a record, and never a record of half a model.
import { resolve } from "node:path";
import { AppError } from "../../base/errors.ts";
import type { Clock } from "../../base/clock.ts";
import type { AssetInfo } from "../asset-info.ts";
import type { AssetPlaces } from "../asset-layout.ts";
import { installationOf } from "./rebuild.ts";
import type { Registry } from "./registry.ts";
import { isBare, isInstalled, type RegistryRecord, withInstallation, withoutInstallation } from "./record.ts";

export interface Registrar {
  /** E_PERM where nothing could be entered. */
  requireWritable(): Promise<void>;
  /** Before the bytes change. Restoring brings the record back, for an install that failed and left the old bytes. */
  withdraw(name: string): Promise<{ restore(): Promise<void> }>;
  /** The same for good, if it is this place that the record tells of: another project may have an asset of that name. */
  forget(name: string, places: AssetPlaces): Promise<void>;
  enter(name: string, places: AssetPlaces, info: AssetInfo): Promise<void>;
  /** Enters what is on disk and was never written down; costs one read where it was. Never fails. */
  heal(name: string, places: AssetPlaces, info: AssetInfo): Promise<void>;
  /** Somebody works with it now; written down at most once a minute. Never fails. */
  touch(name: string): Promise<void>;
}

const touchedEveryMs = 60_000;

/** A damaged registry is told as a warning here and stops nothing: the bytes are what was asked for. */
export function createRegistrar(registry: Registry, clock: Clock): Registrar {
  const options = { goesOn: true };
  const enter: Registrar["enter"] = (name, places, info) =>
    registry.update((records) => {
      const installation = installationOf(info, places.target, registry.modelsRoot);
      records.set(name, withInstallation(name, records.get(name), installation));
    }, options);

  return {
    requireWritable: () => registry.requireWritable(),
    enter,
    async withdraw(name) {
      const earlier = await withdrawRecord(registry, name);
      return {
        async restore() {
          if (earlier) await registry.update((records) => void records.set(name, earlier), options);
        },
      };
    },
    async forget(name, { target }) {
      await withdrawRecord(registry, name, (record) => isAt(record, target, registry.modelsRoot));
    },
    async heal(name, places, info) {
      await unlessRefused(async () => {
        const record = (await registry.load(options)).get(name);
        if (!record || !isInstalled(record)) await enter(name, places, info);
      });
    },
    async touch(name) {
      await unlessRefused(async () => {
        const now = clock.wallTime();
        const isDue = (record: RegistryRecord | undefined): boolean =>
          record !== undefined &&
          isInstalled(record) &&
          !(now.getTime() - Date.parse(record.last_accessed ?? "") < touchedEveryMs);
        if (!isDue((await registry.load(options)).get(name))) return;
        await registry.update((records) => {
          const record = records.get(name);
          if (record && isDue(record)) records.set(name, { ...record, last_accessed: now.toISOString() });
        }, options);
      });
    },
  };
}

/** Absolute or, of a copied root, relative. */
const isAt = (record: RegistryRecord, target: string, modelsRoot: string): boolean =>
  record.install_path === target ||
  (typeof record.relative_path === "string" && resolve(modelsRoot, record.relative_path) === target);

/** Takes the install out of the record; pins, licences and what is not known here stay. Gives the record as it was. */
export function withdrawRecord(
  registry: Registry,
  name: string,
  isMeant: (record: RegistryRecord) => boolean = () => true,
): Promise<RegistryRecord | null> {
  return registry.update(
    (records) => {
      const earlier = records.get(name);
      if (!earlier || !isInstalled(earlier) || !isMeant(earlier)) return null;
      const rest = withoutInstallation(earlier);
      if (isBare(rest)) records.delete(name);
      else records.set(name, rest);
      return earlier;
    },
    { goesOn: true },
  );
}

/** A models root that may only be read is served as it is. */
async function unlessRefused(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}
