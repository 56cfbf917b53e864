// A cell as the host sees it: a worker that is called with deadlines, watched, and stopped in mid-loop if need be.
import { waitFor } from "../../base/deadline.ts";
import { AppError } from "../../base/errors.ts";
import { type Caller, createCaller } from "../../base/message-channel.ts";
import type { CellNotice, CellPulse } from "./host-protocol.ts";
import { patientTimer } from "./patient-timer.ts";

/** A stopped worker closes within 20 ms, unless it is inside native code that cannot be interrupted. */
const closeTimeoutMs = 2000;

export interface CellOffence {
  type: "Crashed" | "Timeout";
  message: string;
  stack: string;
}

export interface Cell {
  readonly call: Caller["call"];
  readonly stream: Caller["stream"];
  /** The worker answers from here on. */
  readonly ready: Promise<void>;
  /** It has been ready. One that ends before that has run no character's code. */
  readonly hasStarted: boolean;
  readonly isOpen: boolean;
  /** Why it was closed by its own doing; undefined while it is open and after a plain `stop`. */
  readonly offence: CellOffence | undefined;
  /** Bytes of its heap at the last pulse. */
  readonly heapBytes: number;
  /** Rejects with E_BUSY when the cell does not answer in time. `afterCollection`: count no garbage. */
  pulse(timeoutMs: number, afterCollection?: boolean): Promise<CellPulse>;
  /** Stops it for what it did; calls under way fail, and its listener hears of its death. */
  condemn(offence: CellOffence): void;
  /** Stops it; calls under way fail with `reason`. True when the worker is gone. */
  stop(reason?: Error): Promise<boolean>;
}

export interface CellListener {
  /** A character did what ends a process. The cell goes on: condemn it, or not if others live in it. */
  onOffence(offence: CellOffence): void;
  onOutput(line: string): void;
  /** It was condemned, or is gone by itself; calls under way have failed. */
  onDeath(offence: CellOffence): void;
}

const entry = new URL("./cell.ts", import.meta.url).href;

/** `folder`: where the characters are; absolute, links resolved. */
export function openCell(listener: CellListener, folder: string): Cell {
  const worker = new Worker(entry, { argv: [folder] });
  const caller = createCaller((message) => worker.postMessage(message, []), patientTimer);
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  ready.promise.catch(() => undefined);
  let hasStarted = false;
  let isOpen = true;
  let heapBytes = 0;
  let offence: CellOffence | undefined;

  const shut = (error: Error): void => {
    isOpen = false;
    caller.fail(error);
    ready.reject(error);
  };
  const condemn = (cause: CellOffence): void => {
    if (!isOpen) return;
    offence = cause;
    shut(new AppError("E_CHARACTER", cause.message));
    worker.terminate();
    listener.onDeath(cause);
  };

  worker.addEventListener("message", ({ data }: MessageEvent) => {
    if (!isOpen) return;
    const notice = data as Partial<CellNotice> | null;
    switch (notice?.notice) {
      case "ready":
        hasStarted = true;
        ready.resolve();
        break;
      case "output":
        listener.onOutput(String(notice.line));
        break;
      case "offence":
        listener.onOffence({ type: "Crashed", message: String(notice.message), stack: String(notice.stack) });
        break;
      default:
        // A character that finds the worker's port may post anything.
        if (notice) caller.receive(notice);
    }
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    condemn({ type: "Crashed", message: `crashed: ${event.message.slice(0, 2000)}`, stack: "" });
  });
  worker.addEventListener("close", () => {
    closed.resolve();
    condemn({ type: "Crashed", message: "ended its worker", stack: "" });
  });

  return {
    call: caller.call,
    stream: caller.stream,
    ready: ready.promise,
    get hasStarted() {
      return hasStarted;
    },
    get isOpen() {
      return isOpen;
    },
    get offence() {
      return offence;
    },
    get heapBytes() {
      return heapBytes;
    },
    async pulse(timeoutMs, afterCollection = false) {
      const pulse = (await caller.call("pulse", { afterCollection }, { timeoutMs })) as CellPulse;
      heapBytes = pulse.heapBytes;
      return pulse;
    },
    condemn,
    async stop(reason = new AppError("E_INTERRUPTED", "the character's cell was closed")) {
      if (isOpen) shut(reason);
      worker.terminate();
      try {
        await waitFor(closed.promise, { timeoutMs: closeTimeoutMs });
        return true;
      } catch {
        return false;
      }
    },
  };
}
