// `model_registry.json`: what is installed under the models root, in one file that every process of this machine may
// write. A reader sees the old file or the new one; a writer is alone; a file that is damaged is set aside and made
// anew from the disk, by one process, and never taken for empty.
import { copyFile, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFile, withFileErrors, writeFileAtomic } from "../../base/atomic-file.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { ensureFolder } from "../../base/ensure-folder.ts";
import { AppError } from "../../base/errors.ts";
import type { Emit } from "../../base/events.ts";
import { createFileLocker, type FileLocker } from "../../base/file-lock.ts";
import type { AssetEvent } from "../port.ts";
import { findLosses, type Losses, salvageRecords } from "./damage.ts";
import { rebuildRecords } from "./rebuild.ts";
import { encodeRegistry, type RegistryRecord, type RegistryRecords, registrySchema } from "./record.ts";

export const registryFileName = "model_registry.json";

export interface Registry {
  /** `<models_root>/model_registry.json` */
  readonly path: string;
  readonly modelsRoot: string;
  /** Empty when there is none yet. E_SCHEMA once, when it was damaged and has been rebuilt; unless it goes on. */
  load(options?: DamageOptions): Promise<RegistryRecords>;
  /**
   * Reads, lets `change` work on the records, and writes; nobody else writes in between. What `change` throws leaves
   * the file as it was. E_SCHEMA as `load`; E_BUSY when another process writes for two minutes.
   */
  update<T>(
    change: (records: Map<string, RegistryRecord>) => T | Promise<T>,
    options?: DamageOptions,
  ): Promise<T>;
  /** E_PERM where it could not be written, said before anything is fetched that belongs into it. */
  requireWritable(): Promise<void>;
}

export interface DamageOptions {
  /** A damaged file is rebuilt, told as a warning, and what was asked for goes on. Default: as the registry was made. */
  goesOn?: boolean | undefined;
}

export interface RegistryDependencies {
  clock?: Clock | undefined;
  locker?: FileLocker | undefined;
  emit?: Emit<AssetEvent> | undefined;
}

export interface RegistryOptions {
  /** Absolute. */
  modelsRoot: string;
  /** Absolute: where declared assets are found when the registry is rebuilt. */
  assetsDir?: string | undefined;
  /** A running server goes on after a damage; asked each time. Default no. */
  goesOn?: (() => boolean) | undefined;
}

const lockTimeoutMs = 120_000;
const cure =
  "give this user the right to write there, or choose another folder; `troupe doctor` says where each is set";

export function createRegistry(
  { clock = systemClock, locker = createFileLocker({ clock }), emit = () => undefined }: RegistryDependencies,
  { modelsRoot, assetsDir, goesOn = () => false }: RegistryOptions,
): Registry {
  const path = join(modelsRoot, registryFileName);
  const lockPath = join(modelsRoot, ".locks", "model_registry.lock");

  const lock = async (): Promise<AsyncDisposable> => {
    await ensureFolder(dirname(lockPath), { what: "the models root's folder of locks", cure });
    return await locker.lock(lockPath, { timeoutMs: lockTimeoutMs });
  };

  const tell = (error: AppError, options: DamageOptions): void => {
    if (!(options.goesOn ?? goesOn())) throw error;
    emit({ type: "asset-warning", asset: registryFileName, code: error.code, message: error.message });
  };

  /** Under the lock. */
  const recover = async (text: string, reason: string): Promise<[Map<string, RegistryRecord>, AppError]> => {
    const setAside = `${path}.corrupt-${clock.wallTime().toISOString().replaceAll(":", "-")}`;
    // A copy, and then the new one over the old: at no instant is there no registry.
    await withFileErrors(path, () => copyFile(path, setAside));
    await syncFile(setAside);
    const records = await rebuildRecords({ modelsRoot, assetsDir: assetsDir ?? null });
    salvageRecords(text, records);
    const losses = findLosses(text, records);
    await writeFileAtomic(path, encodeRegistry(records));
    return [records, describeDamage({ path, setAside, reason, losses, rebuilt: [...records.keys()] })];
  };

  const read = async (): Promise<{ text: string | null; parsed: ParsedRegistry }> => {
    const text = await readText(path);
    return { text, parsed: text === null ? { records: new Map() } : parseRegistry(text) };
  };

  const write = async <T>(
    before: string | null,
    records: Map<string, RegistryRecord>,
    change: (records: Map<string, RegistryRecord>) => T | Promise<T>,
  ): Promise<T> => {
    const outcome = await change(records);
    const after = encodeRegistry(records);
    const isNew = before === null && records.size > 0;
    if (isNew || (before !== null && after !== before)) await writeFileAtomic(path, after);
    return outcome;
  };

  return {
    path,
    modelsRoot,
    async requireWritable() {
      await using lease = await lock();
      void lease;
    },
    async load(options = {}) {
      const { parsed: seen } = await read();
      if (seen.records) return seen.records;
      await using lease = await lock();
      void lease;
      const { text, parsed } = await read(); // another process may have done it meanwhile
      if (parsed.records) return parsed.records;
      const [records, error] = await recover(text ?? "", parsed.reason);
      tell(error, options);
      return records;
    },
    async update(change, options = {}) {
      await using lease = await lock();
      void lease;
      const { text, parsed } = await read();
      // Awaited here: the lock must not go before the writing is done.
      if (parsed.records) return await write(text, parsed.records, change);
      const [records, error] = await recover(text ?? "", parsed.reason);
      tell(error, options);
      return await write(null, records, change);
    },
  };
}

type ParsedRegistry =
  | { records: Map<string, RegistryRecord>; reason?: undefined }
  | { records?: undefined; reason: string };

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    return await withFileErrors(path, () => Promise.reject(error));
  }
}

function parseRegistry(text: string): ParsedRegistry {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { reason: "it is no JSON" };
  }
  const parsed = registrySchema.safeParse(json);
  if (parsed.success) return { records: new Map(Object.entries(parsed.data)) };
  const [issue] = parsed.error.issues;
  return { reason: `${issue?.path.join(".") || "the whole"}: ${issue?.message}` };
}

function describeDamage(facts: {
  path: string;
  setAside: string;
  reason: string;
  rebuilt: string[];
  losses: Losses;
}): AppError {
  const { path, setAside, reason, rebuilt, losses } = facts;
  const name = (what: string, ids: readonly string[]): string =>
    ids.length === 0 ? `${what} that it may have held` : `${what} of ${ids.join(", ")}`;
  const { pins, licences, models } = losses;
  return new AppError(
    "E_SCHEMA",
    `${path} was damaged (${reason}); it was set aside as ${setAside} and rebuilt from what is on disk (${rebuilt.length} installed). Not to be rebuilt: ${name("pins", pins)}; ${name("accepted licences", licences)}${models.length === 0 ? "" : `; ${models.join(", ")}, not found on disk`}. Set those again, then run the command again`,
    { path, set_aside: setAside, reason, rebuilt, lost: { pins, licences, models } },
  );
}
