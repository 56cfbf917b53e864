// One reply of a model that runs here, in its engine process: the conversation becomes a prompt that fits, the tokens become
// text and calls of tools.
import { randomUUID } from "node:crypto";
import { AppError } from "../../../base/errors.ts";
import type { JobContext } from "../../../base/engine-process.ts";
import type { ReplyFinishReason, ReplyMessage, ReplyToolChoice, ReplyUsage } from "../../../reply/port.ts";
import type { ChatTemplate, ChatTool } from "./chat-template.ts";
import { fitWindow } from "./fit-window.ts";
import { createIncrementalText } from "./incremental-text.ts";
import { createStopStrings } from "./stop-strings.ts";
import type { TextModel } from "./text-model.ts";
import { callOpening, createToolCallReader, type SpokenPart } from "./tool-calls.ts";

/** What the serving process asks (structured clone). */
export interface ReplyJob {
  messages: readonly ReplyMessage[];
  tools: readonly ChatTool[];
  toolChoice: ReplyToolChoice | undefined;
  temperature: number;
  topP: number;
  seed: number | undefined;
  /** Undefined: as many as the window has room for, up to `usualAnswerTokens`. */
  maxOutputTokens: number | undefined;
  stop: readonly string[];
}

/** The pieces of the answer. The last one is `finish`; `alive` fills silences in which tokens are read or held back. */
export type ReplyPiece =
  | { type: "alive" }
  | { type: "text"; text: string }
  | { type: "tool-call"; callId: string; name: string; arguments: string }
  | { type: "finish"; reason: ReplyFinishReason; usage: ReplyUsage; droppedTurns: number };

/** Room that a prompt leaves for the answer, and the answer's limit, where nobody sets one: minutes of speech. */
const usualAnswerTokens = 1024;
/** Few tokens of any vocabulary are longer, and no text is made of those alone. */
const maxTokenChars = 64;
/** Far less than a silence after which the process is taken for hung. */
const aliveMs = 500;

/** Throws E_ARGS (too long for the window; tools demanded of a model that knows none), E_SCHEMA (template), E_INTERRUPTED. */
export async function runReplyJob(
  model: TextModel,
  template: ChatTemplate,
  job: ReplyJob,
  { signal, checkpoint, emit }: JobContext,
): Promise<void> {
  const tools = selectTools(template, job);
  const opening = tools.length > 0 ? demandCall(job.toolChoice) : "";
  const promptOf = (messages: readonly ReplyMessage[]): string => template.render(messages, tools) + opening;

  const wantedTokens = Math.min(job.maxOutputTokens ?? usualAnswerTokens, Math.floor(model.windowTokens / 2));
  const fitted = fitWindow(
    job.messages,
    (messages) => {
      const prompt = promptOf(messages);
      // Told by its length: to count the tokens of megabytes takes minutes, in which nobody else is answered.
      if (prompt.length > model.windowTokens * maxTokenChars) return Number.POSITIVE_INFINITY;
      return model.encode(prompt).length;
    },
    model.windowTokens - wantedTokens,
  );
  if (!fitted) {
    throw new AppError(
      "E_ARGS",
      `the system prompt and the newest turn alone are more than the ${model.windowTokens - wantedTokens} tokens that the model has room for; shorten them, or raise reply.context_tokens`,
      { windowTokens: model.windowTokens },
    );
  }
  const text = promptOf(fitted.messages);
  const prompt = model.encode(text);
  await checkpoint();

  const decoded = createIncrementalText((tokens) => model.decode(tokens));
  const stops = createStopStrings(job.stop);
  const calls = tools.length > 0 ? createToolCallReader() : undefined;
  // The reader in the serving process takes everything at once, so nothing piles up here; only the order must hold.
  let sending = Promise.resolve();
  let hasCalled = false;
  let sentAtMs = performance.now();
  const send = (piece: ReplyPiece): void => {
    sentAtMs = performance.now();
    sending = sending.then(() => emit(piece));
    // Awaited at the end; until then a cancel must not be an unhandled rejection.
    sending.catch(() => undefined);
  };
  const showLife = (): void => {
    if (performance.now() - sentAtMs >= aliveMs) send({ type: "alive" });
  };
  const tell = (parts: readonly SpokenPart[]): void => {
    for (const part of parts) {
      if (part.type === "text") send(part);
      else {
        hasCalled = true;
        send({
          type: "tool-call",
          callId: `call_${randomUUID()}`,
          name: part.name,
          arguments: part.arguments,
        });
      }
    }
  };
  const say = (said: string): void => {
    if (said === "") return;
    tell(calls ? calls.push(said) : [{ type: "text", text: said }]);
  };

  // Whoever filters thoughts out must see where they begin, also when the template has begun them.
  if (/<think>\s*$/.test(text)) send({ type: "text", text: "<think>" });
  say(opening);
  let outputTokens = 0;
  const maxTokens = Math.min(
    job.maxOutputTokens ?? usualAnswerTokens,
    Math.max(1, model.windowTokens - prompt.length),
  );
  const ending = await model.generate(
    prompt,
    { temperature: job.temperature, topP: job.topP, seed: job.seed, maxTokens },
    {
      signal,
      async checkpoint() {
        await checkpoint();
        showLife();
      },
      onToken(token) {
        outputTokens += 1;
        say(stops.push(decoded.push(token)));
        showLife();
        return !stops.isStopped;
      },
    },
  );
  await checkpoint();
  if (!stops.isStopped) say(stops.push(decoded.finish()));
  if (!stops.isStopped) say(stops.finish());
  tell(calls?.finish() ?? []);
  send({
    type: "finish",
    reason: hasCalled ? "tool-calls" : ending,
    usage: { inputTokens: prompt.length, outputTokens },
    droppedTurns: fitted.droppedTurns,
  });
  await sending;
}

function selectTools(template: ChatTemplate, { tools, toolChoice }: ReplyJob): readonly ChatTool[] {
  if (tools.length === 0 || toolChoice === "none") return [];
  if (template.knowsTools) return tools;
  if (toolChoice === undefined || toolChoice === "auto") return [];
  throw new AppError(
    "E_ARGS",
    "the model's chat template knows no tools, so that none can be demanded; take a model made for tools, such as Qwen's",
  );
}

/** How an answer must begin that is to be a call. */
function demandCall(choice: ReplyToolChoice | undefined): string {
  if (choice === undefined || choice === "auto" || choice === "none") return "";
  if (choice === "required") return `${callOpening}\n`;
  return `${callOpening}\n{"name": ${JSON.stringify(choice.name)}, "arguments": `;
}
