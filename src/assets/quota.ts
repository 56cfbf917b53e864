// The limit on what models and assets may take together.
import { join, resolve, sep } from "node:path";
import { AppError } from "../base/errors.ts";
import { stagingFolderName } from "./asset-layout.ts";
import { countFolderBytes } from "./folder-size.ts";
import { formatBytes } from "./free-space.ts";

export interface Quota {
  readonly isLimited: boolean;
  /** Bytes that may still be added; Infinity without a limit. */
  leftBytes(): Promise<number>;
  /** E_QUOTA unless `neededBytes` may be added when `freedBytes` go and `spokenForBytes` come besides. */
  require(neededBytes: number, freedBytes: number, what: string, spokenForBytes?: number): Promise<void>;
}

export interface QuotaOptions {
  limitBytes: number | null;
  /** Absolute; one within another counts once. */
  folders: readonly string[];
}

export function createQuota({ limitBytes, folders }: QuotaOptions): Quota {
  const outermost = folders
    .map((folder) => resolve(folder))
    .filter((folder, index, all) => {
      const isWithin = all.some((other) => folder.startsWith(other + sep));
      return !isWithin && all.indexOf(folder) === index;
    });

  const leftBytes = async (): Promise<number> => {
    if (limitBytes === null) return Number.POSITIVE_INFINITY;
    const sizes = await Promise.all(outermost.map(countKeptBytes));
    return limitBytes - sizes.reduce((sum, size) => sum + size, 0);
  };

  return {
    isLimited: limitBytes !== null,
    leftBytes,
    async require(neededBytes, freedBytes, what, spokenForBytes = 0) {
      if (limitBytes === null) return;
      const left = (await leftBytes()) + freedBytes - spokenForBytes;
      // Who does not know yet how much it will be is stopped when nothing at all is left.
      if (left > 0 && neededBytes <= left) return;
      throw quotaExceeded({ what, neededBytes, leftBytes: Math.max(0, left), limitBytes });
    },
  };
}

/** What is on its way counts as reserved, not as kept. */
async function countKeptBytes(folder: string): Promise<number> {
  const [all, staged] = await Promise.all([folder, join(folder, stagingFolderName)].map(countFolderBytes));
  return (all ?? 0) - (staged ?? 0);
}

export function quotaExceeded(facts: {
  what: string;
  neededBytes: number;
  leftBytes: number;
  limitBytes?: number;
}): AppError {
  const { what, neededBytes, leftBytes, limitBytes } = facts;
  return new AppError(
    "E_QUOTA",
    `${what} needs ${neededBytes > 0 ? formatBytes(neededBytes) : "room"}, the quota has ${formatBytes(leftBytes)} left; free some with \`troupe models gc\` or \`troupe assets clear-cache\`, or raise the quota (settings.assets.quota_gb; of one download --max-quota-gb)`,
    {
      needed_bytes: neededBytes,
      left_bytes: Math.floor(leftBytes),
      ...(limitBytes === undefined ? {} : { quota_bytes: limitBytes }),
    },
  );
}
