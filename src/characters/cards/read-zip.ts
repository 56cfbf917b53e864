// The entries of a zip archive that a stranger made. Nothing is written anywhere; every entry is judged by its name and
// unpacked to the end within bounds, also those that are not wanted: an archive that tries something is refused whole.
import { crc32 } from "node:zlib";
import { type Entry, fromBufferPromise, type ZipFile } from "yauzl";
import { AppError, messageOf } from "../../base/errors.ts";

const maxEntries = 5000;
const maxUnpackedBytes = 256 * 1024 * 1024;
/** Deflate reaches 1032 at most; honest files stay far below. Under the floor the ratio proves nothing. */
const maxRatio = 200;
const ratioFloorBytes = 4 * 1024 * 1024;

const symlinkMode = 0o120000;
const modeMask = 0o170000;

export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);

/** The wanted entries by path, in the archive's order. E_VERIFY for what is damaged or tries something. */
export async function readZip(
  bytes: Uint8Array,
  label: string,
  isWanted: (path: string) => boolean,
): Promise<Map<string, Uint8Array>> {
  const refuse = (what: string, cause?: unknown): AppError =>
    new AppError("E_VERIFY", `${label} is refused: ${what}`, { card: label }, cause);
  const wanted = new Map<string, Uint8Array>();
  const judge = createJudge(bytes.length, refuse);
  try {
    const zip = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      lazyEntries: true,
      validateEntrySizes: true,
      strictFileNames: true,
    });
    if (zip.entryCount > maxEntries) throw refuse(`it has more than ${maxEntries} entries`);
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) {
      judge(entry);
      if (!entry.fileName.endsWith("/")) entries.push(entry);
    }
    for (const entry of entries) {
      const keep = isWanted(entry.fileName);
      const content = await unpack(zip, entry, keep, refuse);
      if (keep) wanted.set(entry.fileName, content);
    }
  } catch (error) {
    // Whatever the archive's reader or zlib throws is the archive's doing.
    throw error instanceof AppError ? error : refuse(`a broken archive (${messageOf(error)})`, error);
  }
  return wanted;
}

type Refuse = (what: string, cause?: unknown) => AppError;

/** Judges each entry by what the archive says of it, and all of them together. */
function createJudge(archiveBytes: number, refuse: Refuse): (entry: Entry) => void {
  const files = new Set<string>();
  const folders = new Set<string>();
  let packedBytes = 0;
  let unpackedBytes = 0;
  return (entry) => {
    const { fileName } = entry;
    const shown = JSON.stringify(fileName.slice(0, 100));
    const parts = fileName.replace(/\/$/, "").split("/");
    // yauzl refuses "..", absolute paths and backslashes itself.
    if (/\p{Cc}/u.test(fileName) || parts.some((part) => part === "" || part === ".")) {
      throw refuse(`${shown} is no plain path`);
    }
    if (((entry.externalFileAttributes >>> 16) & modeMask) === symlinkMode) {
      throw refuse(`${shown} is a link`);
    }
    if (entry.isEncrypted()) throw refuse(`${shown} is encrypted`);
    // Names that differ by case or by how they are composed are one file on some systems.
    const keys = parts.map((_, index) =>
      parts
        .slice(0, index + 1)
        .join("/")
        .normalize("NFC")
        .toLowerCase(),
    );
    const own = keys.pop() ?? "";
    const isFolder = fileName.endsWith("/");
    if (files.has(own) || (!isFolder && folders.has(own)) || keys.some((key) => files.has(key))) {
      throw refuse(`two entries are named ${shown}`);
    }
    for (const key of isFolder ? [...keys, own] : keys) folders.add(key);
    if (!isFolder) files.add(own);
    packedBytes += entry.compressedSize;
    unpackedBytes += entry.uncompressedSize;
    // Entries that share their data make a small archive unpack without end.
    if (packedBytes > archiveBytes) throw refuse("its entries overlap");
    if (unpackedBytes > maxUnpackedBytes) throw refuse(`it unpacks to more than ${maxUnpackedBytes} bytes`);
    if (
      entry.uncompressedSize > ratioFloorBytes &&
      entry.uncompressedSize > entry.compressedSize * maxRatio
    ) {
      throw refuse(`${shown} unpacks to more than ${maxRatio} times its size`);
    }
  };
}

/** yauzl stops an entry that gives more bytes, or fewer, than it says. */
async function unpack(zip: ZipFile, entry: Entry, keep: boolean, refuse: Refuse): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let checksum = 0;
  for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
    checksum = crc32(chunk, checksum);
    if (keep) chunks.push(chunk);
  }
  if (checksum !== entry.crc32) {
    throw refuse(`the checksum of ${JSON.stringify(entry.fileName.slice(0, 100))} is wrong`);
  }
  return Buffer.concat(chunks);
}
