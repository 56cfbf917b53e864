// Room that is spoken for: two assets that come at once, in one process or in two, must not together take what is there
// for one. Each run writes down what it still needs, under one lock for all; the lock of its asset, which it holds as long
// as it lives, says whether it still counts.
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { AppError } from "../base/errors.ts";
import type { FileLocker } from "../base/file-lock.ts";
import type { AssetPlaces } from "./asset-layout.ts";
import { sha256OfText } from "./checksum.ts";
import { countAllocatedBytes } from "./folder-size.ts";
import { countPartsAllocatedBytes } from "./phases/parts.ts";

const reservationSchema = z.object({
  format: z.literal(1),
  lock_file: z.string(),
  /** What the asset will add to what counts against the quota. */
  quota_bytes: z.number().nonnegative(),
  /** What it will write from then on, by disk, and what it had written before. */
  disks: z.array(z.object({ device: z.number(), bytes: z.number(), written_before: z.number() })),
  downloads_folder: z.string(),
  part_prefix: z.string(),
  staging_folder: z.string(),
});
type Reservation = z.infer<typeof reservationSchema>;

export interface ReservedRoom {
  quotaBytes: number;
  disks: readonly { folder: string; bytes: number }[];
}

/** What runs of other assets have yet to take. */
export interface SpokenFor {
  quotaBytes: number;
  bytesOn(folder: string): Promise<number>;
}

export interface Reservations {
  /**
   * Under the asset's lock. What `select` gives replaces what was reserved for this asset before; it throws when there is no
   * room. It is called with nobody else at it: what it measures is so when it is written down.
   */
  reserve(
    places: AssetPlaces,
    select: (others: SpokenFor) => Promise<ReservedRoom>,
    signal: AbortSignal,
  ): Promise<void>;
  release(places: AssetPlaces): Promise<void>;
}

/** Checking and writing takes milliseconds; who holds the lock for so long has come to a standstill. */
const lockTimeoutMs = 30_000;

export function createReservations(locker: FileLocker, cacheRoot: string): Reservations {
  const folder = join(cacheRoot, "reservations");
  const pathOf = ({ lockFile }: { lockFile: string }): string =>
    join(folder, `${sha256OfText(lockFile).slice(0, 24)}.json`);

  const isAlive = async ({ lock_file }: Reservation): Promise<boolean> => {
    try {
      await using lease = await locker.lock(lock_file, { timeoutMs: 0 });
      void lease;
      return false;
    } catch (error) {
      if (error instanceof AppError && error.code === "E_BUSY") return true;
      return false; // its folder is gone, or not ours: nothing will come of it
    }
  };

  const listOthers = async (own: string): Promise<Reservation[]> => {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".json") && !name.startsWith("."));
    const found: Reservation[] = [];
    for (const path of names.map((name) => join(folder, name))) {
      if (path === own) continue;
      const reservation = await loadReservation(path);
      if (reservation && (await isAlive(reservation))) found.push(reservation);
      else await rm(path, { force: true });
    }
    return found;
  };

  return {
    async reserve(places, select, signal) {
      await mkdir(folder, { recursive: true });
      await using lease = await locker.lock(join(folder, ".lock"), { timeoutMs: lockTimeoutMs, signal });
      void lease;
      const own = pathOf(places);
      const others = await listOthers(own);
      const room = await select({
        quotaBytes: others.reduce((sum, { quota_bytes }) => sum + quota_bytes, 0),
        bytesOn: async (target) => sumOutstanding(others, (await stat(target)).dev),
      });
      const [downloads_folder, part_prefix, staging_folder] = [
        places.downloadsFolder,
        places.partPrefix,
        places.stagingFolder,
      ];
      const whose = { downloads_folder, part_prefix, staging_folder };
      const disks = room.disks.map(async ({ folder: on, bytes }) => {
        const { dev: device } = await stat(on);
        return { device, bytes, written_before: await countWritten(whose, device) };
      });
      const reservation: Reservation = {
        format: 1,
        lock_file: places.lockFile,
        quota_bytes: room.quotaBytes,
        disks: await Promise.all(disks),
        ...whose,
      };
      await writeFileAtomic(own, JSON.stringify(reservation), { durability: "none" });
    },
    release: (places) => rm(pathOf(places), { force: true }),
  };
}

type Whose = Pick<Reservation, "downloads_folder" | "part_prefix" | "staging_folder">;

/** By what the disk has given for them: a part may be longer than what is in it. */
async function countWritten(whose: Whose, device: number): Promise<number> {
  const { downloads_folder: downloadsFolder, part_prefix: partPrefix, staging_folder } = whose;
  const isOn = (folder: string): Promise<boolean> =>
    stat(folder).then(
      ({ dev }) => dev === device,
      () => false,
    );
  const parts = (await isOn(downloadsFolder))
    ? await countPartsAllocatedBytes({ downloadsFolder, partPrefix })
    : 0;
  return parts + ((await isOn(staging_folder)) ? await countAllocatedBytes(staging_folder) : 0);
}

async function sumOutstanding(reservations: readonly Reservation[], device: number): Promise<number> {
  let sum = 0;
  for (const reservation of reservations) {
    for (const disk of reservation.disks) {
      if (disk.device !== device) continue;
      const written = (await countWritten(reservation, device)) - disk.written_before;
      sum += Math.max(0, disk.bytes - Math.max(0, written));
    }
  }
  return sum;
}

async function loadReservation(path: string): Promise<Reservation | null> {
  try {
    return reservationSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return null;
  }
}
