// One place for a character host: a child process that is started when needed and replaced when it dies or wears out.
import { setPriority } from "node:os";
import { type Child, type ChildExit, spawnChild } from "../../base/child-process.ts";
import { AppError } from "../../base/errors.ts";
import type { HostIncident, HostOptions } from "./host-protocol.ts";

/** How long a process that is being replaced may go on with the calls it has. */
const drainMs = 5000;
const drainCheckMs = 50;
const pulseEveryMs = 2000;
/** A process that says nothing for this long is ended. */
const silenceMs = 10_000;
const maxDraining = 2;

/** One child of the slot. */
export interface HostProcess {
  readonly call: Child["call"];
  readonly stream: Child["stream"];
  readonly pid: number;
  readonly isRunning: boolean;
  /** It has answered. One that ends before that has run no character's code, and is no character's doing. */
  readonly hasStarted: boolean;
  /** It has ended, and the listener has heard of it. */
  readonly ended: Promise<void>;
  /** It was told to go, so its end says nothing about any character. */
  readonly isReplaced: boolean;
  /** Versions whose source it was given. */
  readonly knownVersions: Set<string>;
  /** Versions with calls under way. */
  busyVersions(): string[];
  /** Counts a call until the handle is disposed of. */
  enter(versionId: string): Disposable;
  kill(): void;
}

export interface HostSlot extends AsyncDisposable {
  readonly running: HostProcess | undefined;
  /** The process in force; started if there is none. One that reports itself worn out is replaced. */
  current(): HostProcess;
}

export interface HostSlotListener {
  onIncident(incident: Exclude<HostIncident, { kind: "worn-out" }>): void;
  /** It had started, and ended by itself. */
  onDeath(process: HostProcess, exit: ChildExit): void;
  /** A line that went past the cells' own consoles. */
  onStrayOutput(line: string): void;
}

export interface HostSlotOptions extends HostOptions {
  /** Added to the niceness: 5 leaves the processor to those who talk. */
  niceness: number;
}

const entry = new URL("./host-process.ts", import.meta.url).pathname;

interface SlotProcess extends HostProcess {
  hasStarted: boolean;
  isReplaced: boolean;
}

export function createHostSlot(listener: HostSlotListener, options: HostSlotOptions): HostSlot {
  const { niceness, ...hostOptions } = options;
  const draining = new Set<SlotProcess>();
  const ends = new Set<Promise<void>>();
  let running: SlotProcess | undefined;
  let isDisposed = false;

  const start = (): SlotProcess => {
    const child = spawnChild({
      title: "the character host",
      entry,
      args: [JSON.stringify(hostOptions)],
      // A missing package is an error at once, never a download.
      env: { BUN_OPTIONS: "--no-install" },
      onOutput: (line) => listener.onStrayOutput(line),
    });
    if (niceness > 0) lowerPriority(child.pid, niceness);
    const ended = child.exited.then((exit) => {
      ends.delete(ended);
      draining.delete(host);
      if (running === host) running = undefined;
      if (host.hasStarted && !host.isReplaced) listener.onDeath(host, exit);
    });
    const host = describeProcess(child, ended);
    ends.add(ended);
    watch(host);
    void passOn(host);
    return host;
  };

  /**
   * The deadlines of calls are kept in the process itself, so its main thread must not stop. It is asked before anything
   * else, and answers in order.
   */
  const watch = (host: SlotProcess): void => {
    const ask = (): void => {
      host.call("pulse", null, { timeoutMs: silenceMs }).then(
        () => {
          host.hasStarted = true;
        },
        () => host.kill(),
      );
    };
    ask();
    const timer = setInterval(ask, pulseEveryMs);
    timer.unref();
    void host.ended.then(() => clearInterval(timer));
  };

  const passOn = async (host: SlotProcess): Promise<void> => {
    try {
      for await (const item of host.stream("incidents", null)) {
        const incident = item as HostIncident;
        if (incident.kind === "worn-out") replace(host);
        else listener.onIncident(incident);
      }
    } catch {
      // The process has ended, which `exited` tells.
    }
  };

  /** New calls go to a new process; this one ends with its last call, at the latest after `drainMs`. */
  const replace = (host: SlotProcess): void => {
    if (host.isReplaced || !host.isRunning) return;
    host.isReplaced = true;
    if (running === host) running = undefined;
    draining.add(host);
    const [oldest] = draining;
    if (draining.size > maxDraining) oldest?.kill();
    const deadlineMs = performance.now() + drainMs;
    const timer = setInterval(() => {
      if (host.isRunning && host.busyVersions().length > 0 && performance.now() < deadlineMs) return;
      clearInterval(timer);
      host.kill();
    }, drainCheckMs);
  };

  return {
    get running() {
      return running;
    },
    current() {
      if (isDisposed) throw new AppError("E_INTERRUPTED", "the characters are being put away");
      if (!running?.isRunning) running = start();
      return running;
    },
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      for (const host of [...draining, ...(running ? [running] : [])]) {
        host.isReplaced = true;
        host.kill();
      }
      await Promise.all(ends);
    },
  };
}

function describeProcess(child: Child, ended: Promise<void>): SlotProcess {
  const callCounts = new Map<string, number>();
  return {
    call: child.call,
    stream: child.stream,
    pid: child.pid,
    get isRunning() {
      return child.isRunning;
    },
    ended,
    hasStarted: false,
    isReplaced: false,
    knownVersions: new Set(),
    busyVersions: () => [...callCounts.keys()],
    enter(versionId) {
      callCounts.set(versionId, (callCounts.get(versionId) ?? 0) + 1);
      return {
        [Symbol.dispose]() {
          const count = (callCounts.get(versionId) ?? 0) - 1;
          if (count > 0) callCounts.set(versionId, count);
          else callCounts.delete(versionId);
        },
      };
    },
    // Not disposed of as a whole: a process that a character started may hold the output open for ever.
    kill: () => child.kill(),
  };
}

function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // Not allowed here: the processor is shared evenly then.
  }
}
