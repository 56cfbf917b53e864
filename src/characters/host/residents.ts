// Characters that talk: each in a cell of its own, opened at its first use and kept while it is used.
import { waitFor } from "../../base/deadline.ts";
import { AppError } from "../../base/errors.ts";
import type { LoadProblem } from "../port.ts";
import type { CellPool } from "./cell-pool.ts";
import { describeLateEvaluation, problemOfOffence } from "./describe-problem.ts";
import type { CellEvaluation, CharacterSource, HostIncident, HostOptions } from "./host-protocol.ts";
import { createIdleMeter } from "./idle-meter.ts";
import { isSuspicion } from "./memory-guard.ts";
import type { Cell, CellOffence } from "./open-cell.ts";
import { patientTimer } from "./patient-timer.ts";

/** Cells kept open; beyond that the one unused for longest is closed. About 3 MB each, 8 with zod. */
const maxResidents = 24;

interface Resident {
  readonly source: CharacterSource;
  readonly cell: Cell;
  readonly loaded: Promise<void>;
  callsMade: number;
  /** Of them, those under way. */
  callCount: number;
  usedAtMs: number;
  /** Closed once its calls have ended; a new call gets a new cell. */
  isLeaving: boolean;
}

export interface ResidentCall {
  versionId: string;
  /** Needed when this host has not met the version yet, or has closed its cell: E_NOT_FOUND asks for it. */
  source: CharacterSource | undefined;
  method: "prompt" | "tool" | "reply";
  params: unknown;
  timeoutMs: number;
  signal: AbortSignal;
}

export interface Residents {
  call(request: ResidentCall): Promise<unknown>;
  /** `timeoutMs` counts to the first chunk and from each to the next. */
  stream(request: ResidentCall): AsyncIterable<unknown>;
  /** These versions have been replaced: idle cells are closed now, busy ones when they are done. */
  retire(versionIds: readonly string[]): void;
}

