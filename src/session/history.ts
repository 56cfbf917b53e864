// The conversation as a list of items, and as the messages that the reply model is given.
import type { ReplyMessage, ReplyToolCall } from "../reply/port.ts";
import { type Item, type MessageItem, messageText } from "./items.ts";

export interface Insertion {
  items: readonly Item[];
  /** Null: the item stands first. */
  previousItemId: string | null;
}

/**
 * `after` is an item's id, "root" for the front, undefined for the end; the result is undefined when there is no such item.
 */
export function insertItem(items: readonly Item[], item: Item, after?: string | null): Insertion | undefined {
  if (after === undefined || after === null) {
    return { items: [...items, item], previousItemId: items.at(-1)?.id ?? null };
  }
  if (after === "root") return { items: [item, ...items], previousItemId: null };
  const at = items.findIndex(({ id }) => id === after);
  return at < 0 ? undefined : { items: items.toSpliced(at + 1, 0, item), previousItemId: after };
}

export function replaceItem(items: readonly Item[], item: Item): readonly Item[] {
  return items.map((known) => (known.id === item.id ? item : known));
}

export function findItem(items: readonly Item[], id: string): Item | undefined {
  return items.find((item) => item.id === id);
}

/** Only what was heard, only calls that have been answered. */
export function buildReplyMessages(items: readonly Item[]): ReplyMessage[] {
  const outputs = new Map(
    items.flatMap((item) => (item.type === "call-output" ? [[item.callId, item.output] as const] : [])),
  );
  const messages: ReplyMessage[] = [];
  let calls: ReplyToolCall[] | undefined;
  for (const item of items) {
    if (item.type === "message") {
      messages.push(...(item.role === "assistant" ? assistantMessages(item) : plainMessages(item)));
      calls = undefined;
    } else if (item.type === "call") {
      const content = outputs.get(item.callId);
      if (content === undefined) continue;
      const { callId, name } = item;
      // Calls of one breath stand in one message, as the model made them.
      if (!calls) {
        calls = [];
        const said = messages.at(-1);
        const joins = said?.role === "assistant" && said.toolCalls === undefined;
        if (joins) messages.pop();
        messages.push({ role: "assistant", content: joins ? said.content : "", toolCalls: calls });
      }
      calls.push({ callId, name, arguments: item.arguments });
      messages.push({ role: "tool", callId, name, content });
    }
  }
  return messages;
}

function plainMessages(item: MessageItem): ReplyMessage[] {
  const content = messageText(item);
  const role = item.role === "system" ? "system" : "user";
  return content === "" ? [] : [{ role, content }];
}

/** A message during which tools ran is told as it happened: words, call, result, more words. */
function assistantMessages(item: MessageItem): ReplyMessage[] {
  const text = messageText(item);
  const messages: ReplyMessage[] = [];
  let written = 0;
  for (const run of item.toolRuns) {
    const end = Math.min(Math.max(run.atChar, written), text.length);
    const { callId, name } = run;
    const toolCalls: ReplyToolCall[] = [{ callId, name, arguments: run.arguments }];
    messages.push({ role: "assistant", content: text.slice(written, end).trim(), toolCalls });
    messages.push({ role: "tool", callId, name, content: run.content });
    written = end;
  }
  const rest = text.slice(written).trim();
  if (rest !== "") messages.push({ role: "assistant", content: rest });
  return messages;
}
