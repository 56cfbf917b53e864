// One call in one host process, and what it means when that process ends meanwhile.
import { AppError } from "../../base/errors.ts";
import type { CharacterSource } from "./host-protocol.ts";
import type { HostProcess, HostSlot } from "./host-slot.ts";

/** Why a call came to nothing in its process, and has to be made again. */
export type HostLoss =
  /** The process ended by itself. */
  | "died"
  /** The process was told to go, or has closed the character's cell: nobody's fault. */
  | "replaced"
  /** The process ended before it could do anything: nobody's fault, either. */
  | "unstarted"
  /** The character may have taken too much memory: to be called in a process of its own. */
  | "suspect";

export class HostGone extends Error {
  readonly loss: HostLoss;

  constructor(loss: HostLoss) {
    super("the character host ended");
    this.name = "HostGone";
    this.loss = loss;
  }
}

/** For calls whose processes end before they have begun, time after time. */
export const noProcess = (): AppError =>
  new AppError(
    "E_BUSY",
    "no process for characters comes up; the log says why, and after an update Troupe is to be started anew",
  );

/** `source` is handed to `run` when the process does not have it yet. Throws HostGone when the process ends. */
export async function runIn<T>(
  slot: HostSlot,
  source: CharacterSource,
  run: (process: HostProcess, source: CharacterSource | undefined) => Promise<T>,
): Promise<T> {
  const process = slot.current();
  using _call = process.enter(source.versionId);
  try {
    return await run(process, takeSource(process, source));
  } catch (error) {
    throw await translateFailure(process, source, error);
  }
}

/** As `runIn`, for what comes in pieces. */
export async function* streamIn<T>(
  slot: HostSlot,
  source: CharacterSource,
  run: (process: HostProcess, source: CharacterSource | undefined) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const process = slot.current();
  using _call = process.enter(source.versionId);
  try {
    yield* run(process, takeSource(process, source));
  } catch (error) {
    throw await translateFailure(process, source, error);
  }
}

function takeSource(process: HostProcess, source: CharacterSource): CharacterSource | undefined {
  if (process.knownVersions.has(source.versionId)) return undefined;
  process.knownVersions.add(source.versionId);
  return source;
}

async function translateFailure(
  process: HostProcess,
  source: CharacterSource,
  error: unknown,
): Promise<unknown> {
  if (!process.isRunning) {
    // Its slot draws the conclusions first: who was busy in it, and who is to be tried alone.
    await process.ended;
    return new HostGone(process.isReplaced ? "replaced" : process.hasStarted ? "died" : "unstarted");
  }
  // Its cell has been closed: the host needs the source again.
  if (error instanceof AppError && error.code === "E_NOT_FOUND" && error.details?.["versionId"]) {
    process.knownVersions.delete(source.versionId);
    return new HostGone(error.details["isSuspect"] === true ? "suspect" : "replaced");
  }
  return error;
}
