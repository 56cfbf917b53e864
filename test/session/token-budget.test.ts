import { expect, test } from "bun:test";
import type { ResponseView } from "../../src/session/events.ts";
import type { Item } from "../../src/session/items.ts";
import { pcm24k } from "../../src/session/session-config.ts";
import { createTokenBudget } from "../../src/session/token-budget.ts";

const response = (changes: Partial<ResponseView>): ResponseView => ({
  id: "r",
  status: "completed",
  output: [],
  conversation: "auto",
  outputModality: "text",
  outputFormat: pcm24k,
  voice: null,
  maxOutputTokens: null,
  metadata: null,
  usage: null,
  ...changes,
});

test("what goes in and what comes out is counted, until nothing is left", () => {
  const budget = createTokenBudget(100);
  const used = response({ usage: { inputTokens: 30, outputTokens: 19 } });
  expect([budget.spend(used), budget.spend(used), budget.spend(used)]).toEqual([false, false, true]);
});

test("a response whose model was cut off counts by its letters, so that interrupting saves nothing", () => {
  const budget = createTokenBudget(10);
  const message: Item = {
    type: "message",
    id: "i",
    role: "assistant",
    status: "incomplete",
    parts: [{ type: "output-text", text: "Twenty letters, more." }],
    toolRuns: [],
  };
  const cut = response({ status: "cancelled", output: [message] });
  expect([budget.spend(cut), budget.spend(cut)]).toEqual([false, true]);
});

test("calls of the client's tools count as well", () => {
  const call: Item = {
    type: "call",
    id: "i",
    status: "completed",
    callId: "c",
    name: "x",
    arguments: '{"a":1}',
  };
  expect(createTokenBudget(2).spend(response({ output: [call] }))).toBe(true);
});

test("without a limit there is always something left", () => {
  const used = response({ usage: { inputTokens: 1e9, outputTokens: 1e9 } });
  expect(createTokenBudget(undefined).spend(used)).toBe(false);
});
