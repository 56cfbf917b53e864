// Runs character code for the serving process, in child processes. The one place that knows who is quarantined.
import type { LoadProblem } from "../port.ts";
import type { HostLimits, HostOptions } from "./host-protocol.ts";
import { createHostSlot, type HostSlot, type HostSlotListener } from "./host-slot.ts";
import { createLineLimit } from "./line-limit.ts";
import { createTalks, type Talks } from "./talks.ts";
import { createTrials, type Trials } from "./trials.ts";

/** Offences that are remembered. Those of versions on stage are told anew with each book, so the oldest is nobody's. */
const maxOffences = 1000;
/** Niceness of trials: whoever talks goes first. */
const trialNiceness = 5;

export interface CharacterHost extends AsyncDisposable, Omit<Talks, typeof Symbol.asyncDispose | "retire"> {
  evaluate: Trials["evaluate"];
  /** Why a version is not called any more. It may be known before the version's own outcome. */
  offenceOf: (versionId: string) => LoadProblem | undefined;
  /** The same text has misbehaved in another evaluation: this version is not to be called, either. */
  quarantine: (versionId: string, problem: LoadProblem) => void;
  /**
   * Newer ones stand in the place of these versions, or their files have gone: their cells go with their last calls. One
   * whose file has gone stays in quarantine, for who still holds it has no other.
   */
  retire: (versionIds: readonly string[], why: { isGone: boolean }) => void;
}

export interface CharacterHostListener {
  /** A version crashed or hung, in a call or outside of any: it is not called again. */
  onOffender(versionId: string, problem: LoadProblem): void;
  /** `file` is empty for what went past the characters' own consoles. */
  onOutput(file: string, line: string): void;
}

/** `folder`: absolute, links resolved. */
export function createCharacterHost(
  listener: CharacterHostListener,
  options: HostLimits & { folder: string },
): CharacterHost {
  const offenders = new Map<string, LoadProblem>();
  const remember = (versionId: string, problem: LoadProblem): void => {
    offenders.delete(versionId);
    offenders.set(versionId, problem);
    const [oldest] = offenders.keys();
    if (offenders.size > maxOffences && oldest !== undefined) offenders.delete(oldest);
  };
  const onOffender = (versionId: string, problem: LoadProblem): void => {
    if (offenders.has(versionId)) return;
    remember(versionId, problem);
    listener.onOffender(versionId, problem);
  };
  const passStray = createLineLimit((line) => listener.onOutput("", line));
  const openSlot = (purpose: HostOptions["purpose"], onDeath: HostSlotListener["onDeath"]): HostSlot =>
    createHostSlot(
      {
        onIncident(incident) {
          if (incident.kind === "output") listener.onOutput(incident.file, incident.line);
          else onOffender(incident.versionId, incident.problem);
        },
        onDeath,
        onStrayOutput: (line) => passStray(() => line),
      },
      { ...options, purpose, niceness: purpose === "trial" ? trialNiceness : 0 },
    );
  const trials = createTrials({ openSlot: (onDeath) => openSlot("trial", onDeath) });
  const talks = createTalks({
    openSlot: (onDeath) => openSlot("talk", onDeath),
    onOffender,
    offenceOf: (versionId) => offenders.get(versionId),
  });

  return {
    evaluate: trials.evaluate,
    offenceOf: (versionId) => offenders.get(versionId),
    quarantine(versionId, problem) {
      remember(versionId, offenders.get(versionId) ?? problem);
    },
    makeSystemPrompt: talks.makeSystemPrompt,
    reply: talks.reply,
    callTool: talks.callTool,
    retire(versionIds, { isGone }) {
      talks.retire(versionIds);
      if (!isGone) for (const versionId of versionIds) offenders.delete(versionId);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([trials[Symbol.asyncDispose](), talks[Symbol.asyncDispose]()]);
    },
  };
}
