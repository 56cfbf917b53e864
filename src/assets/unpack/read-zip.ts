// Reads a zip entry by entry from its central directory. Sizes are enforced by the library, checksums here.
import { crc32 } from "node:zlib";
import { type Entry, getFileNameLowLevel, openPromise, type ZipFile } from "yauzl";
import { messageOf } from "../../base/errors.ts";
import { type ArchiveEntry, BrokenArchiveError } from "./archive-entry.ts";

/** Of a link's target, which is its body. */
const maxTargetBytes = 4096;

export async function* readZip(path: string): AsyncGenerator<ArchiveEntry, void, undefined> {
  const zip = await broken(
    openPromise(path, { autoClose: false, decodeStrings: false, validateEntrySizes: true }),
  );
  try {
    const entries = zip.eachEntry()[Symbol.asyncIterator]();
    for (;;) {
      const next = await broken(entries.next());
      if (next.done) return;
      yield await describe(zip, next.value);
    }
  } finally {
    zip.close();
  }
}

async function describe(zip: ZipFile, entry: Entry): Promise<ArchiveEntry> {
  const { uncompressedSize, generalPurposeBitFlag, fileNameRaw, extraFields } = entry;
  // Names as they stand: judging them is the caller's part, and the library would only say that something is wrong.
  const fileName = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
  const mode = entry.externalFileAttributes >>> 16;
  const kind = kindOf(mode, fileName);
  return {
    path: fileName.replace(/\/+$/, ""),
    kind,
    sizeBytes: uncompressedSize,
    isExecutable: (mode & 0o100) !== 0,
    linkTarget: kind === "link" ? await readTarget(zip, entry) : null,
    body: () => readBody(zip, entry),
  };
}

/** The file type of a Unix mode (sys/stat.h); archives from elsewhere have none. */
function kindOf(mode: number, fileName: string): ArchiveEntry["kind"] {
  const type = mode & 0o170000;
  if (fileName.endsWith("/") || type === 0o040000) return "folder";
  if (type === 0 || type === 0o100000) return "file";
  return type === 0o120000 ? "link" : "device";
}

async function* readBody(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = await broken(zip.openReadStreamPromise(entry));
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let crc = 0;
  try {
    for (;;) {
      const next = await broken(chunks.next());
      if (next.done) break;
      crc = crc32(next.value, crc);
      yield next.value;
    }
  } finally {
    stream.destroy();
  }
  if (crc !== entry.crc32) throw new BrokenArchiveError("a wrong checksum");
}

async function readTarget(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > maxTargetBytes)
    throw new BrokenArchiveError("a link with a target that is too long");
  return Buffer.concat(await Array.fromAsync(readBody(zip, entry))).toString("utf8");
}

/** The library's complaints are plain errors; those of the file system keep their code. */
async function broken<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (typeof code === "string" && !code.startsWith("Z_")) throw error;
    throw new BrokenArchiveError(messageOf(error));
  }
}
