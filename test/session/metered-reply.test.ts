import { expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { estimateTokens } from "../../src/reply/estimate-tokens.ts";
import type { ReplyEvent, ReplyMessage, ReplyUsage } from "../../src/reply/port.ts";
import { estimateMessages } from "../../src/session/memory.ts";
import { meterReply } from "../../src/session/metered-reply.ts";
import { failureOf } from "../support/failure-of.ts";

const messages: ReplyMessage[] = [{ role: "user", content: "Who keeps the light on the island?" }];
const toldTokens = estimateMessages(messages);
const delta = (text: string): ReplyEvent => ({ type: "text-delta", text });
const call: ReplyEvent = { type: "tool-call", callId: "c", name: "look", arguments: '{"at":"lamp"}' };
const result: ReplyEvent = {
  type: "tool-result",
  callId: "c",
  name: "look",
  outcome: "ok",
  content: "It is lit.",
  durationMs: 1,
};

async function read(
  events: readonly ReplyEvent[],
  { error, takeOnly = Infinity }: { error?: Error; takeOnly?: number } = {},
) {
  const spent: ReplyUsage[] = [];
  const seen: ReplyEvent[] = [];
  const metered = meterReply(stream(events, error), messages, (usage) => spent.push(usage));
  const reading = (async () => {
    for await (const event of metered) if (seen.push(event) >= takeOnly) break;
  })();
  const failure = error && (await failureOf(reading));
  await reading.catch(() => undefined);
  return { spent, seen, failure };
}
async function* stream(events: readonly ReplyEvent[], error: Error | undefined) {
  yield* events;
  if (error) throw error;
}

test("what the model says of its cost is the cost", async () => {
  const usage = { inputTokens: 700, outputTokens: 5 };
  const events = [delta("The keeper."), { type: "finish", reason: "stop", usage } as const];
  expect(await read(events)).toMatchObject({ spent: [usage], seen: events });
});

test("who leaves in the middle has paid for what was told and what was written", async () => {
  const outputTokens = estimateTokens("The keeper.");
  const { spent } = await read([delta("The "), delta("keeper."), delta(" Never read.")], { takeOnly: 2 });
  expect(spent).toEqual([{ inputTokens: toldTokens, outputTokens }]);
  const error = new AppError("E_INTERRUPTED", "dropped");
  const stopped = await read([delta("The "), delta("keeper.")], { error });
  expect(stopped).toMatchObject({ spent, failure: { code: "E_INTERRUPTED" } });
});

test("a reply that is stopped before its first word was told everything all the same", async () => {
  const { spent } = await read([], { error: new AppError("E_INTERRUPTED", "dropped") });
  expect(spent).toEqual([{ inputTokens: toldTokens, outputTokens: 0 }]);
});

test("one that is refused, or never reached its model, costs nothing", async () => {
  const { spent, failure } = await read([], { error: new AppError("E_NET", "unreachable") });
  expect(spent).toEqual([]);
  expect(failure).toMatchObject({ code: "E_NET" });
  const brokenOff = await read([delta("The ")], { error: new AppError("E_NET", "broke off") });
  expect(brokenOff.spent).toHaveLength(1);
});

test("after a tool the model is told everything again", async () => {
  const error = new AppError("E_INTERRUPTED", "dropped");
  const { spent } = await read([delta("Let me see."), call, result, delta("It is on.")], { error });
  const first = 'Let me see.look{"at":"lamp"}';
  expect(spent).toEqual([
    {
      inputTokens: 2 * toldTokens + estimateTokens(`${first}It is lit.`),
      outputTokens: estimateTokens(first) + estimateTokens("It is on."),
    },
  ]);
});
