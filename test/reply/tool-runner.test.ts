import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import type { LanguageModel, RoundEvent } from "../../src/reply/language-model.ts";
import type { ReplyEvent, ReplyRequest, ReplyTool } from "../../src/reply/port.ts";
import { maxToolResultLength } from "../../src/reply/run-tool.ts";
import { createToolRunner } from "../../src/reply/tool-runner.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { collect, failureOf, hello, textOf } from "./reply-model-contract.ts";

type Round = (RoundEvent | { wait: Promise<unknown> })[];

/** A model that says what each round holds; what it was asked is kept. */
function createStage(...rounds: Round[]) {
  const requests: ReplyRequest[] = [];
  const clock = createManualClock();
  const model: LanguageModel = {
    id: "stage",
    model: "stage-1",
    async *streamRound(request) {
      requests.push({ ...request, messages: [...request.messages] });
      for (const event of rounds.shift() ?? []) {
        if ("wait" in event) await event.wait;
        else yield event;
      }
    },
  };
  return {
    model,
    requests,
    clock,
    run: (maxRounds?: number) => createToolRunner({ clock }, model, { maxRounds }),
  };
}

const say = (text: string): RoundEvent => ({ type: "text-delta", text });
const call = (callId: string, name: string, args = "{}"): RoundEvent => ({
  type: "tool-call",
  callId,
  name,
  arguments: args,
});
const finish = (reason: "stop" | "tool-calls" | "length" = "stop"): RoundEvent => ({
  type: "finish",
  reason,
  usage: { inputTokens: 10, outputTokens: 1 },
});
const tool = (name: string, execute?: ReplyTool["execute"], timeoutMs?: number): ReplyTool => ({
  name,
  description: name,
  parameters: { type: "object" },
  execute,
  timeoutMs,
});
const results = (events: readonly ReplyEvent[]) =>
  events.flatMap((event) => (event.type === "tool-result" ? [event] : []));

