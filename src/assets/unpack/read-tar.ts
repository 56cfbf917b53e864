// Reads a tar as it comes, entry by entry, at the reader's pace: POSIX ustar with pax headers, GNU long names, and the
// old format. Names are given as they stand; judging them is the caller's part. Anything out of order is an error.
// (Layout: POSIX.1-2024 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".)
import { type ArchiveEntry, BrokenArchiveError } from "./archive-entry.ts";

/** What extra headers say of the entry that follows them. */
interface Announced {
  path?: string;
  sizeBytes?: number;
  linkTarget?: string;
}

const blockBytes = 512;
/** Long names and pax records; honest ones are a few hundred bytes. */
const maxMetaBytes = 1 << 20;

export async function* readTar(
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<ArchiveEntry, void, undefined> {
  const bytes = createByteReader(input);
  try {
    let next: Announced = {};
    for (;;) {
      const header = await bytes.take(blockBytes);
      if (header.every((byte) => byte === 0)) return await bytes.drain();
      const { name, type, sizeBytes, mode, linkName } = parseHeader(header);
      if (type === "x" || type === "L" || type === "K") {
        if (sizeBytes > maxMetaBytes) throw new BrokenArchiveError("a name of more than 1 MiB");
        const meta = (await bytes.take(sizeBytes)).slice();
        await bytes.skip(paddingAfter(sizeBytes));
        if (type === "x") next = { ...next, ...parsePax(meta) };
        else next = { ...next, [type === "L" ? "path" : "linkTarget"]: readText(meta) };
        continue;
      }
      if (type === "g") {
        await bytes.skip(sizeBytes + paddingAfter(sizeBytes)); // archive-wide remarks
        continue;
      }
      const path = next.path ?? name;
      const size = next.sizeBytes ?? sizeBytes;
      const linkTarget = "12".includes(type) ? (next.linkTarget ?? linkName) : null;
      next = {};
      let left = size;
      yield {
        path: path.replace(/\/+$/, ""),
        kind: kindOf(type, path),
        sizeBytes: size,
        isExecutable: (mode & 0o100) !== 0,
        linkTarget,
        async *body() {
          while (left > 0) {
            const piece = await bytes.takeSome(left);
            left -= piece.length;
            yield piece;
          }
        },
      };
      await bytes.skip(left + paddingAfter(size));
    }
  } finally {
    await bytes.close();
  }
}

function kindOf(type: string, path: string): ArchiveEntry["kind"] {
  if (type === "5" || (type === "0" && path.endsWith("/"))) return "folder";
  if (type === "0" || type === "7") return "file";
  if (type === "1") return "hard-link";
  if (type === "2") return "link";
  if (type === "3" || type === "4" || type === "6") return "device";
  throw new BrokenArchiveError(`an entry of the unknown type ${JSON.stringify(type)}`);
}

interface Header {
  name: string;
  type: string;
  sizeBytes: number;
  mode: number;
  linkName: string;
}

function parseHeader(header: Uint8Array): Header {
  let sum = 8 * 0x20; // the checksum's own field counts as blanks
  for (let i = 0; i < blockBytes; i++) if (i < 148 || i >= 156) sum += header[i] ?? 0;
  if (parseNumber(header.subarray(148, 156)) !== sum)
    throw new BrokenArchiveError("a header with a wrong checksum");
  const isUstar = readText(header.subarray(257, 262)) === "ustar";
  const prefix = isUstar && header[262] === 0 ? readText(header.subarray(345, 500)) : "";
  const name = readText(header.subarray(0, 100));
  const type = header[156] === 0 ? "0" : String.fromCharCode(header[156] ?? 0);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    type,
    // Links and folders have no body, whatever their size field says.
    sizeBytes: "123456".includes(type) ? 0 : parseNumber(header.subarray(124, 136)),
    mode: parseNumber(header.subarray(100, 108)),
    linkName: readText(header.subarray(157, 257)),
  };
}

/** Octal text, or GNU's big-endian binary for files of 8 GiB and more. */
function parseNumber(field: Uint8Array): number {
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    if (field[0] === 0x80 && Number.isSafeInteger(value)) return value;
    throw new BrokenArchiveError("a number that is too large");
  }
  const text = readText(field).trim();
  if (!/^[0-7]*$/.test(text)) throw new BrokenArchiveError("a number that is none");
  return text === "" ? 0 : Number.parseInt(text, 8);
}

/** Records of the form "<length> <key>=<value>\n"; of the keys, only those that say what comes next. */
function parsePax(meta: Uint8Array): Announced {
  const result: Announced = {};
  for (let position = 0; position < meta.length; ) {
    const blank = meta.indexOf(0x20, position);
    const length = blank < 0 ? Number.NaN : Number(decode(meta.subarray(position, blank)));
    const end = position + length;
    if (!Number.isSafeInteger(length) || length <= 0 || end > meta.length)
      throw new BrokenArchiveError("a broken pax header");
    const record = decode(meta.subarray(blank + 1, end - 1));
    const equals = record.indexOf("=");
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key === "path") result.path = value;
    if (key === "linkpath") result.linkTarget = value;
    if (key === "size") {
      if (!/^\d+$/.test(value)) throw new BrokenArchiveError("a broken pax header");
      result.sizeBytes = Number(value);
    }
    position = end;
  }
  return result;
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function readText(field: Uint8Array): string {
  const end = field.indexOf(0);
  return decode(end < 0 ? field : field.subarray(0, end));
}

const paddingAfter = (sizeBytes: number): number => (blockBytes - (sizeBytes % blockBytes)) % blockBytes;

function createByteReader(input: AsyncIterable<Uint8Array>) {
  const iterator = input[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array();

  /** Between one byte and `limit`, a view of the input's own memory. */
  const takeSome = async (limit: number): Promise<Uint8Array> => {
    while (chunk.length === 0) {
      const next = await iterator.next();
      if (next.done) throw new BrokenArchiveError("it ends too early");
      chunk = next.value;
    }
    const piece = chunk.subarray(0, limit);
    chunk = chunk.subarray(piece.length);
    return piece;
  };

  return {
    takeSome,
    async take(count: number): Promise<Uint8Array> {
      const first = count > 0 ? await takeSome(count) : new Uint8Array();
      if (first.length === count) return first;
      const whole = new Uint8Array(count);
      whole.set(first);
      for (let at = first.length; at < count; ) {
        const piece = await takeSome(count - at);
        whole.set(piece, at);
        at += piece.length;
      }
      return whole;
    },
    async skip(count: number): Promise<void> {
      for (let left = count; left > 0; ) left -= (await takeSome(left)).length;
    },
    /** Reads what is left: a compressed archive has its checksum at its very end. */
    async drain(): Promise<void> {
      while (!(await iterator.next()).done);
    },
    async close(): Promise<void> {
      await iterator.return?.();
    },
  };
}
