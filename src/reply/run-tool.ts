// One tool call: parse the arguments, run with a deadline, and turn whatever happens into a text for the model.
import type { Clock } from "../base/clock.ts";
import { AppError, messageOf } from "../base/errors.ts";
import { abortReason } from "../base/deadline.ts";
import type { ReplyTool, ReplyToolCall } from "./port.ts";

/** Deadline of a tool that names none (spec/characters.md). */
export const defaultToolTimeoutMs = 2000;

/** UTF-16 units of one result: more would push the conversation out of a small model's context. */
export const maxToolResultLength = 65_536;

export interface ToolOutcome {
  outcome: "ok" | "error" | "timeout";
  /** The result as JSON text (a string as it is), or `{"error": message}`. */
  content: string;
  durationMs: number;
}

/** Never rejects for the tool's sake; rejects with E_INTERRUPTED when `signal` aborts. */
export async function runTool(
  clock: Clock,
  call: ReplyToolCall,
  tool: ReplyTool | undefined,
  signal: AbortSignal,
): Promise<ToolOutcome> {
  const startMs = clock.nowMs();
  const end = (outcome: ToolOutcome["outcome"], content: string): ToolOutcome => ({
    outcome,
    content,
    durationMs: clock.nowMs() - startMs,
  });
  const fail = (message: string, outcome: "error" | "timeout" = "error"): ToolOutcome =>
    end(outcome, JSON.stringify({ error: message }));

  const execute = tool?.execute;
  if (!execute) return fail(`there is no tool named ${call.name}`);
  let args: unknown;
  try {
    // Models write nothing at all for a tool without parameters.
    args = call.arguments.trim() === "" ? {} : JSON.parse(call.arguments);
  } catch (error) {
    return fail(`the arguments are not valid JSON: ${messageOf(error)}`);
  }

  const timeoutMs = tool.timeoutMs ?? defaultToolTimeoutMs;
  const late = new AppError("E_BUSY", `${call.name} gave no result within ${timeoutMs} ms`);
  const abort = new AbortController();
  const stopped = Promise.withResolvers<never>();
  const stop = (reason: AppError): void => {
    abort.abort(reason);
    stopped.reject(reason);
  };
  const onAbort = (): void => stop(abortReason(signal));
  if (signal.aborted) throw abortReason(signal);
  signal.addEventListener("abort", onAbort, { once: true });
  using _deadline = clock.schedule(() => stop(late), timeoutMs);
  try {
    // The tool may ignore its signal: whichever settles first is the outcome.
    const running = Promise.resolve().then(() => execute(args, { signal: abort.signal }));
    const value = await Promise.race([running, stopped.promise]);
    const content = encodeResult(value);
    return content.length > maxToolResultLength
      ? fail(`${call.name} returned ${content.length} characters, at most ${maxToolResultLength} fit`)
      : end("ok", content);
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    return error === late ? fail(late.message, "timeout") : fail(messageOf(error));
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function encodeResult(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value) ?? "null";
}
