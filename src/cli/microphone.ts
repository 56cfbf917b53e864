// Where `chat --voice` hears from: the sound card through whichever recorder the system has, or a file in its place.
import { decodeAudio } from "../audio/codecs/decoder.ts";
import { encodeS16le } from "../audio/pcm.ts";
import type { Clock } from "../base/clock.ts";
import { AppError, fromFileSystemError } from "../base/errors.ts";

/** Of everything that is said or heard here: mono, signed 16-bit little-endian. */
export const soundRateHz = 24_000;
const rate = String(soundRateHz);

/** Raw sound, as it comes, until `signal` aborts or there is no more. E_COMPAT when there is no microphone. */
export type Microphone = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** Each writes raw sound to its standard output. */
const recorders: readonly (readonly [string, ...string[]])[] = [
  ["parec", "--format=s16le", `--rate=${rate}`, "--channels=1", "--latency-msec=40"],
  ["arecord", "-q", "-t", "raw", "-f", "S16_LE", "-r", rate, "-c", "1"],
  ["rec", "-q", "-t", "raw", "-e", "signed-integer", "-b", "16", "-r", rate, "-c", "1", "-"],
];

/** `searchPath` instead of the system's own, as `PATH` has it. */
export function createMicrophone(options: { searchPath?: string | undefined } = {}): Microphone {
  return async function* record(signal) {
    const search = options.searchPath === undefined ? undefined : { PATH: options.searchPath };
    const recorder = recorders.find(([program]) => Bun.which(program, search) !== null);
    if (!recorder) {
      const names = recorders.map(([program]) => program).join(", ");
      throw new AppError("E_COMPAT", `no recorder found (${names}); install one, or give --microphone FILE`);
    }
    const [program, ...args] = recorder;
    const path = Bun.which(program, search) ?? program;
    const process = Bun.spawn([path, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe", signal });
    const complaint = new Response(process.stderr).text();
    yield* process.stdout;
    if (signal.aborted) return;
    await process.exited;
    const reason = (await complaint).trim().split("\n").at(-1) || "it stopped";
    throw new AppError(
      "E_COMPAT",
      `${program} cannot record: ${reason}; give --microphone FILE to use a file`,
    );
  };
}

const pieceMs = 20;

/** The file's sound in its own time, as if it were being said. E_NOT_FOUND, E_SCHEMA. */
export function createFileMicrophone({ clock }: { clock: Clock }, file: string): Microphone {
  return async function* read(signal) {
    let bytes: Uint8Array;
    try {
      bytes = await Bun.file(file).bytes();
    } catch (error) {
      throw fromFileSystemError(error, file);
    }
    const { pcm } = await decodeAudio(bytes, { sampleRateHz: soundRateHz, signal });
    yield* pace(encodeS16le(pcm), clock, signal);
  };
}

async function* pace(sound: Uint8Array, clock: Clock, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const pieceBytes = (soundRateHz / 1000) * pieceMs * 2;
  const startMs = clock.nowMs();
  for (let at = 0; at < sound.length && !signal.aborted; at += pieceBytes) {
    yield sound.subarray(at, at + pieceBytes);
    await waitUntil(clock, startMs + (at / pieceBytes + 1) * pieceMs);
  }
}

export async function waitUntil(clock: Clock, atMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using _timer = clock.schedule(resolve, Math.max(0, atMs - clock.nowMs()));
  await promise;
}