export function createResidents(
  dependencies: { pool: CellPool; report: (incident: HostIncident) => void },
  options: HostOptions,
): Residents {
  const { pool, report } = dependencies;
  const residents = new Map<string, Resident>();
  /** Versions that were stopped without a call, since they may have taken too much memory. */
  const suspected = new Set<string>();

  const problemOf = (source: CharacterSource, offence: CellOffence): LoadProblem =>
    problemOfOffence(source, "run", offence);
  const failure = (problem: LoadProblem): AppError =>
    new AppError("E_CHARACTER", `${problem.file}: ${problem.message}`, { problem });

  const forget = (resident: Resident): void => {
    if (residents.get(resident.source.versionId) === resident) residents.delete(resident.source.versionId);
  };
  const close = (resident: Resident): void => {
    forget(resident);
    void pool.discard(resident.cell);
  };

  const open = (source: CharacterSource): Resident => {
    makeRoom();
    let isBlamed = false;
    const blame = (offence: CellOffence): void => {
      if (isBlamed) return;
      isBlamed = true;
      forget(resident);
      const problem = problemOf(source, offence);
      report({ kind: "character", versionId: source.versionId, problem });
      cell.condemn(offence);
    };
    const cell = pool.take({
      onOffence: blame,
      onDeath: blame,
      onOutput: (line) => report({ kind: "output", file: source.file, line }),
    });
    const resident: Resident = {
      source,
      cell,
      loaded: load(cell, source),
      callsMade: 0,
      callCount: 0,
      usedAtMs: performance.now(),
      isLeaving: false,
    };
    // The next call tries again in a new cell.
    resident.loaded.catch(() => leave(resident));
    residents.set(source.versionId, resident);
    const isHog = createIdleMeter(options.idle);
    pool.watch({
      cell,
      patienceMs: () =>
        resident.callCount > 0
          ? Math.max(options.promptTimeoutMs, options.toolTimeoutMs, options.replyTimeoutMs)
          : options.promptTimeoutMs,
      onPulse({ abandonedCount, cpuMs }) {
        if (abandonedCount > 0) leave(resident);
        const { callsMade, callCount: callsUnderWay } = resident;
        if (!isHog({ atMs: performance.now(), cpuMs, callsMade, callsUnderWay })) return;
        const message = `kept more than ${options.idle.maxShare * 100} % of a processor busy for ${options.idle.windowMs / 1000} s without a call; end its loops and timers with the call that needs them`;
        cell.condemn({ type: "Timeout", message, stack: "" });
      },
      onSuspicion() {
        forget(resident);
        // A call tells its caller.
        if (resident.callCount === 0) suspected.add(source.versionId);
      },
    });
    return resident;
  };

  const load = async (cell: Cell, source: CharacterSource): Promise<void> => {
    await cell.ready;
    const timeoutMs = options.evaluateTimeoutMs;
    const answer = (await cell.call("evaluate", source, {
      timeoutMs,
      onTimeout() {
        const message = describeLateEvaluation(timeoutMs);
        cell.condemn({ type: "Timeout", message, stack: "" });
        return failure(problemOf(source, { type: "Timeout", message, stack: "" }));
      },
    })) as CellEvaluation;
    if (!answer.ok) throw failure({ ...answer.problem, stage: "run" });
  };

  const leave = (resident: Resident): void => {
    resident.isLeaving = true;
    forget(resident);
    if (resident.callCount === 0) close(resident);
  };

  /** For one more. Busy ones stay: there are as many as sessions want. */
  const makeRoom = (): void => {
    const idle = [...residents.values()]
      .filter(({ callCount }) => callCount === 0)
      .toSorted((a, b) => a.usedAtMs - b.usedAtMs);
    for (const resident of idle.slice(0, Math.max(0, residents.size + 1 - maxResidents))) close(resident);
  };

  const find = ({ versionId, source }: ResidentCall): Resident => {
    if (suspected.delete(versionId)) throw toBeCalledAlone(versionId);
    const known = residents.get(versionId);
    if (known?.cell.isOpen) return known;
    if (!source) throw notOpen(versionId);
    return open(source);
  };

  /** The cell's own failures, deadlines and death, as the caller is to hear of them. */
  const translate = (resident: Resident, request: ResidentCall, error: unknown): unknown => {
    const { cell, source } = resident;
    const { offence } = cell;
    if (offence && !cell.hasStarted) return notOpen(source.versionId);
    if (offence) return failure(problemOf(source, offence));
    if (isSuspicion(error)) return toBeCalledAlone(source.versionId);
    const hasTimedOut = error instanceof AppError && error.code === "E_BUSY";
    if (!hasTimedOut) return error;
    const seconds = request.timeoutMs / 1000;
    const message = `${described[request.method]} gave nothing within ${seconds} s`;
    const late: CellOffence = { type: "Timeout", message, stack: "" };
    // A prompt is computed, so a late one is a fault. A tool or a reply may be waiting for someone else.
    if (request.method === "prompt") cell.condemn(late);
    else void pool.examine(cell, late);
    return failure(problemOf(source, late));
  };

  const enter = (request: ResidentCall): Resident => {
    const resident = find(request);
    resident.callsMade += 1;
    resident.callCount += 1;
    return resident;
  };
  const exit = (resident: Resident): void => {
    resident.callCount -= 1;
    resident.usedAtMs = performance.now();
    if (resident.callCount === 0 && resident.isLeaving) close(resident);
  };

  return {
    async call(request) {
      const { method, params, timeoutMs, signal } = request;
      const resident = enter(request);
      try {
        await resident.loaded;
        return await resident.cell.call(method, params, { timeoutMs, signal });
      } catch (error) {
        throw translate(resident, request, error);
      } finally {
        exit(resident);
      }
    },
    async *stream(request) {
      const { method, params, timeoutMs, signal } = request;
      const resident = enter(request);
      const end = new AbortController();
      try {
        await resident.loaded;
        const ended = AbortSignal.any([signal, end.signal]);
        yield* withGapLimit(resident.cell.stream(method, params, { signal: ended }), timeoutMs);
      } catch (error) {
        throw translate(resident, request, error);
      } finally {
        end.abort();
        exit(resident);
      }
    },
    retire(versionIds) {
      for (const versionId of versionIds) {
        suspected.delete(versionId);
        const resident = residents.get(versionId);
        if (resident) leave(resident);
      }
    },
  };
}

const notOpen = (versionId: string): AppError =>
  new AppError("E_NOT_FOUND", "the version is not open here", { versionId });
const toBeCalledAlone = (versionId: string): AppError =>
  new AppError("E_NOT_FOUND", "to be called in a process of its own", { versionId, isSuspect: true });

const described = { prompt: "makeSystemPrompt", reply: "reply", tool: "the tool" };

/** Passes chunks on; throws E_BUSY when one takes longer than `limitMs` to come. The reader's own time does not count. */
async function* withGapLimit(chunks: AsyncIterable<unknown>, limitMs: number): AsyncGenerator {
  const iterator = chunks[Symbol.asyncIterator]();
  for (;;) {
    const step = await waitFor(iterator.next(), { timeoutMs: limitMs, clock: patientTimer });
    if (step.done === true) return;
    yield step.value;
  }
}
