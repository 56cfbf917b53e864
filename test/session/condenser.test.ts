import { expect, test } from "bun:test";
import type { ReplyModel, ReplyRequest, ReplyUsage } from "../../src/reply/port.ts";
import { createCondenser } from "../../src/session/condenser.ts";
import { failureOf } from "../support/failure-of.ts";

function createModel(words: Iterable<string>): { model: ReplyModel; asked: ReplyRequest[] } {
  const asked: ReplyRequest[] = [];
  const model: ReplyModel = {
    id: "fake",
    model: "fake",
    async *reply(request) {
      asked.push(request);
      for (const text of words) yield { type: "text-delta", text };
      yield { type: "finish", reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
    },
  };
  return { model, asked };
}
const { signal } = new AbortController();

test("the model is told who said what, and what an older summary says", async () => {
  const { model, asked } = createModel(["They met", " in a lighthouse. "]);
  const condense = createCondenser({ replies: { current: () => model } });
  const summary = await condense(
    [
      { role: "system", content: "What was said before, in short: it rained." },
      { role: "user", content: "Who are you?" },
      { role: "assistant", content: "", toolCalls: [{ callId: "1", name: "look", arguments: "{}" }] },
      { role: "tool", callId: "1", name: "look", content: "a lamp" },
      { role: "assistant", content: "The keeper." },
    ],
    { signal },
  );
  expect(summary).toBe("They met in a lighthouse.");
  expect(asked[0]?.messages[1]?.content.split("\n")).toEqual([
    "What was said before, in short: it rained.",
    "User: Who are you?",
    "(look: a lamp)",
    "Character: The keeper.",
  ]);
  expect(asked[0]?.tools).toBeUndefined();
});

test("without a model there is no summary", async () => {
  const condense = createCondenser({ replies: { current: () => undefined } });
  expect(await condense([], { signal })).toBeNull();
});

test("what the summary costs is told, also of one that is ended", async () => {
  const spent: ReplyUsage[] = [];
  const { model } = createModel(["They met."]);
  const spend = (usage: ReplyUsage): void => void spent.push(usage);
  await createCondenser({ replies: { current: () => model } })([], { signal, spend });
  expect(spent).toEqual([{ inputTokens: 1, outputTokens: 1 }]);
  const { model: endless } = createModel(["on and on ".repeat(500)]);
  await createCondenser({ replies: { current: () => endless } })([], { signal, spend });
  expect(spent[1]?.outputTokens).toBeGreaterThan(1000);
});

test("an empty summary is none, and one without an end is ended", async () => {
  const { model: silent } = createModel([" "]);
  const empty = createCondenser({ replies: { current: () => silent } })([], { signal });
  expect(await failureOf(empty)).toMatchObject({ code: "E_NET" });
  const endless = (function* () {
    for (;;) yield "and on ";
  })();
  const { model } = createModel(endless);
  const summary = await createCondenser({ replies: { current: () => model } })([], { signal });
  expect(summary?.length).toBeLessThanOrEqual(4000);
});