describe("the tool loop", () => {
  test("several rounds: each result is told, goes back to the model, and usage adds up", async () => {
    const stage = createStage(
      [say("Rolling. "), call("1", "roll", '{"sides":6}'), finish("tool-calls")],
      [call("2", "roll", '{"sides":20}'), finish("tool-calls")],
      [say("Three and twelve."), finish()],
    );
    const roll = tool("roll", async (args) => ((args as { sides: number }).sides === 6 ? 3 : 12));
    const events = await collect(stage.run().reply({ ...hello, tools: [roll] }));
    expect(events.map(({ type }) => type)).toEqual([
      "text-delta",
      "tool-call",
      "tool-result",
      "tool-call",
      "tool-result",
      "text-delta",
      "finish",
    ]);
    expect(results(events).map(({ content }) => content)).toEqual(["3", "12"]);
    expect(events.at(-1)).toEqual({
      type: "finish",
      reason: "stop",
      usage: { inputTokens: 30, outputTokens: 3 },
    });
    expect(stage.requests[2]?.messages.slice(2)).toEqual([
      {
        role: "assistant",
        content: "Rolling. ",
        toolCalls: [{ callId: "1", name: "roll", arguments: '{"sides":6}' }],
      },
      { role: "tool", callId: "1", name: "roll", content: "3" },
      {
        role: "assistant",
        content: "",
        toolCalls: [{ callId: "2", name: "roll", arguments: '{"sides":20}' }],
      },
      { role: "tool", callId: "2", name: "roll", content: "12" },
    ]);
  });

  test("tools run beside each other, and results keep the order of the calls", async () => {
    const stage = createStage([call("1", "slow"), call("2", "fast"), finish("tool-calls")], [finish()]);
    const fastDone = Promise.withResolvers<void>();
    const slow = tool("slow", async () => {
      await fastDone.promise;
      return "slow";
    });
    const fast = tool("fast", async () => {
      fastDone.resolve();
      return "fast";
    });
    const events = await collect(stage.run().reply({ ...hello, tools: [slow, fast] }));
    expect(results(events).map(({ content }) => content)).toEqual(["slow", "fast"]);
  });

  test("a tool starts while the text after its call is still coming", async () => {
    const started = Promise.withResolvers<void>();
    const stage = createStage(
      [call("1", "look"), { wait: started.promise }, say("One moment."), finish("tool-calls")],
      [finish()],
    );
    const look = tool("look", async () => {
      started.resolve();
      return 1;
    });
    expect(textOf(await collect(stage.run().reply({ ...hello, tools: [look] })))).toBe("One moment.");
  });

  test("a client's tool ends the reply with its call, after the results of those that run here", async () => {
    const stage = createStage([call("1", "here"), call("2", "theirs"), finish("tool-calls")]);
    const tools = [tool("here", async () => "done"), tool("theirs")];
    const events = await collect(stage.run().reply({ ...hello, tools }));
    expect(events.map(({ type }) => type)).toEqual(["tool-call", "tool-call", "tool-result", "finish"]);
    expect(events.at(-1)).toMatchObject({ reason: "tool-calls" });
    expect(stage.requests).toHaveLength(1);
  });

  test("a demanded tool is demanded once, then the model may choose", async () => {
    const rounds = (): Round[] => [[call("1", "a"), finish("tool-calls")], [finish()]];
    const choices = async (toolChoice: ReplyRequest["toolChoice"]) => {
      const stage = createStage(...rounds());
      await collect(stage.run().reply({ ...hello, tools: [tool("a", async () => 1)], toolChoice }));
      return stage.requests.map((request) => request.toolChoice);
    };
    expect(await choices("required")).toEqual(["required", "auto"]);
    expect(await choices({ name: "a" })).toEqual([{ name: "a" }, "auto"]);
    expect(await choices(undefined)).toEqual([undefined, undefined]);
  });

  test("in the last round the model may only speak", async () => {
    const ask = (id: string): Round => [call(id, "a"), finish("tool-calls")];
    const stage = createStage(ask("1"), ask("2"), [say("Enough."), finish()]);
    let runs = 0;
    const count = tool("a", async () => ++runs);
    const events = await collect(stage.run(3).reply({ ...hello, tools: [count] }));
    expect(stage.requests.map((request) => request.toolChoice)).toEqual([undefined, undefined, "none"]);
    expect(stage.requests[2]?.tools).toHaveLength(1);
    expect(textOf(events)).toBe("Enough.");
    expect(runs).toBe(2);
  });

  test("a model that never stops calling is cut off after eight rounds", async () => {
    const stage = createStage(
      ...Array.from({ length: 20 }, (_, i): Round => [call(`${i}`, "a"), finish("tool-calls")]),
    );
    const events = await collect(stage.run().reply({ ...hello, tools: [tool("a", async () => 1)] }));
    expect(stage.requests).toHaveLength(8);
    expect(results(events)).toHaveLength(7);
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: "length" });
  });
});

