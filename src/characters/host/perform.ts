// What a loaded character is asked to do, inside its cell: its system prompt, its own reply, one of its tools.
import type { z } from "zod";
import { AppError } from "../../base/errors.ts";
import type { CallContext as ChannelContext } from "../../base/message-channel.ts";
import type { ChatMessage, LoadErrorType, LoadProblem } from "../port.ts";
import { placeInStack } from "./source-place.ts";
import { textOf } from "./guard-realm.ts";
import type { CharacterSource, WireContext } from "./host-protocol.ts";
import { type CharacterModule, isZodType, type ModuleTool } from "./read-exports.ts";
import { describeIssues } from "./describe-issues.ts";
import { createRandom } from "./seeded-random.ts";

/** UTF-8 bytes of a system prompt, and of everything that one reply may say. */
const maxTextBytes = 256 * 1024;
/** Of a tool's result as JSON: it goes into a model's context. */
const maxResultBytes = 64 * 1024;

// Taken before any character can change it.
const { stringify } = JSON;

export interface Performer {
  makeSystemPrompt(context: WireContext, signal: AbortSignal): Promise<string>;
  /** Sends pieces of text; stops the character's iterator when the caller has gone. */
  reply(messages: readonly ChatMessage[], context: WireContext, channel: ChannelContext): Promise<void>;
  /** The tool's result as JSON text. */
  callTool(name: string, args: unknown, context: WireContext, signal: AbortSignal): Promise<string>;
}

/** Every failure is an AppError; E_CHARACTER carries the problem in `details`. */
export function createPerformer(source: CharacterSource, module: CharacterModule): Performer {
  let instance: Record<string, unknown> | undefined;

  const fail = (type: LoadErrorType, message: string, error?: unknown): AppError => {
    const place = error === undefined ? undefined : placeInStack(error, source.path);
    const problem: LoadProblem = { file: source.file, stage: "run", error_type: type, message, ...place };
    return new AppError("E_CHARACTER", `${source.file}: ${message}`, { problem });
  };
  const failThrown = (what: string, error: unknown): AppError =>
    error instanceof AppError ? error : fail("BadPrompt", `${what} threw ${textOf(error)}`, error);
  const perform = (): Record<string, unknown> => {
    try {
      instance ??= new module.generatorClass(module.instructions);
    } catch (error) {
      throw failThrown("the constructor of PromptGenerator", error);
    }
    return instance;
  };
  const contextFor = (context: WireContext, signal: AbortSignal) => ({
    now: new Date(context.now),
    random: createRandom(context.seed),
    userName: context.userName,
    messages: context.messages,
    signal,
  });

  return {
    async makeSystemPrompt(context, signal) {
      const generator = perform();
      let prompt: unknown;
      try {
        prompt = await (generator["makeSystemPrompt"] as (context: unknown) => unknown).call(
          generator,
          contextFor(context, signal),
        );
      } catch (error) {
        throw failThrown("makeSystemPrompt", error);
      }
      if (typeof prompt !== "string") {
        throw fail("BadPrompt", `makeSystemPrompt returned ${kindOf(prompt)} instead of a string`);
      }
      if (prompt.length > maxTextBytes || Buffer.byteLength(prompt) > maxTextBytes) {
        throw fail("BadPrompt", `makeSystemPrompt returned more than ${maxTextBytes / 1024} KiB`);
      }
      return prompt.toWellFormed();
    },

    async reply(messages, context, channel) {
      const generator = perform();
      let sentBytes = 0;
      const send = async (piece: unknown): Promise<void> => {
        if (typeof piece !== "string")
          throw fail("BadPrompt", `reply gave ${kindOf(piece)} instead of a string`);
        // An empty piece counts too, so that an iterator which gives nothing else comes to its end.
        sentBytes += piece.length > maxTextBytes ? piece.length : Math.max(1, Buffer.byteLength(piece));
        if (sentBytes > maxTextBytes)
          throw fail("BadPrompt", `reply went on for more than ${maxTextBytes / 1024} KiB`);
        if (piece !== "") await channel.emit(piece.toWellFormed());
      };
      try {
        const answer: unknown = await (
          generator["reply"] as (messages: unknown, context: unknown) => unknown
        ).call(generator, messages, contextFor(context, channel.signal));
        if (typeof answer === "string") await send(answer);
        else await sendPieces(answer, send, channel.signal);
      } catch (error) {
        if (channel.signal.aborted) return;
        throw failThrown("reply", error);
      }
    },

    async callTool(name, args, context, signal) {
      const tool = module.tools.find((candidate) => candidate.name === name);
      if (!tool) throw new AppError("E_NOT_FOUND", `${source.file} has no tool ${name}`);
      const parsed = await validate(tool, args);
      if (!parsed.success) throw new AppError("E_ARGS", `${name}: ${describeIssues(parsed.error)}`);
      let result: unknown;
      let json: string | undefined;
      try {
        result = await tool.execute(parsed.data, contextFor(context, signal));
        json = result === undefined ? "null" : stringify(result);
      } catch (error) {
        throw fail("EvaluationError", `the tool ${name} threw ${textOf(error)}`, error);
      }
      if (json === undefined)
        throw fail("EvaluationError", `the tool ${name} returned ${kindOf(result)}, not JSON`);
      if (json.length > maxResultBytes || Buffer.byteLength(json) > maxResultBytes) {
        throw fail("EvaluationError", `the tool ${name} returned more than ${maxResultBytes / 1024} KiB`);
      }
      return json;
    },
  };

  async function sendPieces(
    answer: unknown,
    send: (piece: unknown) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const pieces = answer as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
    const iterator = pieces?.[Symbol.asyncIterator]?.() ?? pieces?.[Symbol.iterator]?.();
    if (!iterator) throw fail("BadPrompt", `reply returned ${kindOf(answer)} instead of text`);
    const cancelled = new Promise<"cancelled">((resolve) => {
      signal.addEventListener("abort", () => resolve("cancelled"), { once: true });
    });
    let isDone = false;
    try {
      for (;;) {
        const step = await Promise.race([iterator.next(), cancelled]);
        if (step === "cancelled") break;
        if (step.done === true) {
          isDone = true;
          break;
        }
        await send(step.value);
      }
    } finally {
      // A generator that hangs in `next` cannot be returned; the host sees it as abandoned and replaces the cell.
      if (!isDone) await iterator.return?.();
    }
  }
}

async function validate(tool: ModuleTool, args: unknown): Promise<z.ZodSafeParseResult<unknown>> {
  const schema = tool.parameters;
  if (isZodType(schema)) return (schema as z.ZodType).safeParseAsync(args);
  // Only a character with a JSON Schema needs zod here: it costs 11 ms and 5 MB.
  const { fromJSONSchema } = await import("zod");
  return fromJSONSchema(schema as never).safeParseAsync(args);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return value === undefined ? "nothing" : `a value of type ${typeof value}`;
}
