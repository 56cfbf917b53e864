// Characters that may have ended a process: for a while each gets a process of its own, so that the guilty one ends that
// and is named, and the others are cleared.
import type { ChildExit } from "../../base/child-process.ts";
import type { HostProcess, HostSlot, HostSlotListener } from "./host-slot.ts";

/** A character that has harmed nobody for this long is cleared. */
const suspicionMs = 60_000;
const sweepEveryMs = 10_000;
/** Processes for suspects; beyond that an idle one is closed. */
const maxSlots = 4;
/**
 * No fault of its own gives a process one of these: somebody sent it, be it the character by another program, the system
 * that has no memory left, or an operator. Whoever has it happen in this many calls in a row is the one.
 */
const sentSignals: readonly ChildExit["signal"][] = ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"];
const maxKilledCalls = 3;

export interface Suspects extends AsyncDisposable {
  accuse(versionIds: Iterable<string>): void;
  /** Its own place, while it is under suspicion. */
  slotFor(versionId: string): HostSlot | undefined;
  /** A call of it has come to its end. */
  acquit(versionId: string): void;
}

interface Suspect {
  untilMs: number;
  slot: HostSlot | undefined;
  /** Calls in a row in which a signal ended its process. */
  killedCalls: number;
}

export function createSuspects(dependencies: {
  openSlot: (onDeath: HostSlotListener["onDeath"]) => HostSlot;
  /** It ended the process that it had to itself. */
  onGuilty: (versionId: string, exit: ChildExit) => void;
}): Suspects {
  const { openSlot, onGuilty } = dependencies;
  const suspects = new Map<string, Suspect>();
  const renew = (suspect: Suspect): void => {
    suspect.untilMs = performance.now() + suspicionMs;
  };

  const judge = (versionId: string, process: HostProcess, exit: ChildExit): void => {
    const suspect = suspects.get(versionId);
    if (suspect && sentSignals.includes(exit.signal)) {
      renew(suspect);
      if (process.busyVersions().length === 0) return;
      suspect.killedCalls += 1;
      if (suspect.killedCalls < maxKilledCalls) return;
    }
    onGuilty(versionId, exit);
  };

  const closeSlot = async (versionId: string): Promise<void> => {
    const suspect = suspects.get(versionId);
    const slot = suspect?.slot;
    if (suspect) suspect.slot = undefined;
    await slot?.[Symbol.asyncDispose]();
  };
  /** Clears those whose time is over. */
  const sweep = (): void => {
    const nowMs = performance.now();
    for (const [id, { untilMs, slot }] of suspects) {
      if (nowMs < untilMs || (slot && !isIdle(slot))) continue;
      void closeSlot(id);
      suspects.delete(id);
    }
  };
  const sweeping = setInterval(sweep, sweepEveryMs);
  sweeping.unref();
  const isIdle = (slot: HostSlot): boolean => (slot.running?.busyVersions().length ?? 0) === 0;

  return {
    accuse(versionIds) {
      for (const versionId of versionIds) {
        const suspect = suspects.get(versionId) ?? { untilMs: 0, slot: undefined, killedCalls: 0 };
        renew(suspect);
        suspects.set(versionId, suspect);
      }
    },
    slotFor(versionId) {
      sweep();
      const suspect = suspects.get(versionId);
      if (!suspect) return undefined;
      if (!suspect.slot) {
        const open = [...suspects].filter(([, { slot }]) => slot);
        const idle = open.find(([, { slot }]) => slot && isIdle(slot));
        if (open.length >= maxSlots && idle) void closeSlot(idle[0]);
        suspect.slot = openSlot((process, exit) => judge(versionId, process, exit));
      }
      return suspect.slot;
    },
    acquit(versionId) {
      const suspect = suspects.get(versionId);
      if (suspect) suspect.killedCalls = 0;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      await Promise.all([...suspects.keys()].map(closeSlot));
      suspects.clear();
    },
  };
}