describe("one tool call", () => {
  const resultOf = async (toolOrNone: ReplyTool | undefined, args = "{}") => {
    const stage = createStage([call("1", "a", args), finish("tool-calls")], [finish()]);
    const events = await collect(stage.run().reply({ ...hello, tools: toolOrNone ? [toolOrNone] : [] }));
    expect(stage.requests[1]?.messages.at(-1)).toMatchObject({
      role: "tool",
      content: results(events)[0]?.content as string,
    });
    return results(events)[0];
  };

  test.each<[unknown, string]>([
    [{ time: "12:34" }, '{"time":"12:34"}'],
    ["as it is", "as it is"],
    [null, "null"],
    [undefined, "null"],
    [[1, 2], "[1,2]"],
    ["", ""],
  ])("%j goes back as %j", async (value, content) => {
    expect(await resultOf(tool("a", async () => value))).toMatchObject({ outcome: "ok", content });
  });

  test("the arguments arrive as an object, none as an empty one", async () => {
    const seen: unknown[] = [];
    const look = tool("a", async (args) => void seen.push(args));
    await resultOf(look, '{"n":1}');
    await resultOf(look, "");
    expect(seen).toEqual([{ n: 1 }, {}]);
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  test.each<[string, ReplyTool | undefined, string, RegExp]>([
    ["arguments that are no JSON", tool("a", async () => 1), '{"n":', /not valid JSON/],
    ["a tool that nobody has", undefined, "{}", /no tool named a/],
    [
      "a tool that throws at once",
      tool("a", () => {
        throw new Error("no dice");
      }),
      "{}",
      /no dice/,
    ],
    [
      "a tool that rejects",
      tool("a", () => Promise.reject(new AppError("E_CHARACTER", "broke"))),
      "{}",
      /broke/,
    ],
    ["a tool that throws no error", tool("a", () => Promise.reject("just so")), "{}", /just so/],
    ["a result that is no JSON", tool("a", async () => cycle), "{}", /cyclic/i],
    [
      "a result that is too long",
      tool("a", async () => "x".repeat(maxToolResultLength + 1)),
      "{}",
      /at most/,
    ],
  ])("%s goes back to the model as an error", async (_, given, args, message) => {
    const result = await resultOf(given, args);
    expect(result?.outcome).toBe("error");
    expect(JSON.parse(result?.content ?? "").error).toMatch(message);
  });

  test.each([
    [undefined, 2000],
    [50, 50],
  ])("a tool with timeoutMs %p is given up after %i ms, and told so", async (timeoutMs, limitMs) => {
    const stage = createStage([call("1", "a"), finish("tool-calls")], [say("Sorry."), finish()]);
    const signals: AbortSignal[] = [];
    const started = Promise.withResolvers<void>();
    const hang = tool(
      "a",
      (_, { signal }) => {
        signals.push(signal);
        started.resolve();
        return new Promise(() => undefined);
      },
      timeoutMs,
    );
    const replies = collect(stage.run().reply({ ...hello, tools: [hang] }));
    await started.promise;
    stage.clock.advance(limitMs - 1);
    expect(signals[0]?.aborted).toBe(false);
    stage.clock.advance(1);
    expect(signals[0]?.aborted).toBe(true);
    const events = await replies;
    expect(results(events)[0]).toMatchObject({ outcome: "timeout", durationMs: limitMs });
    expect(textOf(events)).toBe("Sorry.");
    expect(stage.clock.scheduledCount).toBe(0);
  });
});

describe("the end of a reply while tools run", () => {
  const hanging = () => {
    const started = Promise.withResolvers<AbortSignal>();
    const hang = tool("a", (_, { signal }) => {
      started.resolve(signal);
      return new Promise(() => undefined);
    });
    return { hang, started: started.promise };
  };

  test("a signal ends it at once, and the tool is told", async () => {
    const { hang, started } = hanging();
    const stage = createStage([call("1", "a"), finish("tool-calls")]);
    const abort = new AbortController();
    const replies = failureOf(collect(stage.run().reply({ ...hello, tools: [hang], signal: abort.signal })));
    const signal = await started;
    abort.abort();
    expect((await replies).code).toBe("E_INTERRUPTED");
    expect(signal.aborted).toBe(true);
    expect(stage.clock.scheduledCount).toBe(0);
  });

  test("leaving the loop tells the tool", async () => {
    const { hang, started } = hanging();
    const stage = createStage([call("1", "a"), { wait: started }, say("x"), finish("tool-calls")]);
    for await (const event of stage.run().reply({ ...hello, tools: [hang] })) {
      if (event.type === "text-delta") break;
    }
    expect((await started).aborted).toBe(true);
  });

  test("a round that fails takes its tools with it", async () => {
    const { hang, started } = hanging();
    const broken = started.then(() => Promise.reject(new AppError("E_NET", "gone")));
    broken.catch(() => undefined);
    const stage = createStage([call("1", "a"), { wait: broken }]);
    const error = await failureOf(collect(stage.run().reply({ ...hello, tools: [hang] })));
    expect(error.code).toBe("E_NET");
    expect((await started).aborted).toBe(true);
  });
});
