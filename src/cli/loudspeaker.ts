// Where `chat --voice` speaks: the sound card through whichever player the system has, or a file in its place.
import { open } from "node:fs/promises";
import { encodeWavHeader } from "../audio/wav.ts";
import type { Clock } from "../base/clock.ts";
import { AppError, fromFileSystemError } from "../base/errors.ts";
import { soundRateHz, waitUntil } from "./microphone.ts";

export interface Loudspeaker extends AsyncDisposable {
  /** Raw sound, after what was given before. */
  play(bytes: Uint8Array): void;
  /** Falls silent at once: what has not sounded is dropped. */
  stop(): void;
  /** Rejects when nothing can be heard any more; never resolves. */
  readonly failed: Promise<never>;
}

const rate = String(soundRateHz);
/** Each plays raw sound from its standard input. */
const players: readonly (readonly [string, ...string[]])[] = [
  ["pacat", "--playback", "--format=s16le", `--rate=${rate}`, "--channels=1", "--latency-msec=60"],
  ["aplay", "-q", "-t", "raw", "-f", "S16_LE", "-r", rate, "-c", "1"],
  ["play", "-q", "-t", "raw", "-e", "signed-integer", "-b", "16", "-r", rate, "-c", "1", "-"],
  ["ffplay", "-loglevel", "error", "-nodisp", "-f", "s16le", "-ar", rate, "-ch_layout", "mono", "-i", "-"],
];

/** E_COMPAT when there is no player. `searchPath` instead of the system's own, as `PATH` has it. */
export function openLoudspeaker(options: { searchPath?: string | undefined } = {}): Loudspeaker {
  const search = options.searchPath === undefined ? undefined : { PATH: options.searchPath };
  const player = players.find(([program]) => Bun.which(program, search) !== null);
  if (!player) {
    const names = players.map(([program]) => program).join(", ");
    throw new AppError(
      "E_COMPAT",
      `no audio player found (${names}); install one, or give --output FILE.wav`,
    );
  }
  const [program, ...args] = player;
  const path = Bun.which(program, search) ?? program;
  const failed = createFailure();
  let current: { process: ReturnType<typeof spawnPlayer>; complaint: Promise<string> } | undefined;

  const spawn = () => {
    const process = spawnPlayer(path, args);
    const running = { process, complaint: new Response(process.stderr).text() };
    void process.exited.then(async (code) => {
      if (current !== running) return;
      const reason = (await running.complaint).trim().split("\n").at(-1) || `it ended with ${code}`;
      failed.reject(
        new AppError("E_COMPAT", `${program} cannot play: ${reason}; give --output FILE.wav to use a file`),
      );
    });
    return running;
  };
  const stop = (): void => {
    const stopped = current;
    current = undefined;
    stopped?.process.kill();
  };

  return {
    play(bytes) {
      // One player for a whole answer: between two of them there would be a gap.
      current ??= spawn();
      feed(current.process.stdin, bytes).catch((error: unknown) => failed.reject(error));
    },
    stop,
    failed: failed.promise,
    async [Symbol.asyncDispose]() {
      const last = current?.process;
      stop();
      await last?.exited;
    },
  };
}

/** What a player that has ended does not take is nothing new: its end says why. */
async function feed(stdin: Bun.FileSink, bytes: Uint8Array): Promise<void> {
  try {
    await stdin.write(bytes);
    await stdin.flush();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  }
}

const spawnPlayer = (path: string, args: readonly string[]) =>
  Bun.spawn([path, ...args], { stdin: "pipe", stdout: "ignore", stderr: "pipe" });

function createFailure(): PromiseWithResolvers<never> {
  const failure = Promise.withResolvers<never>();
  // Nobody need be looking.
  failure.promise.catch(() => undefined);
  return failure;
}

const tickMs = 20;
const tickBytes = (soundRateHz / 1000) * tickMs * 2;

/** A WAV file of what was to be heard, silence included, in its own time. E_PERM, E_DISK, E_NOT_FOUND. */
export async function openFileLoudspeaker({ clock }: { clock: Clock }, path: string): Promise<Loudspeaker> {
  const file = await open(path, "w").catch((error: unknown) => {
    throw fromFileSystemError(error, path);
  });
  const failed = createFailure();
  let waiting = new Uint8Array();
  let isOpen = true;
  let dataBytes = 0;

  const run = async (): Promise<void> => {
    await file.write(encodeWavHeader({ sampleRateHz: soundRateHz, dataBytes: 0 }));
    const startMs = clock.nowMs();
    for (let tick = 1; isOpen || waiting.length > 0; tick++) {
      const piece = new Uint8Array(tickBytes);
      piece.set(waiting.subarray(0, tickBytes));
      waiting = waiting.slice(tickBytes);
      await file.write(piece);
      dataBytes += piece.length;
      if (isOpen) await waitUntil(clock, startMs + tick * tickMs);
    }
    await file.write(encodeWavHeader({ sampleRateHz: soundRateHz, dataBytes }), 0, 44, 0);
  };
  const running = run().catch((error: unknown) => failed.reject(fromFileSystemError(error, path)));

  return {
    play(bytes) {
      waiting = Buffer.concat([waiting, bytes]);
    },
    stop: () => void (waiting = new Uint8Array()),
    failed: failed.promise,
    async [Symbol.asyncDispose]() {
      isOpen = false;
      await running;
      await file.close();
    },
  };
}
