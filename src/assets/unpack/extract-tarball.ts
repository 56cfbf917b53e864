// The wanted files of a gzipped tar, written under a folder that is nobody's yet. Names of all entries are judged, also
// of those that are not wanted: an archive that tries something is refused whole.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createGunzip } from "node:zlib";
import { withFileErrors } from "../../base/atomic-file.ts";
import { throwIfAborted } from "../../base/deadline.ts";
import { AppError, messageOf } from "../../base/errors.ts";
import { isSafeRelativePath } from "../asset-schema.ts";
import { BrokenTarError, readTar, type TarEntry } from "./read-tar.ts";

export interface ExtractRequest {
  archivePath: string;
  /** What messages call the archive. */
  label: string;
  /** Made when needed; the caller removes it if this rejects. */
  targetFolder: string;
  /** The path under `targetFolder` that an entry becomes; null for what is not wanted. */
  placeOf: (entryPath: string) => string | null;
  signal: AbortSignal;
  /** Bytes of the archive that have been read. */
  onBytes?: ((count: number) => void) | undefined;
}

export interface ExtractedFile {
  path: string;
  sizeBytes: number;
  sha256: string;
}

const maxEntries = 100_000;
/** A bomb unpacks to far more than any honest archive; below the floor the ratio proves nothing. */
const maxRatio = 200;
const ratioFloorBytes = 64 << 20;
/** Small enough that the thread is never held for more than a few milliseconds. */
const chunkBytes = 1 << 17;

/** E_VERIFY for archives that are broken or try something, E_DISK, E_PERM, E_INTERRUPTED. */
export async function extractTarball(request: ExtractRequest): Promise<ExtractedFile[]> {
  const files: ExtractedFile[] = [];
  const taken = new Set<string>();
  let entryCount = 0;
  try {
    for await (const entry of readTar(gunzip(request))) {
      entryCount += 1;
      if (entryCount > maxEntries) throw refuse(request, `more than ${maxEntries} entries`);
      const place = selectPlace(entry, request);
      if (place === null) continue;
      // Two names that differ by case are one file on some systems.
      if (taken.has(place.toLowerCase())) throw refuse(request, `two entries for ${place}`);
      taken.add(place.toLowerCase());
      files.push(await writeEntry(entry, request.targetFolder, place));
    }
  } catch (error) {
    const isBroken = error instanceof BrokenTarError || isZlibError(error);
    throw isBroken ? refuse(request, `a broken archive (${messageOf(error)})`, error) : error;
  }
  return files;
}

async function* gunzip(request: ExtractRequest): AsyncGenerator<Uint8Array> {
  const { archivePath, signal, onBytes } = request;
  const maxBytes = Math.max(ratioFloorBytes, maxRatio * (await stat(archivePath)).size);
  let unpackedBytes = 0;
  const source = createReadStream(archivePath, { highWaterMark: chunkBytes });
  const plain = source.pipe(createGunzip({ chunkSize: chunkBytes }));
  source.on("error", (error) => plain.destroy(error));
  source.on("data", (bytes) => onBytes?.(bytes.length));
  try {
    for await (const bytes of plain as AsyncIterable<Buffer>) {
      throwIfAborted(signal);
      unpackedBytes += bytes.length;
      if (unpackedBytes > maxBytes) throw refuse(request, "it unpacks to far too much");
      yield bytes;
    }
  } finally {
    source.destroy();
    plain.destroy();
  }
}

function selectPlace(entry: TarEntry, request: ExtractRequest): string | null {
  const quoted = JSON.stringify(entry.path);
  if (!isSafeRelativePath(entry.path)) throw refuse(request, `an entry with an unsafe name (${quoted})`);
  if (entry.kind === "folder") return null; // made when a file in it is written
  const place = request.placeOf(entry.path);
  if (place === null) return null;
  if (entry.kind !== "file") throw refuse(request, `${quoted} is a ${entry.kind}, not a file`);
  if (!isSafeRelativePath(place)) throw refuse(request, `an entry with an unsafe name (${quoted})`);
  return place;
}

async function writeEntry(entry: TarEntry, targetFolder: string, place: string): Promise<ExtractedFile> {
  const path = join(targetFolder, ...place.split("/"));
  return withFileErrors(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, "wx", 0o644);
    try {
      const hash = createHash("sha256");
      let sizeBytes = 0;
      for await (const bytes of entry.body()) {
        for (let at = 0; at < bytes.length; ) {
          at += (await file.write(bytes, at, bytes.length - at, sizeBytes + at)).bytesWritten;
        }
        hash.update(bytes);
        sizeBytes += bytes.length;
      }
      return { path: place, sizeBytes, sha256: hash.digest("hex") };
    } finally {
      await file.close();
    }
  });
}

function refuse(request: Pick<ExtractRequest, "label">, what: string, cause?: unknown): AppError {
  return new AppError("E_VERIFY", `${request.label}: ${what}`, { source: request.label }, cause);
}

function isZlibError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code?.startsWith("Z_") ?? false;
}
