// A cell's own side: the worker in which character code runs, alone or for a moment with others.
import { heapSize } from "bun:jsc";
import type { ZodType } from "zod";
import { guardRealm } from "./guard-realm.ts";
import { AppError } from "../../base/errors.ts";
import { type CallHandlers, type CallContext, createCallee } from "../../base/message-channel.ts";
import type { ChatMessage } from "../port.ts";
import { describeProblem } from "./describe-problem.ts";
import type { CellEvaluation, CellPulse, CharacterSource, WireContext } from "./host-protocol.ts";
import { createModuleLoader } from "./load-module.ts";
import { createPerformer, type Performer } from "./perform.ts";
import { createRealmCheck } from "./realm-check.ts";
import { createExportReader, readDeclarations, readShape } from "./read-exports.ts";

/** A cancelled call that still runs after this long is counted as abandoned. */
const abandonedAfterMs = 1000;

// Taken before any character can change it.
const threadCpuUsage = process.threadCpuUsage.bind(process);
/** Absolute, links resolved. */
const folder = process.argv[2] ?? "";
const { post, guardThreads } = guardRealm();
const loader = createModuleLoader(folder, { guardThreads });
let checkRealm: (() => string | undefined) | undefined;
let performer: Performer | undefined;
const running = new Set<{ cancelledAtMs: number | undefined }>();

async function evaluate(source: CharacterSource): Promise<CellEvaluation> {
  const companions: Record<string, string> = {};
  try {
    loader.collect(source, companions);
    const module = await loader.load(source);
    const read = createExportReader(module);
    const { generatorClass, hasReply } = readShape(read, Object.keys(module));
    const { exportsJson, tools } = await readDeclarations(read, hasReply, toJsonSchema);
    performer = createPerformer(source, { instructions: read("INSTRUCTIONS"), generatorClass, tools });
    return { ok: true, exportsJson, companions };
  } catch (error) {
    const problem = describeProblem(error, source, folder);
    return { ok: false, problem, companions };
  }
}

/** The character has loaded zod already; this is that same copy. */
async function toJsonSchema(parameters: object): Promise<unknown> {
  const { toJSONSchema } = await import("zod");
  return toJSONSchema(parameters as ZodType, { io: "input" });
}

function loaded(): Performer {
  if (!performer) throw new AppError("E_INTERNAL", "a cell was called before its character was loaded");
  return performer;
}

/** Counts the calls that go on after their caller has gone. */
async function tracked<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const entry: { cancelledAtMs: number | undefined } = { cancelledAtMs: undefined };
  running.add(entry);
  signal.addEventListener("abort", () => {
    entry.cancelledAtMs = performance.now();
  });
  try {
    return await work;
  } finally {
    running.delete(entry);
  }
}

function takePulse({ afterCollection }: { afterCollection: boolean }): CellPulse {
  if (afterCollection) Bun.gc(true);
  const nowMs = performance.now();
  const isAbandoned = ({ cancelledAtMs }: { cancelledAtMs: number | undefined }): boolean =>
    cancelledAtMs !== undefined && nowMs - cancelledAtMs > abandonedAfterMs;
  const { user, system } = threadCpuUsage();
  return {
    heapBytes: heapSize(),
    cpuMs: (user + system) / 1000,
    abandonedCount: [...running].filter(isAbandoned).length,
  };
}

const handlers: CallHandlers = {
  evaluate,
  /** The first built-in that is not what it was at the first call, if any. */
  verify: () => (checkRealm ??= createRealmCheck())(),
  pulse: takePulse,
  prompt: ({ context }: { context: WireContext }, { signal }: CallContext) =>
    tracked(signal, loaded().makeSystemPrompt(context, signal)),
  reply: (params: { messages: readonly ChatMessage[]; context: WireContext }, channel: CallContext) =>
    tracked(channel.signal, loaded().reply(params.messages, params.context, channel)),
  tool: (params: { name: string; args: unknown; context: WireContext }, { signal }: CallContext) =>
    tracked(signal, loaded().callTool(params.name, params.args, params.context, signal)),
};

const callee = createCallee(handlers, post);
globalThis.addEventListener("message", (event) => callee.receive(event.data));
post({ notice: "ready" });
