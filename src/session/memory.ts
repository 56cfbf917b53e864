// How much of a conversation the reply model is told: turns that no longer fit its window are told in short, and where no
// summary is to be had, the oldest are left out.
import { z } from "zod";
import { estimateTokens } from "../reply/estimate-tokens.ts";
import type { ReplyMessage } from "../reply/port.ts";
import { buildReplyMessages } from "./history.ts";
import { type Item, messageText } from "./items.ts";

/** What was said before, in short. */
export interface Memory {
  summary: string;
  /** The items that it stands for. They are still in the conversation, and no longer told to the model. */
  itemIds: readonly string[];
}

/** As it is kept. */
export const memorySchema: z.ZodType<Memory> = z.object({
  summary: z.string(),
  itemIds: z.array(z.string()),
});

export interface CondensingPlan {
  /** All that the new summary is to stand for, what an older one stood for included. */
  itemIds: readonly string[];
  /** What is to be put in short, an older summary first. */
  messages: readonly ReplyMessage[];
}

/** A history that fills so much of its budget is condensed, so that the next turns have room. */
const fullShare = 0.75;
/** What is left in full, at most. */
const keptShare = 0.4;
const messageOverheadTokens = 4;

export function estimateMessages(messages: readonly ReplyMessage[]): number {
  return messages.reduce((sum, message) => sum + estimateMessage(message), 0);
}

function estimateMessage(message: ReplyMessage): number {
  const calls = message.role === "assistant" ? (message.toolCalls ?? []) : [];
  const callText = calls.map((call) => call.name + call.arguments).join("");
  return messageOverheadTokens + estimateTokens(message.content) + estimateTokens(callText);
}

/** Alone, an item is told as less than beside the call that it answers; for an estimate that is near enough. */
function estimateItem(item: Item): number {
  switch (item.type) {
    case "message": {
      const tools = item.toolRuns.map((run) => run.name + run.arguments + run.content).join("");
      return messageOverheadTokens + estimateTokens(messageText(item)) + estimateTokens(tools);
    }
    case "call":
      return messageOverheadTokens + estimateTokens(item.name + item.arguments);
    case "call-output":
      return messageOverheadTokens + estimateTokens(item.output);
  }
}

const isUserTurn = (item: Item): boolean => item.type === "message" && item.role === "user";
/** What a client puts into the conversation as an instruction stays one. */
const isInstruction = (item: Item): boolean => item.type === "message" && item.role === "system";

/** Null: the history fits, or nothing but the last turn is left to condense. */
export function planCondensing(
  items: readonly Item[],
  memory: Memory | null,
  budgetTokens: number,
): CondensingPlan | null {
  const known = new Set(memory?.itemIds);
  const told = items.filter(({ id }) => !known.has(id));
  let oldTokens = estimateTokens(memory?.summary ?? "");
  let tokens = told.reduce((sum, item) => sum + estimateItem(item), oldTokens);
  if (tokens <= budgetTokens * fullShare) return null;
  let end = 0;
  for (const [index, item] of told.entries()) {
    if (isUserTurn(item)) {
      // Who writes the summary has to read all of this: a long conversation is put in short in several goes.
      if (end > 0 && oldTokens > budgetTokens) break;
      end = index;
      if (tokens <= budgetTokens * keptShare) break;
    }
    const itemTokens = estimateItem(item);
    tokens -= itemTokens;
    oldTokens += itemTokens;
  }
  const old = told.slice(0, end).filter((item) => !isInstruction(item));
  if (old.length === 0) return null;
  return {
    itemIds: [...known, ...old.map(({ id }) => id)],
    messages: shorten(
      tellConversation(old, memory && { summary: memory.summary, itemIds: [] }),
      budgetTokens,
    ),
  };
}

/** Of messages that are more than anybody could be told at once the longest are cut: their beginnings say most. */
function shorten(messages: readonly ReplyMessage[], budgetTokens: number): readonly ReplyMessage[] {
  let told = messages;
  for (let limit = budgetTokens / 2; estimateMessages(told) > budgetTokens && limit > 16; limit /= 2) {
    told = messages.map((message) => {
      const { content } = message;
      const share = limit / estimateTokens(content);
      return share >= 1 ? message : { ...message, content: `${content.slice(0, content.length * share)} …` };
    });
  }
  return told;
}

/** The conversation as the reply model is told it. */
export function tellConversation(items: readonly Item[], memory: Memory | null): ReplyMessage[] {
  if (!memory) return buildReplyMessages(items);
  const condensed = new Set(memory.itemIds);
  const rest = buildReplyMessages(items.filter(({ id }) => !condensed.has(id)));
  return [{ role: "system", content: `What was said before, in short: ${memory.summary}` }, ...rest];
}

/** Leaves out the oldest turns; instructions stay, and so does the last turn, however long it is. */
export function fitMessages(
  messages: readonly ReplyMessage[],
  budgetTokens: number,
): readonly ReplyMessage[] {
  let tokens = estimateMessages(messages);
  if (tokens <= budgetTokens) return messages;
  const lastTurn = messages.findLastIndex(({ role }) => role === "user");
  const left = new Set<ReplyMessage>();
  for (const [index, message] of messages.entries()) {
    // Cut before a turn of the user's, never between a call and its result.
    if (index >= lastTurn || (message.role === "user" && tokens <= budgetTokens)) break;
    if (message.role === "system") continue;
    left.add(message);
    tokens -= estimateMessage(message);
  }
  return messages.filter((message) => !left.has(message));
}
