// Symbolic links of an archive become the files that they point at: what is placed then has no links, and nothing that
// reads it can be led out of it.
import { posix } from "node:path";
import { HostileArchiveError } from "./entry-judge.ts";
import { isSafeRelativePath } from "../asset-schema.ts";

export interface ArchiveLink {
  path: string;
  target: string;
}

/** Of one link to the next; honest archives have one or two. */
const maxHops = 40;
/** Folders that are linked from folders multiply. */
const maxFiles = 100_000;

/**
 * Which of `files` each path stands for that exists only by links: path → file. Throws HostileArchiveError for a link
 * that leads out of the archive, to nothing, or round in a circle.
 */
export function resolveLinks(
  files: readonly string[],
  links: readonly ArchiveLink[],
): ReadonlyMap<string, string> {
  const known = new Set(files);
  const targets = new Map(links.map((link) => [link.path, follow(link)]));
  const result = new Map<string, string>();
  for (const { path } of links) {
    let target = path;
    for (let hop = 0; targets.has(target) || throughLink(target, targets) !== null; hop++) {
      if (hop === maxHops) throw new HostileArchiveError(`${path} is a link without an end`);
      target = targets.get(target) ?? (throughLink(target, targets) as string);
    }
    const below = known.has(target) ? [target] : files.filter((file) => file.startsWith(`${target}/`));
    if (below.length === 0) throw new HostileArchiveError(`${path} is a link to nothing (${target})`);
    for (const file of below) {
      result.set(path + file.slice(target.length), file);
      if (result.size > maxFiles) throw new HostileArchiveError(`more than ${maxFiles} entries`);
    }
  }
  return result;
}

/** Relative to the link's folder, and within the archive. */
function follow({ path, target }: ArchiveLink): string {
  const joined = posix.join(posix.dirname(path), target).replace(/\/+$/, "");
  if (target === "" || target.startsWith("/") || target.includes("\\") || !isSafeRelativePath(joined)) {
    throw new HostileArchiveError(`${path} is a link that points outside (${JSON.stringify(target)})`);
  }
  return joined;
}

/** A path with a linked folder in it, with that folder replaced by what it stands for. */
function throughLink(path: string, targets: ReadonlyMap<string, string>): string | null {
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    const target = targets.get(path.slice(0, slash));
    if (target !== undefined) return target + path.slice(slash);
  }
  return null;
}
