// Characters that may have ended a process: for a while each gets a process of its own, so that the guilty one ends that
// and is named, and the others are cleared.
import type { HostSlot } from "./host-slot.ts";

/** A character that has harmed nobody for this long is cleared. */
const suspicionMs = 60_000;
const sweepEveryMs = 10_000;
/** Processes for suspects; beyond that an idle one is closed. */
const maxSlots = 4;

export interface Suspects extends AsyncDisposable {
  accuse(versionIds: Iterable<string>): void;
  /** Its own place, while it is under suspicion. */
  slotFor(versionId: string): HostSlot | undefined;
}

export function createSuspects(dependencies: { openSlot: (versionId: string) => HostSlot }): Suspects {
  const suspects = new Map<string, { untilMs: number; slot: HostSlot | undefined }>();

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
        const slot = suspects.get(versionId)?.slot;
        suspects.set(versionId, { untilMs: performance.now() + suspicionMs, slot });
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
        suspect.slot = dependencies.openSlot(versionId);
      }
      return suspect.slot;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      await Promise.all([...suspects.keys()].map(closeSlot));
      suspects.clear();
    },
  };
}
