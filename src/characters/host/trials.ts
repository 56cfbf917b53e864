// Files are evaluated in a process of their own, apart from the characters that talk. When it dies, the files it had are
// tried again more carefully: few at a time, then each in a process to itself.
import { abortReason } from "../../base/deadline.ts";
import { createGate, type Gate } from "./gate.ts";
import { HostGone, runIn, withGrace } from "./host-call.ts";
import type { CharacterSource, EvaluationOutcome } from "./host-protocol.ts";
import type { HostSlot } from "./host-slot.ts";

/** Files that the trial host has at once. */
const trialWindow = 512;
/** After it has died: how many are tried at once, so that few are under suspicion when it dies again. */
const carefulWindow = 4;
/** Processes for files that are tried alone. */
const solitaryWindow = 2;
/** Times that a trial is made again because its host was replaced. */
const maxReplacements = 3;

export interface Trials extends AsyncDisposable {
  /** Rejects with E_INTERRUPTED alone; everything else is the file's outcome. */
  evaluate: (source: CharacterSource, signal: AbortSignal) => Promise<EvaluationOutcome>;
}

export function createTrials(
  dependencies: { openSlot: () => HostSlot },
  options: { evaluateTimeoutMs: number },
): Trials {
  const shared = dependencies.openSlot();
  const solitary = new Set<HostSlot>();
  const gates = {
    ordinary: createGate(trialWindow),
    careful: createGate(carefulWindow),
    solitary: createGate(solitaryWindow),
  };
  shared.current();

  const evaluateIn = (
    slot: HostSlot,
    source: CharacterSource,
    isAlone: boolean,
    signal: AbortSignal,
  ): Promise<EvaluationOutcome> =>
    runIn(slot, source, async (process) => {
      // Many wait in the host's own queue; a deadline from outside would count that as silence.
      const limits = isAlone ? withGrace(options.evaluateTimeoutMs, signal) : { signal };
      return (await process.call("evaluate", { source, isAlone }, limits)) as EvaluationOutcome;
    });

  /** Undefined when the process ended by itself. */
  const attempt = async (
    gate: Gate,
    signal: AbortSignal,
    run: () => Promise<EvaluationOutcome>,
  ): Promise<EvaluationOutcome | undefined> => {
    using _pass = await gate.enter(signal);
    for (let replacements = 0; ; replacements++) {
      try {
        return await run();
      } catch (error) {
        if (signal.aborted) throw abortReason(signal);
        if (!(error instanceof HostGone)) throw error;
        if (!error.wasReplaced || replacements >= maxReplacements) return undefined;
      }
    }
  };

  const evaluateInSolitude = async (
    source: CharacterSource,
    signal: AbortSignal,
  ): Promise<EvaluationOutcome> => {
    const slot = dependencies.openSlot();
    solitary.add(slot);
    try {
      return await evaluateIn(slot, source, true, signal);
    } finally {
      solitary.delete(slot);
      await slot[Symbol.asyncDispose]();
    }
  };

  return {
    async evaluate(source, signal) {
      const outcome =
        (await attempt(gates.ordinary, signal, () => evaluateIn(shared, source, false, signal))) ??
        (await attempt(gates.careful, signal, () => evaluateIn(shared, source, true, signal))) ??
        (await attempt(gates.solitary, signal, () => evaluateInSolitude(source, signal)));
      return outcome ?? { ok: false, problem: endedProcess(source.file), companions: source.companions };
    },
    async [Symbol.asyncDispose]() {
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
