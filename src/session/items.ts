// What a conversation is made of.
import { z } from "zod";
import type { SpokenWord } from "./heard-words.ts";
import { heardText } from "./heard-words.ts";

export type ItemStatus = "in-progress" | "completed" | "incomplete";

export type MessagePart =
  | { type: "input-text"; text: string }
  /** Null: not recognised (yet). */
  | { type: "input-audio"; transcript: string | null }
  | { type: "output-text"; text: string }
  /** Null: played to the end, as far as we know. */
  | { type: "output-audio"; words: readonly SpokenWord[]; audioMs: number; heardMs: number | null };

/** A tool of the character's own that ran on the server while the message was being written. */
export interface ToolRun {
  callId: string;
  name: string;
  arguments: string;
  content: string;
  /** Characters of the message that had been written when it was called. */
  atChar: number;
}

export interface MessageItem {
  type: "message";
  id: string;
  role: "user" | "assistant" | "system";
  status: ItemStatus;
  parts: readonly MessagePart[];
  /** Not shown to clients; kept for the reply model. */
  toolRuns: readonly ToolRun[];
}

export interface CallItem {
  type: "call";
  id: string;
  status: ItemStatus;
  callId: string;
  name: string;
  /** JSON text */
  arguments: string;
}

export interface CallOutputItem {
  type: "call-output";
  id: string;
  status: ItemStatus;
  callId: string;
  output: string;
}

export type Item = MessageItem | CallItem | CallOutputItem;

const status = z.enum(["in-progress", "completed", "incomplete"]);
const time = z.number();
const part = z.discriminatedUnion("type", [
  z.object({ type: z.literal("input-text"), text: z.string() }),
  z.object({ type: z.literal("input-audio"), transcript: z.string().nullable() }),
  z.object({ type: z.literal("output-text"), text: z.string() }),
  z.object({
    type: z.literal("output-audio"),
    words: z.array(z.object({ text: z.string(), startMs: time, endMs: time })),
    audioMs: time,
    heardMs: time.nullable(),
  }),
]);
const toolRun = z.object({
  callId: z.string(),
  name: z.string(),
  arguments: z.string(),
  content: z.string(),
  atChar: z.number(),
});

/** As it is kept (conversation-store.ts). */
export const itemSchema: z.ZodType<Item> = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("message"),
    id: z.string(),
    role: z.enum(["user", "assistant", "system"]),
    status,
    parts: z.array(part),
    toolRuns: z.array(toolRun),
  }),
  z.object({
    type: z.literal("call"),
    id: z.string(),
    status,
    callId: z.string(),
    name: z.string(),
    arguments: z.string(),
  }),
  z.object({
    type: z.literal("call-output"),
    id: z.string(),
    status,
    callId: z.string(),
    output: z.string(),
  }),
]);

/** The words of one part: those that were heard, where it is sound. */
export function partText(part: MessagePart): string {
  switch (part.type) {
    case "input-text":
    case "output-text":
      return part.text;
    case "input-audio":
      return part.transcript ?? "";
    case "output-audio":
      return part.heardMs === null
        ? part.words.map((word) => word.text).join("")
        : heardText(part.words, part.heardMs);
  }
}

export function messageText(item: MessageItem): string {
  return item.parts.map(partText).join(" ").trim();
}
