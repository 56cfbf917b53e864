// A host's place over processes that a test plays.
import type { ChildExit } from "../../../src/base/child-process.ts";
import { AppError } from "../../../src/base/errors.ts";
import type { CharacterSource } from "../../../src/characters/host/host-protocol.ts";
import type { HostProcess, HostSlot, HostSlotListener } from "../../../src/characters/host/host-slot.ts";

export type Answer = (method: string, params: { versionId: string; source?: CharacterSource }) => unknown;

/** Ends the process under the call. */
export type Die = (exit?: ChildExit) => never;
export const killed: ChildExit = { code: null, signal: "SIGKILL" };
export const crashed: ChildExit = { code: null, signal: "SIGSEGV" };
/** Before it had started. */
export const stillborn: ChildExit = { code: 1, signal: null };

/** A slot whose processes answer as told, or die. */
export function playSlot(onDeath: HostSlotListener["onDeath"], answer: (die: Die) => Answer) {
  let started = 0;
  const start = () => {
    started += 1;
    let isRunning = true;
    let hasStarted = true;
    const ended = Promise.withResolvers<void>();
    const busy: string[] = [];
    const die = (exit = crashed): never => {
      isRunning = false;
      hasStarted = exit !== stillborn;
      queueMicrotask(() => {
        if (hasStarted) onDeath(process, exit);
        ended.resolve();
      });
      throw new AppError("E_BUSY", `the character host stopped (${exit.signal})`);
    };
    const process: HostProcess = {
      call: async (method, params) => answer(die)(method, params as never),
      async *stream(method, params) {
        yield* answer(die)(method, params as never) as Iterable<unknown>;
      },
      pid: started,
      get isRunning() {
        return isRunning;
      },
      get hasStarted() {
        return hasStarted;
      },
      ended: ended.promise,
      isReplaced: false,
      knownVersions: new Set(),
      busyVersions: () => busy,
      enter(versionId) {
        busy.push(versionId);
        return { [Symbol.dispose]: () => void busy.splice(busy.indexOf(versionId), 1) };
      },
      kill: () => undefined,
    };
    return process;
  };
  let running: HostProcess | undefined;
  const slot: HostSlot = {
    get running() {
      return running?.isRunning ? running : undefined;
    },
    current() {
      if (!running?.isRunning) running = start();
      return running;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { slot, startedCount: () => started };
}
