// The first thing that happens in a cell: what would end the whole host process is turned into a notice that names the
// cell. A character that finds another way out (a native call, a spawned `kill`) still costs only this child process.
import type { CellNotice } from "./host-protocol.ts";

/** Workers that one character may start before it counts as a storm. */
const workerAllowance = 8;
/** Lines passed on in each second; the others are counted. */
const linesPerSecond = 50;
const maxLineChars = 1000;

/** Takes the worker's own `postMessage` away from characters and returns it, for the cell alone. */
export function guardRealm(): (message: unknown) => void {
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
  guardWorkers(refuse);
  guardOutput((line) => notify({ notice: "output", line }));
  return post;
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

function guardWorkers(refuse: (message: string) => never): void {
  let startedCount = 0;
  const count = (): void => {
    startedCount += 1;
    if (startedCount > workerAllowance) refuse(`started more than ${workerAllowance} workers`);
  };
  const limit = <W extends new (...args: never[]) => object>(worker: W): W =>
    new Proxy(worker, {
      construct(target, args, newTarget) {
        count();
        return Reflect.construct(target, args, newTarget);
      },
    });
  const threads = process.getBuiltinModule("node:worker_threads");
  Object.assign(globalThis, { Worker: limit(globalThis.Worker) });
  Object.assign(threads, { Worker: limit(threads.Worker) });
}

function guardOutput(emit: (line: string) => void): void {
  const { inspect } = Bun;
  const { setTimeout } = globalThis;
  let passed = 0;
  let dropped = 0;
  const closeWindow = (): void => {
    if (dropped > 0) emit(`… and ${dropped} more lines within a second`);
    passed = 0;
    dropped = 0;
  };
  const write = (values: readonly unknown[]): void => {
    if (passed === 0) setTimeout(closeWindow, 1000);
    if (passed >= linesPerSecond) {
      dropped += 1;
      return;
    }
    passed += 1;
    const words = values.map((value) => (typeof value === "string" ? value : inspect(value, { depth: 2 })));
    emit(words.join(" ").slice(0, maxLineChars));
  };
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
  const writeText = (text: unknown): boolean => {
    write([String(text).trimEnd()]);
    return true;
  };
  Object.assign(process.stdout, { write: writeText });
  Object.assign(process.stderr, { write: writeText });
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
