import { describe, expect, test } from "bun:test";
import { buildReplyMessages, insertItem } from "../../src/session/history.ts";
import type { Item, MessageItem, ToolRun } from "../../src/session/items.ts";

const message = (
  id: string,
  role: MessageItem["role"],
  part: MessageItem["parts"][number],
  toolRuns: ToolRun[] = [],
): Item => ({
  type: "message",
  id,
  role,
  status: "completed",
  parts: [part],
  toolRuns,
});
const user = (id: string, text: string): Item => message(id, "user", { type: "input-text", text });
const said = (id: string, text: string, toolRuns?: ToolRun[]): Item =>
  message(id, "assistant", { type: "output-text", text }, toolRuns);
const call = (id: string, callId: string): Item => ({
  type: "call",
  id,
  status: "completed",
  callId,
  name: "lights",
  arguments: "{}",
});
const output = (id: string, callId: string): Item => ({
  type: "call-output",
  id,
  status: "completed",
  callId,
  output: "done",
});
const toolCall = (callId: string) => ({ callId, name: "lights", arguments: "{}" });

describe("the order of the conversation", () => {
  const items = [user("a", "1"), user("b", "2")];

  test("an item goes to the end, to the front, or behind another", () => {
    const ids = (after?: string | null) =>
      insertItem(items, user("x", "3"), after)?.items.map(({ id }) => id);
    expect(ids()).toEqual(["a", "b", "x"]);
    expect(ids("root")).toEqual(["x", "a", "b"]);
    expect(ids("a")).toEqual(["a", "x", "b"]);
    expect(insertItem(items, user("x", "3"), "nobody")).toBeUndefined();
  });

  test("it is known what it follows", () => {
    expect(insertItem(items, user("x", ""))?.previousItemId).toBe("b");
    expect(insertItem([], user("x", ""))?.previousItemId).toBeNull();
    expect(insertItem(items, user("x", ""), "root")?.previousItemId).toBeNull();
  });
});

describe("what the reply model is told", () => {
  test("who said what, blank messages left out", () => {
    const items = [user("a", "Hello"), user("b", "  "), said("c", "Good evening.")];
    expect(buildReplyMessages(items)).toEqual([
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Good evening." },
    ]);
  });

  test("of speech only the words that were heard", () => {
    const words = [
      { text: "Once ", startMs: 0, endMs: 300 },
      { text: "upon ", startMs: 300, endMs: 600 },
      { text: "a time", startMs: 600, endMs: 1200 },
    ];
    const part = { type: "output-audio", words, audioMs: 1200, heardMs: 700 } as const;
    const items = [user("a", "Tell me"), message("b", "assistant", part)];
    expect(buildReplyMessages(items)[1]).toEqual({ role: "assistant", content: "Once upon" });
  });

  test("calls of one breath stand in one message with the words before them, answered ones only", () => {
    const items = [
      user("a", "Lights!"),
      said("b", "At once."),
      call("c", "c1"),
      call("d", "c2"),
      call("e", "c3"),
      output("f", "c1"),
      output("g", "c2"),
      said("h", "There you are."),
    ];
    expect(buildReplyMessages(items)).toEqual([
      { role: "user", content: "Lights!" },
      { role: "assistant", content: "At once.", toolCalls: [toolCall("c1"), toolCall("c2")] },
      { role: "tool", callId: "c1", name: "lights", content: "done" },
      { role: "tool", callId: "c2", name: "lights", content: "done" },
      { role: "assistant", content: "There you are." },
    ]);
  });

  test("a tool that ran while the character spoke stands where it ran", () => {
    const run = { callId: "t", name: "dice", arguments: "{}", content: "6", atChar: 11 };
    const items = [user("a", "Roll"), said("b", "I roll now. It is a six.", [run])];
    expect(buildReplyMessages(items)).toEqual([
      { role: "user", content: "Roll" },
      {
        role: "assistant",
        content: "I roll now.",
        toolCalls: [{ callId: "t", name: "dice", arguments: "{}" }],
      },
      { role: "tool", callId: "t", name: "dice", content: "6" },
      { role: "assistant", content: "It is a six." },
    ]);
  });

  test("a tool that ran beyond what was heard is told at the end of what was heard", () => {
    const run = { callId: "t", name: "dice", arguments: "{}", content: "6", atChar: 200 };
    expect(buildReplyMessages([user("a", "Roll"), said("b", "I roll", [run])]).slice(1)).toEqual([
      {
        role: "assistant",
        content: "I roll",
        toolCalls: [{ callId: "t", name: "dice", arguments: "{}" }],
      },
      { role: "tool", callId: "t", name: "dice", content: "6" },
    ]);
  });
});
