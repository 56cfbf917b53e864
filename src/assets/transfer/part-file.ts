// A download that is under way on disk: `<id>.part` with the bytes where they belong, and `<id>.part.json` saying which
// of them are there. The state never runs ahead of the bytes, so a run that was killed goes on where it was.
import {
  type FileHandle,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  unlink,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { withFileErrors } from "../../base/atomic-file.ts";
import type { Clock } from "../../base/clock.ts";
import type { FileDigests } from "../checksum.ts";
import { addRange, type ByteRange, countBytes } from "./byte-ranges.ts";
import { createPartDigest, type DigestRequest, type PartDigest } from "./part-digest.ts";

const position = z.int().nonnegative();
const partStateSchema = z.object({
  format: z.literal(1),
  /** Whose bytes these are, in words for who looks into the folder: a url without its query, or a package. */
  source: z.string(),
  /** Strong validators only: the value of ETag, else of Last-Modified. */
  validator: z.string().nullable(),
  size_bytes: position.nullable(),
  done: z.array(z.tuple([position, position])),
});
export type PartState = z.infer<typeof partStateSchema>;

export interface PartFile extends AsyncDisposable {
  readonly done: readonly ByteRange[];
  readonly doneBytes: number;
  readonly sizeBytes: number | null;
  readonly validator: string | null;
  /** All bytes are there, as far as the size is known. */
  readonly isWhole: boolean;
  /** Writes at `offset`, and now and then the state. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** The same of several that follow each other, in one go. What was written before a failure counts. */
  writeAll(pieces: readonly Uint8Array[], offset: number): Promise<void>;
  describe(facts: { sizeBytes?: number | null; validator?: string | null }): void;
  /** Back to nothing. */
  startOver(): Promise<void>;
  /** Of the whole part, as far as they could be taken while it came. E_INTERRUPTED. */
  digest(signal: AbortSignal): Promise<FileDigests | null>;
}

/** A kill costs at most this much of what had been fetched. */
const saveEveryBytes = 8 << 20;
const saveEveryMs = 100;
/** A part that is smaller gets its state when it is closed. */
const smallBytes = 1 << 20;

export const statePathOf = (partPath: string): string => `${partPath}.json`;

export interface PartOptions {
  clock: Clock;
  /** Null or left out: nobody wants the digest. */
  digest?: DigestRequest | null | undefined;
  /**
   * The size of a small part whose bytes will be proved afterwards. It comes from its beginning to its end, and what
   * lies there is what has come: it needs no state beside it. Hundreds of small files spare themselves as many.
   */
  smallProvedBytes?: number | null | undefined;
  /** Takes over the open file of a part that is whole, which is closed otherwise. */
  takeWhole?: ((file: FileHandle) => Promise<void>) | undefined;
}

/** Whether a part may go without a state: null when not, else its size. */
export function selectSmallProved(sizeBytes: number | null, isProved: boolean): number | null {
  return isProved && sizeBytes !== null && sizeBytes <= smallBytes ? sizeBytes : null;
}

/** Opens what an earlier run left, or makes it; both files with mode 0600. */
export async function openPartFile(path: string, source: string, options: PartOptions): Promise<PartFile> {
  const small = options.smallProvedBytes ?? null;
  return withFileErrors(path, async () => {
    const made = await makeFile(path);
    if (made) {
      if (small === null) await rm(statePathOf(path), { force: true }); // of a part that is no more
      return createPartFile(path, made, emptyState(source), options);
    }
    const file = await open(path, "r+");
    try {
      const { size } = await file.stat();
      const earlier =
        (await loadPartState(path)) ?? (small === null ? null : smallState(source, size, small));
      const knownBytes = Math.max(0, ...(earlier?.done ?? []).map(([, end]) => end));
      const isUsable = earlier?.source === source && knownBytes <= size;
      const part = createPartFile(path, file, isUsable ? earlier : emptyState(source), options);
      if (!isUsable) await part.startOver();
      // What was written after the state: it may be of something longer, and no digest of what is known would tell.
      else if (size > knownBytes) await file.truncate(knownBytes);
      return part;
    } catch (error) {
      await file.close();
      throw error;
    }
  });
}

/** Of a part that has none. One that is longer than it should be is not believed. */
function smallState(source: string, foundBytes: number, wantedBytes: number): PartState | null {
  if (foundBytes > wantedBytes) return null;
  return { ...emptyState(source), size_bytes: wantedBytes, done: foundBytes > 0 ? [[0, foundBytes]] : [] };
}

function createPartFile(
  path: string,
  file: FileHandle,
  initial: PartState,
  { clock, digest: wanted, smallProvedBytes = null, takeWhole }: PartOptions,
): PartFile {
  const digest: PartDigest | null = wanted ? createPartDigest(path, wanted) : null;
  let state = initial;
  let unsavedBytes = 0;
  let savedAtMs = clock.nowMs();
  let saving: Promise<void> = Promise.resolve();
  let hasState = false;
  const temporary = join(dirname(path), `.${basename(statePathOf(path))}.tmp`);
  const isWhole = (): boolean => state.size_bytes !== null && countBytes(state.done) === state.size_bytes;

  const save = (): Promise<void> => {
    unsavedBytes = 0;
    savedAtMs = clock.nowMs();
    const snapshot = JSON.stringify(state);
    // One after the other: an older state must not land on a newer one.
    saving = saving
      .catch(() => undefined)
      .then(async () => {
        // No sync of the data first: it would take longer than the whole download of a fast network, and a killed process
        // loses nothing that was written. After a power failure the digest tells, and the file is fetched afresh.
        await writeFile(temporary, snapshot, { mode: 0o600 });
        await rename(temporary, statePathOf(path));
        hasState = true;
      });
    return saving;
  };

  const writeAll = (pieces: readonly Uint8Array[], offset: number): Promise<void> =>
    withFileErrors(path, async () => {
      let position = offset;
      for (let left = pieces.filter((piece) => piece.length > 0); left.length > 0; ) {
        const { bytesWritten } = await file.writev(left, position);
        const written = takeBytes(left, bytesWritten);
        left = dropBytes(left, bytesWritten);
        state.done = addRange(state.done, [position, position + bytesWritten]).map(([a, b]) => [a, b]);
        for (const piece of written) {
          digest?.follow(piece, position, prefixOf(state));
          position += piece.length;
        }
        unsavedBytes += bytesWritten;
      }
      // A large one has a state from its beginning: where the disk gets full, there is a place to write the last one to.
      const isFirst = !hasState && (state.size_bytes ?? smallBytes) >= smallBytes;
      const isDue = unsavedBytes >= saveEveryBytes || clock.nowMs() - savedAtMs >= saveEveryMs;
      if (smallProvedBytes === null && (isFirst || isDue)) await save();
    });

  return {
    get done() {
      return state.done;
    },
    get doneBytes() {
      return countBytes(state.done);
    },
    get sizeBytes() {
      return state.size_bytes;
    },
    get validator() {
      return state.validator;
    },
    get isWhole() {
      return isWhole();
    },
    write: (bytes, offset) => writeAll([bytes], offset),
    writeAll,
    describe({ sizeBytes, validator }) {
      if (sizeBytes !== undefined) state.size_bytes = sizeBytes;
      if (validator !== undefined) state.validator = validator;
    },
    async startOver() {
      state = emptyState(state.source);
      await digest?.reset();
      await withFileErrors(path, async () => {
        await file.truncate(0);
        await save();
      });
    },
    digest: async (signal) => (await digest?.finish(countBytes(state.done), signal)) ?? null,
    async [Symbol.asyncDispose]() {
      await digest?.[Symbol.asyncDispose]();
      try {
        const isEvident = smallProvedBytes !== null && !hasState && prefixOf(state) === smallProvedBytes;
        if (unsavedBytes > 0 && !isEvident) await save();
        await saving;
      } catch {
        // A disk that is full takes no new file either; the old one's block is there. Where not even that helps, the
        // state on disk is older and still true, and what brought us here must not be hidden by what comes of it.
        await overwrite(statePathOf(path), JSON.stringify(state)).catch(() => undefined);
      } finally {
        if (takeWhole && isWhole()) await takeWhole(file);
        else await file.close();
        // Of one that was refused at the door nothing is left to go on with. Where it cannot be removed it harms nobody,
        // and what came before must not be hidden by what comes of it.
        if (state.done.length === 0 && state.size_bytes !== 0) await removePart(path).catch(() => undefined);
      }
    },
  };
}

async function overwrite(path: string, text: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    const bytes = Buffer.from(text);
    await file.write(bytes, 0, bytes.length, 0);
    await file.truncate(bytes.length);
  } finally {
    await file.close();
  }
}

