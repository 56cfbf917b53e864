// What is sent to each kind of server, and what of its answer is passed on.
import { describe, expect, test } from "bun:test";
import { provider as anthropic } from "../../../src/providers/llm/anthropic/index.ts";
import { provider as openAiCompatible } from "../../../src/providers/llm/openai-compatible/index.ts";
import type { ReplyMessage, ReplyTool } from "../../../src/reply/port.ts";
import { collect, hello, textOf } from "../../reply/reply-model-contract.ts";
import { createUpstream } from "./upstream-subject.ts";

const clock: ReplyTool = {
  name: "clock",
  description: "Tells the time.",
  parameters: { type: "object", properties: { zone: { type: "string" } }, required: ["zone"] },
  execute: () => Promise.resolve({ time: "12:34" }),
};

for (const provider of [openAiCompatible, anthropic]) {
  describe(`${provider.id}: conversation`, () => {
    test("a call in several deltas is one call; its result goes back, and the reply goes on", async () => {
      await using upstream = await createUpstream(provider);
      upstream.server.answer(
        {
          steps: [
            { text: "Let me look. " },
            {
              call: {
                id: "call_1",
                name: "clock",
                arguments: '{"zone":"UTC"}',
                pieces: ['{"zo', 'ne":"U', 'TC"}'],
              },
            },
          ],
          usage: { input: 20, output: 9 },
        },
        { steps: [{ text: "It is 12:34." }], usage: { input: 40, output: 6 } },
      );
      const events = await collect(upstream.model.reply({ ...hello, tools: [clock] }));
      expect(events.map(({ type }) => type)).toEqual([
        "text-delta",
        "tool-call",
        "tool-result",
        "text-delta",
        "finish",
      ]);
      expect(events[1]).toEqual({
        type: "tool-call",
        callId: "call_1",
        name: "clock",
        arguments: '{"zone":"UTC"}',
      });
      expect(events[2]).toMatchObject({ callId: "call_1", outcome: "ok", content: '{"time":"12:34"}' });
      expect(events[4]).toEqual({
        type: "finish",
        reason: "stop",
        usage: { inputTokens: 60, outputTokens: 15 },
      });
      expect(upstream.server.requests).toHaveLength(2);
    });

    test("parallel calls keep their order and their ids", async () => {
      await using upstream = await createUpstream(provider);
      upstream.server.answer(
        {
          steps: [
            { call: { id: "a", name: "clock", arguments: '{"zone":"UTC"}' } },
            { call: { id: "b", name: "clock", arguments: '{"zone":"CET"}' } },
          ],
        },
        { steps: [{ text: "Done." }] },
      );
      const events = await collect(upstream.model.reply({ ...hello, tools: [clock] }));
      const ids = events.flatMap((event) => (event.type === "tool-result" ? [event.callId] : []));
      expect(ids).toEqual(["a", "b"]);
    });

    test("a call without arguments is a call with none", async () => {
      await using upstream = await createUpstream(provider);
      upstream.server.answer(
        { steps: [{ call: { id: "a", name: "clock", arguments: "", pieces: [] } }] },
        { steps: [{ text: "Done." }] },
      );
      const events = await collect(upstream.model.reply({ ...hello, tools: [clock] }));
      expect(events[1]).toMatchObject({ type: "tool-result", outcome: "ok" });
    });

    test("settings of the request go before those of the source", async () => {
      await using upstream = await createUpstream(provider);
      upstream.server.answer({ steps: [{ text: "x" }] }, { steps: [{ text: "x" }] });
      const model = upstream.with({ temperature: 0.5, maxOutputTokens: 100 });
      await collect(model.reply(hello));
      await collect(
        model.reply({
          ...hello,
          model: "stage-2",
          temperature: 0.25,
          maxOutputTokens: 50,
          stop: ["END"],
          tools: [clock],
          toolChoice: { name: "clock" },
        }),
      );
      const [first, second] = upstream.server.requests.map((request) => request.body);
      expect([first.model, first.temperature, first.max_tokens]).toEqual(["stage-1", 0.5, 100]);
      expect([second.model, second.temperature, second.max_tokens]).toEqual(["stage-2", 0.25, 50]);
      expect(second.stop ?? second.stop_sequences).toEqual(["END"]);
      expect(JSON.stringify(second.tool_choice)).toContain('"clock"');
      expect(first.tools).toBeUndefined();
    });

    test("a conversation torn by a barge-in is mended before it is sent", async () => {
      await using upstream = await createUpstream(provider);
      upstream.server.answer({ steps: [{ text: "Yes?" }] });
      const messages: ReplyMessage[] = [
        ...hello.messages,
        {
          role: "assistant",
          content: "Let me see.",
          toolCalls: [
            { callId: "a", name: "clock", arguments: '{"zone":"UTC"}' },
            { callId: "b", name: "clock", arguments: "not json" },
          ],
        },
        { role: "user", content: "Stop!" },
        { role: "tool", callId: "a", name: "clock", content: "12:34" },
        { role: "tool", callId: "stray", name: "clock", content: "?" },
      ];
      const events = await collect(upstream.model.reply({ messages, tools: [clock] }));
      expect(textOf(events)).toBe("Yes?");
      const sent = JSON.stringify(upstream.server.requests[0]?.body.messages);
      expect(sent).toContain("12:34");
      expect(sent).toContain("cancelled before it gave a result");
      expect(sent).not.toContain("stray");
    });

    test.each([
      ["length", "length"],
      ["content-filter", "content-filter"],
      ["stop", "stop"],
    ] as const)("a finish of %s is told as %s", async (finish, reason) => {
      await using upstream = await createUpstream(provider);
      upstream.server.answer({ steps: [{ text: "x" }], finish });
      expect((await collect(upstream.model.reply(hello))).at(-1)).toMatchObject({ reason });
    });

    test("a model's thoughts are not part of the reply", async () => {
      await using upstream = await createUpstream(provider);
      upstream.server.answer({ steps: [{ thinking: "hmm" }, { thinking: "so" }, { text: "Hi!" }] });
      expect(textOf(await collect(upstream.model.reply(hello)))).toBe("Hi!");
    });

    test("text in many scripts comes through unharmed", async () => {
      await using upstream = await createUpstream(provider);
      const text = 'Zażółć 🦆 "quotes" \\ \n – 日本語 data: [DONE]';
      upstream.server.answer({ steps: [{ text }] });
      expect(textOf(await collect(upstream.model.reply(hello)))).toBe(text);
    });
  });
}

