// Which entries of an archive are not let in: names that lead elsewhere or collide, too many, too much.
import { isSafeRelativePath } from "../asset-schema.ts";

const maxEntries = 100_000;
/** A bomb unpacks to far more than any honest archive; below the floor the ratio proves nothing. */
const maxRatio = 200;
const ratioFloorBytes = 64 << 20;

/** The archive tries something: a second copy of it would do the same. */
export class HostileArchiveError extends Error {}

export interface EntryJudge {
  /** Counts the entry, and gives its name without a "./" before it; "" is the archive's own root. */
  admit(path: string): string;
  /** Claims a place for a file, and its folders. */
  claim(place: string): void;
  addUnpacked(sizeBytes: number): void;
}

export const maxUnpackedBytes = (archiveBytes: number): number =>
  Math.max(ratioFloorBytes, maxRatio * archiveBytes);

export function createEntryJudge(archiveBytes: number): EntryJudge {
  const limitBytes = maxUnpackedBytes(archiveBytes);
  /** By what a system that knows no case sees: the name as it is written, and whether it is a folder. */
  const taken = new Map<string, { name: string; isFolder: boolean }>();
  let entryCount = 0;
  let unpackedBytes = 0;

  const take = (name: string, isFolder: boolean): void => {
    const key = name.normalize("NFC").toLowerCase();
    const earlier = taken.get(key);
    if (!earlier) taken.set(key, { name, isFolder });
    else if (!isFolder || !earlier.isFolder || earlier.name !== name) {
      throw new HostileArchiveError(`two entries for ${name}`);
    }
  };

  return {
    admit(path) {
      entryCount += 1;
      if (entryCount > maxEntries) throw new HostileArchiveError(`more than ${maxEntries} entries`);
      const name = path.replace(/^(\.\/+)+/, "").replace(/^\.$/, "");
      if (name !== "" && !isSafeRelativePath(name)) {
        throw new HostileArchiveError(`an entry with an unsafe name (${JSON.stringify(path)})`);
      }
      return name;
    },
    claim(place) {
      if (!isSafeRelativePath(place))
        throw new HostileArchiveError(`an entry with an unsafe name (${JSON.stringify(place)})`);
      for (let slash = place.indexOf("/"); slash >= 0; slash = place.indexOf("/", slash + 1)) {
        take(place.slice(0, slash), true);
      }
      take(place, false);
    },
    addUnpacked(sizeBytes) {
      unpackedBytes += sizeBytes;
      if (unpackedBytes > limitBytes) throw new HostileArchiveError("it unpacks to far too much");
    },
  };
}