const emptyState = (source: string): PartState => ({
  format: 1,
  source,
  validator: null,
  size_bytes: null,
  done: [],
});

/** The first `count` bytes of all. */
function takeBytes(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  return pieces.flatMap((piece) => {
    const taken = piece.subarray(0, left);
    left -= taken.length;
    return taken.length > 0 ? [taken] : [];
  });
}

/** What is left without them. */
function dropBytes(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let toDrop = count;
  return pieces.flatMap((piece) => {
    const rest = piece.subarray(Math.min(toDrop, piece.length));
    toDrop -= piece.length - rest.length;
    return rest.length > 0 ? [rest] : [];
  });
}

/** How far the bytes reach from the beginning on, without a gap. */
const prefixOf = ({ done }: PartState): number => (done[0]?.[0] === 0 ? done[0][1] : 0);

/** Makes the folder too. Null when there is one already. */
async function makeFile(path: string): Promise<FileHandle | null> {
  for (let hasFolder = false; ; hasFolder = true) {
    try {
      return await open(path, "wx+", 0o600);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") return null;
      if (code !== "ENOENT" || hasFolder) throw error;
      await mkdir(dirname(path), { recursive: true });
    }
  }
}

/** Bytes that are there of it, as far as its state tells; of a small one without, all that it has. */
export async function countPartBytes(path: string): Promise<{ doneBytes: number; sizeBytes: number | null }> {
  const state = await loadPartState(path);
  if (state) return { doneBytes: countBytes(state.done), sizeBytes: state.size_bytes };
  const size = await stat(path).then(
    (seen) => seen.size,
    () => 0,
  );
  return { doneBytes: size <= smallBytes ? size : 0, sizeBytes: null };
}

export async function loadPartState(path: string): Promise<PartState | null> {
  try {
    return partStateSchema.parse(JSON.parse(await readFile(statePathOf(path), "utf8")));
  } catch {
    return null; // none, or not ours: what lies there cannot be trusted
  }
}

export async function removePart(path: string): Promise<void> {
  await unlinkIfThere(statePathOf(path));
  await unlinkIfThere(path);
}

/** One call to the system, where `rm` makes two. */
export async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}
