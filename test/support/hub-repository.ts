// A repository of the scripted hub: its files at each commit, and the digests that the hub gives of them.
import { createHash } from "node:crypto";

export interface HubRepository {
  /** Whoever changes them makes another commit; the earlier ones can still be asked for. */
  files: Record<string, Uint8Array>;
  /** The name of the only branch; default "main". */
  revision?: string;
  /** Files from this size on are "lfs": redirected, with their sha256 in the tree. Default 1 KiB. */
  largeFromBytes?: number;
  /** Entries a page of the tree; default 1000. */
  pageSize?: number;
  /** Private: only this bearer token may read, and to others it does not exist. */
  token?: string;
  /** Everybody may see it, nobody may fetch its files but who has `admittedToken`. */
  isGated?: boolean;
  /** How access is granted; default "manual" of one that is gated. */
  gate?: "auto" | "manual";
  admittedToken?: string;
  /** Small files come by a relative redirect within the hub. */
  hasResolveCache?: boolean;
  downloads?: number;
  likes?: number;
  lastModified?: string;
  libraryName?: string;
  pipelineTag?: string;
  /** In the card and as a `license:` tag. */
  license?: string;
  tags?: string[];
}

const digests = new WeakMap<Uint8Array, { sha256: string; gitOid: string }>();

export function digestOf(bytes: Uint8Array): { sha256: string; gitOid: string } {
  const known = digests.get(bytes);
  if (known) return known;
  const digest = {
    sha256: createHash("sha256").update(bytes).digest("hex"),
    gitOid: createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex"),
  };
  digests.set(bytes, digest);
  return digest;
}

/** Like git's: another one for other content. */
export function commitOf(files: Record<string, Uint8Array>): string {
  const lines = Object.keys(files)
    .sort()
    .map((path) => `${digestOf(files[path] ?? new Uint8Array()).gitOid} ${path}\n`);
  return createHash("sha1").update(lines.join("")).digest("hex");
}

export const isLarge = (bytes: Uint8Array, repository: HubRepository): boolean =>
  bytes.length >= (repository.largeFromBytes ?? 1024);

/** What git holds in the place of a large file. */
export const pointerOf = (bytes: Uint8Array): Uint8Array =>
  new TextEncoder().encode(
    `version https://git-lfs.github.com/spec/v1\noid sha256:${digestOf(bytes).sha256}\nsize ${bytes.length}\n`,
  );

export function describeEntry(path: string, bytes: Uint8Array, repository: HubRepository) {
  const pointer = pointerOf(bytes);
  const isLfs = isLarge(bytes, repository);
  return {
    type: "file",
    oid: digestOf(isLfs ? pointer : bytes).gitOid,
    size: bytes.length,
    path,
    ...(isLfs && {
      lfs: { oid: digestOf(bytes).sha256, size: bytes.length, pointerSize: pointer.length },
    }),
  };
}

export function describeFolders(files: Record<string, Uint8Array>) {
  const paths = Object.keys(files).flatMap((path) => {
    const parts = path.split("/").slice(0, -1);
    return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
  });
  return [...new Set(paths)].map((path) => ({ type: "directory", oid: "0".repeat(40), size: 0, path }));
}

/** The model as `/api/models` has it. `files` are those of the commit. */
export function describeModel(id: string, repository: HubRepository, files: Record<string, Uint8Array>) {
  const { license, libraryName, lastModified = "2026-01-05T10:00:00.000Z" } = repository;
  return {
    _id: digestOf(new TextEncoder().encode(id)).gitOid.slice(0, 24),
    id,
    modelId: id,
    ...(id.includes("/") && { author: id.split("/")[0] }),
    sha: commitOf(files),
    lastModified,
    createdAt: "2022-03-02T23:29:04.000Z",
    private: repository.token !== undefined,
    gated: repository.isGated || repository.gate ? (repository.gate ?? "manual") : false,
    disabled: false,
    downloads: repository.downloads ?? 0,
    likes: repository.likes ?? 0,
    ...(libraryName !== undefined && { library_name: libraryName }),
    ...(repository.pipelineTag !== undefined && { pipeline_tag: repository.pipelineTag }),
    tags: [
      ...(libraryName === undefined ? [] : [libraryName]),
      ...(repository.tags ?? []),
      ...(license === undefined ? [] : [`license:${license}`]),
    ],
    cardData: license === undefined ? {} : { license },
    siblings: Object.keys(files)
      .sort()
      .map((rfilename) => ({ rfilename })),
    usedStorage: Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0),
  };
}
