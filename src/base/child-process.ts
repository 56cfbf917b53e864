// A child process of this program that answers requests over IPC (message-channel.ts), and the child's own side.
// Typed arrays cross as they are: a 5 s utterance (480 kB) costs 0.7 ms each way.
import { AppError } from "./errors.ts";
import { type CallHandlers, type Caller, createCallee, createCaller } from "./message-channel.ts";

export interface ChildOptions {
  /** What it is, for messages: "the kokoro engine". */
  title: string;
  /** Path of the module that calls `serveParent`. */
  entry: string;
  args?: readonly string[];
  /** The child's whole environment: pass what it needs, so that no secret travels by accident. */
  env?: Readonly<Record<string, string>>;
  /** A line of the child's stderr or stdout, without its newline, at most 4 KiB. */
  onOutput?: (line: string) => void;
}

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | number | null;
}

export interface Child extends AsyncDisposable {
  readonly pid: number;
  readonly call: Caller["call"];
  readonly stream: Caller["stream"];
  /** Settles once, when the process is gone. Whatever was under way has then been rejected with E_BUSY. */
  readonly exited: Promise<ChildExit>;
  readonly isRunning: boolean;
  kill(signal?: NodeJS.Signals): void;
}

/** Variables that a child of ours needs to find its files, libraries and temporary folder. */
const inheritedVariables = [
  "PATH",
  "HOME",
  "TMPDIR",
  "TEMP",
  "TMP",
  "LANG",
  "LD_LIBRARY_PATH",
  "SystemRoot",
  // The compiled program's children are the program itself, which is the plain runtime with it.
  "BUN_BE_BUN",
];

export function spawnChild(options: ChildOptions): Child {
  const env: Record<string, string> = {};
  for (const name of inheritedVariables) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  const subprocess = Bun.spawn([process.execPath, "--no-env-file", options.entry, ...(options.args ?? [])], {
    env: { ...env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    serialization: "advanced",
    ipc: (message) => caller.receive(message),
  });
  const caller = createCaller((message) => {
    // To a child that has just died, or hung up, nothing can be said; `exited` rejects the call.
    if (!isRunning) return;
    try {
      subprocess.send(message);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_IPC_CHANNEL_CLOSED") throw error;
    }
  });
  let isRunning = true;
  const exited = subprocess.exited.then(() => {
    isRunning = false;
    const exit = { code: subprocess.exitCode, signal: subprocess.signalCode };
    const how = exit.signal ?? `exit code ${exit.code}`;
    caller.fail(new AppError("E_BUSY", `${options.title} stopped (${how})`, { ...exit }));
    return exit;
  });
  const outputs = [subprocess.stdout, subprocess.stderr].map((stream) => readLines(stream, options.onOutput));

  return {
    pid: subprocess.pid,
    call: caller.call,
    stream: caller.stream,
    exited,
    get isRunning() {
      return isRunning;
    },
    kill: (signal = "SIGKILL") => subprocess.kill(signal),
    async [Symbol.asyncDispose]() {
      subprocess.kill("SIGKILL");
      await exited;
      await Promise.all(outputs);
    },
  };
}

const maxLineChars = 4096;

async function readLines(
  stream: ReadableStream<Uint8Array>,
  onLine: ((line: string) => void) | undefined,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = (lines.pop() ?? "").slice(0, maxLineChars);
    if (onLine) for (const line of lines) onLine(line.slice(0, maxLineChars));
  }
  if (rest !== "") onLine?.(rest);
}

/** The child's side: answers its parent's requests, and ends when the parent is gone. */
export function serveParent(handlers: CallHandlers): void {
  const callee = createCallee(handlers, (message) => process.send?.(message));
  process.on("message", (message) => callee.receive(message));
  process.on("disconnect", () => process.exit(0));
  // Ctrl-C in a terminal reaches the whole group, and so does the stop of a service manager: what runs may end in peace,
  // for the parent decides when its children end.
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => undefined);
}
