// Files are evaluated in a process of their own, apart from the characters that talk. When it dies, the files it had are
// tried again more carefully: few at a time, then each in a process to itself.
import { abortReason } from "../../base/deadline.ts";
import { createGate, type Gate } from "./gate.ts";
import { HostGone, noProcess, runIn } from "./host-call.ts";
import type { CharacterSource, EvaluationOutcome } from "./host-protocol.ts";
import type { HostSlot, HostSlotListener } from "./host-slot.ts";

/** Files that the trial host has at once. */
const trialWindow = 512;
/** After it has died: how many are tried at once, so that few are under suspicion when it dies again. */
const carefulWindow = 4;
/** Processes for files that are tried alone. */
const solitaryWindow = 2;
/** How long the host may look out for what fails late: its cells linger for 3 s, and tell again what was unclear. */
const watchedForMs = 10_000;
/** A file may be evaluated this often for its late failures: its host may be ended twice by another's. */
const maxExaminations = 4;
/** Times that a trial is made again because its host was replaced, or did not come up. */
const maxReplacements = 3;

/** `suspect`: the file may have taken too much memory, or had no cell, and is to be tried in a process of its own. */
type Trial = EvaluationOutcome | "suspect";

export interface Trials extends AsyncDisposable {
  /** Rejects with E_INTERRUPTED, and with E_BUSY when there is no process for it; everything else is the file's outcome. */
  evaluate: (source: CharacterSource, signal: AbortSignal) => Promise<EvaluationOutcome>;
}

export function createTrials(dependencies: {
  openSlot: (onDeath: HostSlotListener["onDeath"]) => HostSlot;
}): Trials {
  const shared = dependencies.openSlot(() => reexamine());
  const solitary = new Set<HostSlot>();
  const ended = new AbortController();
  const gates = {
    ordinary: createGate(trialWindow),
    careful: createGate(carefulWindow),
    solitary: createGate(solitaryWindow),
  };
  let recent: { source: CharacterSource; atMs: number; examinations: number }[] = [];
  shared.current();

  const evaluateIn = (
    slot: HostSlot,
    source: CharacterSource,
    isAlone: boolean,
    signal: AbortSignal,
  ): Promise<Trial> =>
    runIn(slot, source, async (process) => {
      return (await process.call("evaluate", { source, isAlone }, { signal })) as Trial;
    });

  /** Undefined when the process ended by itself. */
  const attempt = async (
    gate: Gate,
    signal: AbortSignal,
    run: () => Promise<Trial>,
  ): Promise<Trial | undefined> => {
    using _pass = await gate.enter(signal);
    for (let replacements = 0; ; replacements++) {
      try {
        return await run();
      } catch (error) {
        if (signal.aborted) throw abortReason(signal);
        if (!(error instanceof HostGone)) throw error;
        const isInnocent = error.loss === "replaced" || error.loss === "unstarted";
        if (isInnocent && replacements < maxReplacements) continue;
        if (error.loss === "unstarted") throw noProcess();
        return undefined;
      }
    }
  };

  const evaluateInSolitude = async (source: CharacterSource, signal: AbortSignal): Promise<Trial> => {
    const slot = dependencies.openSlot(() => undefined);
    solitary.add(slot);
    try {
      return await evaluateIn(slot, source, true, signal);
    } finally {
      solitary.delete(slot);
      await slot[Symbol.asyncDispose]();
    }
  };

  const remember = (source: CharacterSource, examinations: number): void => {
    const nowMs = performance.now();
    for (let [oldest] = recent; oldest && nowMs - oldest.atMs > watchedForMs; [oldest] = recent)
      recent.shift();
    recent.push({ source, atMs: nowMs, examinations });
  };
  /** Those whose late failures nobody can see any more, since their host died, are evaluated again for them. */
  const reexamine = (): void => {
    const nowMs = performance.now();
    const unseen = recent.filter(
      ({ atMs, examinations }) => nowMs - atMs < watchedForMs && examinations < maxExaminations,
    );
    recent = [];
    for (const { source, examinations } of unseen) void examineAgain(source, examinations + 1);
  };
  const examineAgain = async (source: CharacterSource, examinations: number): Promise<void> => {
    const { signal } = ended;
    try {
      const trial = await attempt(gates.ordinary, signal, () => evaluateIn(shared, source, false, signal));
      if (typeof trial === "object" && trial.ok) remember(source, examinations);
      if (trial === undefined && examinations < maxExaminations) await examineAgain(source, examinations + 1);
    } catch {
      // The folder is being put away.
    }
  };

  return {
    async evaluate(source, signal) {
      let trial =
        (await attempt(gates.ordinary, signal, () => evaluateIn(shared, source, false, signal))) ??
        (await attempt(gates.careful, signal, () => evaluateIn(shared, source, true, signal)));
      if (trial === undefined || trial === "suspect") {
        trial = await attempt(gates.solitary, signal, () => evaluateInSolitude(source, signal));
      }
      // In a process to itself it either takes too much memory or does not: this one had no cell.
      if (trial === "suspect") throw noProcess();
      if (trial === undefined) {
        return { ok: false, problem: endedProcess(source.file), companions: source.companions };
      }
      if (trial.ok) remember(source, 1);
      return trial;
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await Promise.all([shared, ...solitary].map((slot) => slot[Symbol.asyncDispose]()));
    },
  };
}

function endedProcess(file: string) {
  return {
    file,
    stage: "evaluate",
    error_type: "Crashed",
    message: "ended the process in which it was evaluated",
  } as const;
}
