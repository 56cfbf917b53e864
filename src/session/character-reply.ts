// One reply of one character to a conversation, whoever writes the words. Chat completions and voice sessions share it.
import type { Clock } from "../base/clock.ts";
import { throwIfAborted } from "../base/deadline.ts";
import { AppError } from "../base/errors.ts";
import type { Character, CharacterContext, ChatMessage } from "../characters/port.ts";
import { estimateTokens } from "../reply/estimate-tokens.ts";
import type { ReplyEvent, ReplyMessage, ReplyTool, ReplyToolChoice } from "../reply/port.ts";
import { silenceText } from "../reply/plain-messages.ts";
import { createScriptedModel } from "../reply/scripted.ts";
import type { ReplySource } from "../reply/source.ts";
import { fitMessages } from "./memory.ts";
import { meterReply, type SpendTokens } from "./metered-reply.ts";

export interface CharacterReplyRequest {
  character: Character;
  /** The conversation so far, without the character's own system prompt. */
  messages: readonly ReplyMessage[];
  /** A model is told no more than so many tokens of them: the oldest turns are left out. Default: all. */
  historyTokens?: number | undefined;
  /** Replaces the character's system prompt (a session's `instructions`). */
  instructions?: string | undefined;
  /** Tools of the client, beside the character's own. */
  clientTools?: readonly ReplyTool[] | undefined;
  toolChoice?: ReplyToolChoice | undefined;
  temperature?: number | undefined;
  topP?: number | undefined;
  frequencyPenalty?: number | undefined;
  presencePenalty?: number | undefined;
  maxOutputTokens?: number | undefined;
  stop?: readonly string[] | undefined;
  seed?: number | undefined;
  userName?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Told what it has cost, also when it breaks off. */
  spend?: SpendTokens | undefined;
}

/**
 * The character's system prompt first, its tools run on the server; with no reply model, or `METADATA.replies` "scripted",
 * its own `reply` answers. Throws E_CHARACTER when it has neither.
 */
export type ReplyAsCharacter = (request: CharacterReplyRequest) => AsyncIterable<ReplyEvent>;

export interface CharacterReplyDependencies {
  replies: Pick<ReplySource, "current">;
  clock: Clock;
}

export function createReplyAsCharacter(dependencies: CharacterReplyDependencies): ReplyAsCharacter {
  const { replies, clock } = dependencies;
  return async function* replyAsCharacter(request) {
    const { character, signal, spend } = request;
    throwIfAborted(signal);
    const isScripted = character.metadata.replies === "scripted";
    const model = isScripted ? undefined : replies.current();
    // No message at all means to a script: open the talk. A model wants a turn of the user's to answer.
    const isOpening = request.messages.length === 0;
    const messages = isOpening && !model ? request.messages : withUserTurn(request.messages);
    const context: CharacterContext = {
      now: clock.wallTime().toISOString(),
      seed: request.seed,
      userName: request.userName,
      messages: messages.map(toChatMessage),
    };
    if (!model) {
      if (!character.hasReply) throw cannotAnswer(character, isScripted);
      const script = createScriptedModel(
        (heard, { signal }) => character.reply(heard.map(toChatMessage), context, { signal }),
        { model: character.name },
      );
      yield* meterReply(script.reply({ messages, signal }), messages, spend);
      return;
    }
    const prompt = request.instructions ?? (await character.makeSystemPrompt(context, { signal }));
    const { historyTokens = Number.POSITIVE_INFINITY } = request;
    const told: ReplyMessage[] = [
      { role: "system", content: prompt },
      ...fitMessages(messages, historyTokens - estimateTokens(prompt)),
    ];
    const events = model.reply({
      messages: told,
      tools: buildTools(character, context, request.clientTools ?? []),
      toolChoice: request.toolChoice,
      model: character.metadata.model,
      temperature: request.temperature,
      topP: request.topP,
      frequencyPenalty: request.frequencyPenalty,
      presencePenalty: request.presencePenalty,
      maxOutputTokens: request.maxOutputTokens,
      stop: request.stop,
      seed: request.seed,
      signal,
    });
    yield* meterReply(events, told, spend);
  };
}

/** Whether a reply may be begun and dropped: not where its character's own code, or a tool, would have done something. */
export function createMayReplyEarly({ replies }: Pick<CharacterReplyDependencies, "replies">) {
  return ({ metadata, tools }: Character): boolean =>
    replies.current() !== undefined && metadata.replies !== "scripted" && tools.length === 0;
}

/** Where nobody has said anything yet, that is what was said. */
function withUserTurn(messages: readonly ReplyMessage[]): readonly ReplyMessage[] {
  const isSpokenTo = messages.some(({ role }) => role === "user" || role === "tool");
  return isSpokenTo ? messages : [...messages, { role: "user", content: silenceText }];
}

/** The character's tools run here; a client's tool of the same name is the client's wish, and goes first. */
function buildTools(
  character: Character,
  context: CharacterContext,
  clientTools: readonly ReplyTool[],
): readonly ReplyTool[] {
  const taken = new Set(clientTools.map((tool) => tool.name));
  const own = character.tools
    .filter((tool) => !taken.has(tool.name))
    .map(
      (tool): ReplyTool => ({
        name: tool.name,
        description: tool.description,
        parameters: tool.parameters,
        timeoutMs: tool.timeoutMs,
        execute: (args, { signal }) => character.callTool(tool.name, args, context, { signal }),
      }),
    );
  return [...own, ...clientTools];
}

function toChatMessage({ role, content }: ReplyMessage): ChatMessage {
  return { role, content };
}

function cannotAnswer({ name, file }: Character, isScripted: boolean): AppError {
  const cure = isScripted
    ? `its METADATA says it answers in code: give PromptGenerator in ${file} a reply method`
    : `no language model is configured: set one up, or give PromptGenerator in ${file} a reply method`;
  return new AppError("E_CHARACTER", `${name} cannot answer; ${cure}`, { character: name, file });
}
