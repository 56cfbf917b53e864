// The first thing that happens in a cell: what would end the whole host process is turned into a notice that names the
// cell. A character that finds another way out (a native call, a spawned `kill`) still costs only this child process.
import type { CellNotice } from "./host-protocol.ts";
import { createLineLimit } from "./line-limit.ts";

export interface RealmGuard {
  /** The worker's own `postMessage`, which characters no longer have. */
  post: (message: unknown) => void;
  /** To be called before code that mentions `worker_threads` runs; loading that module costs 2 ms. */
  guardThreads: () => void;
}

export function guardRealm(): RealmGuard {
  const post = globalThis.postMessage.bind(globalThis) as (message: unknown) => void;
  const notify = (notice: CellNotice): void => post(notice);
  const refuse = (message: string): never => {
    const error = new Error(message);
    notify({ notice: "offence", message, stack: stackOf(error) });
    throw error;
  };
  globalThis.postMessage = () => undefined;
  guardProcess(refuse);
  const onStray = (kind: string) => (reason: unknown) =>
    notify({ notice: "offence", message: `${kind}: ${textOf(reason)}`, stack: stackOf(reason) });
  process.on("uncaughtException", onStray("threw outside of any call"));
  process.on("unhandledRejection", onStray("left a rejected promise unhandled"));
  Object.assign(globalThis, { Worker: refuseWorkers(globalThis.Worker, refuse) });
  guardOutput((line) => notify({ notice: "output", line }));
  return {
    post,
    guardThreads() {
      const threads = process.getBuiltinModule("node:worker_threads");
      Object.assign(threads, { Worker: refuseWorkers(threads.Worker, refuse) });
    },
  };
}

function guardProcess(refuse: (message: string) => never): void {
  const ownPids = [process.pid, process.ppid, 0, -1, -process.pid, -process.ppid];
  const kill = process.kill.bind(process);
  Object.assign(process, {
    exit: (code?: unknown) =>
      refuse(`called process.exit with ${typeof code === "number" ? code : "no code"}`),
    reallyExit: () => refuse("called process.reallyExit"),
    abort: () => refuse("called process.abort"),
    kill: (pid: number, signal?: string | number) =>
      ownPids.includes(pid) && signal !== 0
        ? refuse(`sent ${signal ?? "SIGTERM"} to Troupe's own process`)
        : kill(pid, signal),
    // The working directory belongs to the whole process, so to every character in it.
    chdir: () => {
      throw new Error("a character cannot change the working directory; use paths from import.meta.dir");
    },
  });
}

type WorkerClass = new (...args: never[]) => object;

/** The processor time of a thread of its own would be nobody's: what a cell takes is measured in the cell alone. */
function refuseWorkers<W extends WorkerClass>(worker: W, refuse: (message: string) => never): W {
  return new Proxy(worker, {
    construct: () => refuse("started a worker, which characters may not: each has one thread"),
  });
}

function guardOutput(emit: (line: string) => void): void {
  const { inspect } = Bun;
  const pass = createLineLimit(emit);
  const write = (values: readonly unknown[]): void =>
    pass(() =>
      values.map((value) => (typeof value === "string" ? value : inspect(value, { depth: 2 }))).join(" "),
    );
  const log = (...values: unknown[]): void => write(values);
  const quiet = (): void => undefined;
  const console: Record<string, unknown> = {};
  for (const name of Object.keys(globalThis.console)) console[name] = quiet;
  for (const name of ["log", "info", "debug", "warn", "error", "trace", "dir", "table", "group"]) {
    console[name] = log;
  }
  console["assert"] = (holds: unknown, ...values: unknown[]) => {
    if (!holds) write(["assertion failed:", ...values]);
  };
  Object.defineProperty(globalThis, "console", { value: console, writable: true, configurable: true });
  const writeText = (text: string): void => write([text.trimEnd()]);
  for (const name of ["stdout", "stderr"] as const) replaceStream(name, writeText);
}

/** Just enough of a stream. Assigned, because even a look at the real one makes it, which takes 5 ms. */
function replaceStream(name: "stdout" | "stderr", write: (text: string) => void): void {
  const stream = {
    isTTY: false,
    writable: true,
    write(text: unknown) {
      write(String(text));
      return true;
    },
    end: () => stream,
    on: () => stream,
    once: () => stream,
    off: () => stream,
    emit: () => false,
  };
  Object.assign(process, { [name]: stream });
}

function stackOf(reason: unknown): string {
  try {
    return reason instanceof Error ? String(reason.stack).slice(0, 4000) : "";
  } catch {
    return "";
  }
}

/** The text of anything thrown, at most 2,000 characters; hostile `toString`s included. */
export function textOf(reason: unknown): string {
  try {
    const text =
      reason instanceof Error
        ? `${reason.name}: ${reason.message}`
        : typeof reason === "string"
          ? reason
          : Bun.inspect(reason, { depth: 1 });
    return text.slice(0, 2000);
  } catch {
    return "something that cannot be shown";
  }
}