test("an OpenAI-compatible server that leaves usage out gets it estimated", async () => {
  await using upstream = await createUpstream(openAiCompatible);
  upstream.server.answer({ steps: [{ text: "one two three" }], usage: null });
  const events = await collect(upstream.model.reply(hello));
  expect(events.at(-1)).toMatchObject({ usage: { inputTokens: 5, outputTokens: 4 } });
});

test("usage is asked for in the stream, and the settings of sampling are passed on", async () => {
  await using upstream = await createUpstream(openAiCompatible);
  upstream.server.answer({ steps: [{ text: "x" }] });
  await collect(
    upstream.model.reply({ ...hello, seed: 7, topP: 0.9, frequencyPenalty: 0.5, presencePenalty: -0.5 }),
  );
  expect(upstream.server.requests[0]?.body).toMatchObject({
    stream: true,
    stream_options: { include_usage: true },
    seed: 7,
    top_p: 0.9,
    frequency_penalty: 0.5,
    presence_penalty: -0.5,
  });
});

test("a server without a key is asked without one", async () => {
  await using upstream = await createUpstream(openAiCompatible);
  upstream.server.answer({ steps: [{ text: "x" }] });
  await collect(upstream.model.reply(hello));
  expect(upstream.server.requests[0]?.headers.authorization).toBeUndefined();
});

test("thoughts that a local server leaves in the text are taken out", async () => {
  await using upstream = await createUpstream(openAiCompatible);
  upstream.server.answer({
    steps: ["<th", "ink>so, ", "hm</thi", "nk>\n\nHel", "lo"].map((text) => ({ text })),
  });
  expect(textOf(await collect(upstream.model.reply(hello)))).toBe("Hello");
});

test("Anthropic is given a user who speaks first and last", async () => {
  await using upstream = await createUpstream(anthropic);
  upstream.server.answer({ steps: [{ text: "x" }] });
  const messages: ReplyMessage[] = [
    { role: "system", content: "You are Ada." },
    { role: "assistant", content: "Welcome!" },
    { role: "user", content: "" },
    { role: "system", content: "It is late." },
    { role: "assistant", content: "" },
    { role: "assistant", content: "Still there?" },
  ];
  await collect(upstream.model.reply({ messages }));
  const { system, messages: sent } = upstream.server.requests[0]?.body ?? {};
  expect(system).toEqual([{ type: "text", text: "You are Ada." }]);
  const plain = sent.map((message: { role: string; content: { text: string }[] }) => [
    message.role,
    message.content.map((block) => block.text),
  ]);
  expect(plain).toEqual([
    ["user", ["..."]],
    ["assistant", ["Welcome!"]],
    ["user", ["...", "[System: It is late.]"]],
    ["assistant", ["Still there?"]],
    ["user", ["..."]],
  ]);
});

test("Anthropic with a system prompt alone opens the talk", async () => {
  await using upstream = await createUpstream(anthropic);
  upstream.server.answer({ steps: [{ text: "Good evening!" }] });
  const messages: ReplyMessage[] = [{ role: "system", content: "You are Ada. Greet." }];
  expect(textOf(await collect(upstream.model.reply({ messages })))).toBe("Good evening!");
});

test("Anthropic is told the results of tools that are there no more", async () => {
  await using upstream = await createUpstream(anthropic);
  upstream.server.answer({ steps: [{ text: "At noon." }] });
  const messages: ReplyMessage[] = [
    ...hello.messages,
    { role: "assistant", content: "", toolCalls: [{ callId: "a", name: "clock", arguments: "{}" }] },
    { role: "tool", callId: "a", name: "clock", content: "12:00" },
    { role: "user", content: "So when?" },
  ];
  expect(textOf(await collect(upstream.model.reply({ messages })))).toBe("At noon.");
  const sent = JSON.stringify(upstream.server.requests[0]?.body.messages);
  expect(sent).toContain("[clock: 12:00]");
  expect(sent).not.toContain("tool_use");
});
