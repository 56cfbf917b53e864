// The wanted files of an archive, written under a folder that is nobody's yet. Names of all entries are judged, also of
// those that are not wanted: an archive that tries something is refused whole.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createGunzip } from "node:zlib";
import { withFileErrors } from "../../base/atomic-file.ts";
import { throwIfAborted } from "../../base/deadline.ts";
import { AppError, messageOf } from "../../base/errors.ts";
import type { ArchiveFormat } from "../asset-schema.ts";
import { type ArchiveEntry, BrokenArchiveError } from "./archive-entry.ts";
import { bunzip2 } from "./bunzip2.ts";
import { createEntryJudge, type EntryJudge, HostileArchiveError } from "./entry-judge.ts";
import { readTar } from "./read-tar.ts";
import { readZip } from "./read-zip.ts";
import { type ArchiveLink, resolveLinks } from "./resolve-links.ts";

export interface ExtractRequest {
  archivePath: string;
  format: ArchiveFormat;
  /** What messages call the archive. */
  label: string;
  /** Made when needed; the caller removes it if this rejects. */
  targetFolder: string;
  /** The path under `targetFolder` that an entry becomes; null for what is not wanted. Default: as it is. */
  placeOf?: (entryPath: string) => string | null;
  signal: AbortSignal;
  /** Bytes that have been unpacked so far. May throw: no room for more. */
  onUnpacked?: ((unpackedBytes: number) => Promise<void>) | undefined;
}

export interface ExtractedFile {
  path: string;
  /** Where its bytes are; several files may share them (links of the archive). */
  from: string;
  sizeBytes: number;
  sha256: string;
  isExecutable: boolean;
}

/** Small enough that the thread is never held for more than a few milliseconds. */
const chunkBytes = 1 << 17;
/** How often `onUnpacked` is asked. */
const reportBytes = 4 << 20;

/**
 * In the archive's order. E_VERIFY for archives that are broken or try something (`details.is_final`: a second copy
 * would be the same), E_DISK, E_PERM, E_INTERRUPTED.
 */
export async function extractArchive(request: ExtractRequest): Promise<ExtractedFile[]> {
  const { archivePath, placeOf = (path: string) => path, signal } = request;
  const judge = createEntryJudge((await stat(archivePath)).size);
  const count = createCounter(request, judge);
  const files: ExtractedFile[] = [];
  const links: ArchiveLink[] = [];
  try {
    for await (const entry of openArchive(request, count)) {
      throwIfAborted(signal);
      const name = judge.admit(entry.path);
      if (name === "" || entry.kind === "folder") continue; // made when a file in it is written
      const place = placeOf(name);
      if (place === null) continue;
      if (entry.kind === "device" || entry.kind === "hard-link") {
        throw new HostileArchiveError(`${JSON.stringify(name)} is a ${entry.kind}, not a file`);
      }
      judge.claim(place);
      if (entry.kind === "link") links.push({ path: place, target: entry.linkTarget ?? "" });
      else files.push(await writeEntry(entry, request.targetFolder, place, request));
    }
    return [...files, ...buildLinked(files, links)];
  } catch (error) {
    if (error instanceof HostileArchiveError) throw refuse(request, error.message, true, error);
    const isBroken = error instanceof BrokenArchiveError || isZlibError(error);
    throw isBroken ? refuse(request, `a broken archive (${messageOf(error)})`, false, error) : error;
  }
}

/** The bytes that count are those that come out: of a tar, the whole of it; of a zip, its files. */
function openArchive(
  { archivePath, format }: ExtractRequest,
  count: (input: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array, void, undefined>,
): AsyncIterable<ArchiveEntry> {
  if (format === "zip") return countBodies(readZip(archivePath), count);
  const source = createReadStream(archivePath, { highWaterMark: chunkBytes });
  if (format === "tar.bz2") return readTar(count(bunzip2(source as AsyncIterable<Uint8Array>)));
  return readTar(count(format === "tar.gz" ? gunzip(source) : (source as AsyncIterable<Uint8Array>)));
}

async function* countBodies(
  entries: AsyncIterable<ArchiveEntry>,
  count: (input: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<ArchiveEntry, void, undefined> {
  for await (const entry of entries) yield { ...entry, body: () => count(entry.body()) };
}

function createCounter({ signal, onUnpacked }: ExtractRequest, judge: EntryJudge) {
  let unpackedBytes = 0;
  let reportedBytes = 0;
  return async function* count(
    input: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const bytes of input) {
      throwIfAborted(signal);
      judge.addUnpacked(bytes.length);
      unpackedBytes += bytes.length;
      if (unpackedBytes - reportedBytes >= reportBytes) {
        reportedBytes = unpackedBytes;
        await onUnpacked?.(unpackedBytes);
      }
      yield bytes;
    }
  };
}

async function* gunzip(
  source: ReturnType<typeof createReadStream>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const plain = source.pipe(createGunzip({ chunkSize: chunkBytes }));
  source.on("error", (error) => plain.destroy(error));
  try {
    yield* plain as AsyncIterable<Uint8Array>;
  } finally {
    source.destroy();
    plain.destroy();
  }
}

async function writeEntry(
  entry: ArchiveEntry,
  targetFolder: string,
  place: string,
  { signal }: ExtractRequest,
): Promise<ExtractedFile> {
  const path = join(targetFolder, ...place.split("/"));
  return withFileErrors(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, "wx", entry.isExecutable ? 0o755 : 0o644);
    try {
      const hash = createHash("sha256");
      let sizeBytes = 0;
      for await (const bytes of entry.body()) {
        throwIfAborted(signal);
        for (let at = 0; at < bytes.length; ) {
          at += (await file.write(bytes, at, bytes.length - at, sizeBytes + at)).bytesWritten;
        }
        hash.update(bytes);
        sizeBytes += bytes.length;
      }
      const sha256 = hash.digest("hex");
      return { path: place, from: path, sizeBytes, sha256, isExecutable: entry.isExecutable };
    } finally {
      await file.close();
    }
  });
}

function buildLinked(files: readonly ExtractedFile[], links: readonly ArchiveLink[]): ExtractedFile[] {
  if (links.length === 0) return [];
  const byPath = new Map(files.map((file) => [file.path, file]));
  const resolved = resolveLinks(
    files.map((file) => file.path),
    links,
  );
  return [...resolved].flatMap(([path, target]) => {
    const file = byPath.get(target);
    return file ? [{ ...file, path }] : [];
  });
}

function refuse(request: ExtractRequest, what: string, isFinal: boolean, cause: unknown): AppError {
  return new AppError(
    "E_VERIFY",
    `${request.label}: ${what}`,
    { source: request.label, ...(isFinal ? { is_final: true } : {}) },
    cause,
  );
}

function isZlibError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code?.startsWith("Z_") ?? false;
}
