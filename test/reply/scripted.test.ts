import { expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { createScriptedModel } from "../../src/reply/scripted.ts";
import {
  collect,
  type ContractStep,
  describeReplyModelContract,
  failureOf,
  hello,
  type ReplySubject,
  textOf,
} from "./reply-model-contract.ts";

async function createSubject(): Promise<ReplySubject> {
  const scripts: (readonly ContractStep[])[] = [];
  const dropped: PromiseWithResolvers<void>[] = [];
  const model = createScriptedModel(async function* (_messages, { signal }) {
    const end = Promise.withResolvers<void>();
    dropped.push(end);
    signal.addEventListener("abort", () => end.resolve());
    for (const step of scripts.shift() ?? []) {
      if ("text" in step) yield step.text;
      else if ("wait" in step) await step.wait;
      else throw new AppError("E_CHARACTER", "the script broke");
    }
  });
  return {
    model,
    play: (steps) => void scripts.push(steps),
    dropped: async (index) => await dropped[index]?.promise,
    get askedCount() {
      return dropped.length;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

describeReplyModelContract("a scripted model", createSubject);

test("the script is given the messages, and its empty pieces are passed over", async () => {
  const model = createScriptedModel(async function* (messages) {
    yield "";
    yield `${messages.length} messages, last: `;
    yield messages.at(-1)?.content ?? "";
  });
  const events = await collect(model.reply(hello));
  expect(textOf(events)).toBe("2 messages, last: Hello?");
  expect(events).toHaveLength(3);
});

test("usage is an estimate by letters", async () => {
  const model = createScriptedModel(async function* () {
    yield "one two three";
  });
  const events = await collect(model.reply(hello));
  expect(events.at(-1)).toEqual({
    type: "finish",
    reason: "stop",
    usage: { inputTokens: 5, outputTokens: 4 },
  });
});

test("a foreign error of the script passes through as it is", () => {
  const model = createScriptedModel(async function* () {
    yield "a";
    throw new RangeError("mine");
  });
  expect(collect(model.reply(hello))).rejects.toThrow(RangeError);
});

test("a script that ignores its signal is left behind", async () => {
  const model = createScriptedModel(async function* () {
    yield "a";
    await new Promise(() => undefined);
  });
  const abort = new AbortController();
  const replies = collect(model.reply({ ...hello, signal: abort.signal }));
  setImmediate(() => abort.abort());
  expect((await failureOf(replies)).code).toBe("E_INTERRUPTED");
});

test("the cleaning up of a script runs when its reader leaves", async () => {
  const cleaned = Promise.withResolvers<void>();
  const model = createScriptedModel(async function* () {
    try {
      yield "a";
      yield "b";
    } finally {
      cleaned.resolve();
    }
  });
  for await (const _ of model.reply(hello)) break;
  await cleaned.promise;
});
