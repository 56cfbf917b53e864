import { describe, expect, test } from "bun:test";
import OpenAI, { NotFoundError } from "openai";
import type { ReplyEvent } from "../../../src/reply/port.ts";
import { createServer } from "../../../src/server/create-server.ts";
import { createFakeCharacter, createFakeServices, createFakeStage } from "../../support/fake-services.ts";
import { startTestServer, type TestServer } from "../../support/http-server.ts";

const clientOf = (server: TestServer): OpenAI =>
  new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none-needed", maxRetries: 0 });
const hello = [{ role: "user" as const, content: "Hello!" }];
const finish = (reason: "stop" | "tool-calls" | "length" = "stop"): ReplyEvent => ({
  type: "finish",
  reason,
  usage: { inputTokens: 3, outputTokens: 5 },
});
const weather = {
  type: "function" as const,
  function: { name: "weather", description: "of a town", parameters: { type: "object", properties: {} } },
};

async function* say(...events: ReplyEvent[]): AsyncIterable<ReplyEvent> {
  yield* events;
}

describe("OpenAI's client, unmodified", () => {
  test("has an answer of the character that it names as model", async () => {
    await using server = startTestServer();
    const completion = await clientOf(server).chat.completions.create({ model: "Gertrude", messages: hello });
    expect(completion).toMatchObject({
      object: "chat.completion",
      model: "Gertrude",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Good evening, dear guest.", refusal: null },
          finish_reason: "stop",
        },
      ],
      usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    });
    expect(completion.id).toMatch(/^chatcmpl-[0-9a-f]{32}$/);
  });

  test("streams it word by word, with the usage last when asked for", async () => {
    await using server = startTestServer();
    const stream = await clientOf(server).chat.completions.create({
      model: "Gertrude",
      messages: hello,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: "assistant", content: "" });
    const words = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "");
    expect(words.filter((word) => word !== "")).toEqual(["Good ", "evening, ", "dear ", "guest."]);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 18 } });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  test("gets its own tools as calls, streamed and whole, and answers them", async () => {
    const services = createFakeServices();
    services.script = () =>
      say(
        { type: "text-delta", text: "Let me see. " },
        { type: "tool-call", callId: "call_1", name: "weather", arguments: '{"town":"Ghent"}' },
        { type: "tool-call", callId: "call_2", name: "weather", arguments: '{"town":"Lille"}' },
        finish("tool-calls"),
      );
    await using server = startTestServer(services);
    const client = clientOf(server);
    const request = { model: "Gertrude", messages: hello, tools: [weather] };
    const whole = await client.chat.completions.create(request);
    expect(whole.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { content: "Let me see. ", tool_calls: [{ id: "call_1" }, { id: "call_2" }] },
    });
    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    expect(streamed.choices[0]?.finish_reason).toBe("tool_calls");
    expect(streamed.choices[0]?.message.tool_calls).toMatchObject([
      { id: "call_1", function: { name: "weather", arguments: '{"town":"Ghent"}' } },
      { id: "call_2", function: { name: "weather", arguments: '{"town":"Lille"}' } },
    ]);

    services.script = () => say({ type: "text-delta", text: "It rains." }, finish());
    const message = whole.choices[0]?.message;
    if (!message) throw new Error("no message");
    const results = [
      { role: "tool" as const, tool_call_id: "call_1", content: "rain" },
      { role: "tool" as const, tool_call_id: "call_2", content: [{ type: "text" as const, text: "sun" }] },
    ];
    const answer = await client.chat.completions.create({
      ...request,
      messages: [...hello, message, ...results],
    });
    expect(answer.choices[0]?.message.content).toBe("It rains.");
    expect(services.replyRequests.at(-1)?.messages).toEqual([
      { role: "system", content: "You are Gertrude." },
      { role: "user", content: "Hello!" },
      {
        role: "assistant",
        content: "Let me see. ",
        toolCalls: [
          { callId: "call_1", name: "weather", arguments: '{"town":"Ghent"}' },
          { callId: "call_2", name: "weather", arguments: '{"town":"Lille"}' },
        ],
      },
      { role: "tool", callId: "call_1", name: "weather", content: "rain" },
      { role: "tool", callId: "call_2", name: "weather", content: "sun" },
    ]);
  });

  test("is told which model there is not, with the error it looks for", async () => {
    await using server = startTestServer();
    const attempt = clientOf(server).chat.completions.create({ model: "gpt-9", messages: hello });
    const error = await attempt.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({ code: "model_not_found", param: "model" });
  });

  test("sees an error in mid-stream as an error", async () => {
    const services = createFakeServices();
    services.script = async function* () {
      yield { type: "text-delta", text: "One " };
      throw new Error("broken");
    };
    await using server = startTestServer(services);
    const stream = await clientOf(server).chat.completions.create({
      model: "Gertrude",
      messages: hello,
      stream: true,
    });
    const read = async (): Promise<void> => {
      for await (const _chunk of stream);
    };
    const error = await read().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: expect.stringContaining("internal error"), code: "E_INTERNAL" });
  });
});

describe("what the character is given", () => {
  const ask = async (body: Record<string, unknown>) => {
    const services = createFakeServices();
    const response = await createServer(services).request("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "Gertrude", messages: hello, ...body }),
    });
    const json = (await response.json()) as { error?: { message: string; param: string | null } };
    return { status: response.status, error: json.error, request: services.replyRequests[0] };
  };

  test("its own prompt first, then the client's system and developer messages", async () => {
    const { request } = await ask({
      messages: [
        { role: "system", content: "Be brief." },
        {
          role: "developer",
          content: [
            { type: "text", text: "Be " },
            { type: "text", text: "kind." },
          ],
        },
        { role: "user", content: [{ type: "text", text: "Hi" }] },
      ],
    });
    expect(request?.messages).toEqual([
      { role: "system", content: "You are Gertrude." },
      { role: "system", content: "Be brief." },
      { role: "system", content: "Be kind." },
      { role: "user", content: "Hi" },
    ]);
  });

  test("the sampling settings, under the newer name of the limit when both are there", async () => {
    const { request } = await ask({
      temperature: 0.3,
      top_p: 0.9,
      frequency_penalty: 0.5,
      presence_penalty: -0.5,
      max_tokens: 10,
      max_completion_tokens: 20,
      stop: "END",
      seed: 7,
      tools: [weather],
      tool_choice: { type: "function", function: { name: "weather" } },
    });
    expect(request).toMatchObject({
      temperature: 0.3,
      topP: 0.9,
      frequencyPenalty: 0.5,
      presencePenalty: -0.5,
      maxOutputTokens: 20,
      stop: ["END"],
      seed: 7,
      toolChoice: { name: "weather" },
      tools: [{ name: "weather", description: "of a town" }],
    });
  });

  test("nulls count as not given", async () => {
    const nothing = { temperature: null, top_p: null, max_tokens: null, stop: null, tools: null, n: null };
    const { status, request } = await ask({ ...nothing, stream: null, response_format: null });
    expect(status).toBe(200);
    expect(request?.temperature).toBeUndefined();
  });

  test("what would be answered wrongly is refused, each with its reason", async () => {
    const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } };
    const sound = { type: "input_audio", input_audio: { data: "", format: "wav" } };
    const refusals: [Record<string, unknown>, string, string][] = [
      [
        { messages: [{ role: "user", content: [image] }] },
        "messages.0.content.0",
        "images are not supported",
      ],
      [
        { messages: [{ role: "user", content: [sound] }] },
        "messages.0.content.0",
        "/v1/audio/transcriptions",
      ],
      [{ n: 2 }, "n", "one choice"],
      [{ modalities: ["text", "audio"] }, "modalities.1", "/v1/audio/speech"],
      [{ response_format: { type: "json_object" } }, "response_format.type", "spoken text"],
      [{ messages: [{ role: "tool", tool_call_id: "c9", content: "" }] }, "messages.0.tool_call_id", "c9"],
      [{ tools: [weather, weather] }, "tools.1.function.name", "twice"],
      [
        { tool_choice: { type: "function", function: { name: "x" } } },
        "tool_choice.function.name",
        "not among",
      ],
      [{ temperature: 3 }, "temperature", "2"],
      [{ messages: [] }, "messages", ""],
    ];
    for (const [body, param, words] of refusals) {
      const { status, error, request } = await ask(body);
      expect({ status, param: error?.param }).toEqual({ status: 400, param });
      expect(error?.message).toContain(words);
      expect(request).toBeUndefined();
    }
  });

  test("the character's own tools run here and never reach the client", async () => {
    const services = createFakeServices();
    services.script = () =>
      say(
        { type: "tool-call", callId: "1", name: "clock", arguments: "{}" },
        { type: "tool-result", callId: "1", name: "clock", outcome: "ok", content: "noon", durationMs: 1 },
        { type: "text-delta", text: "It is noon." },
        finish(),
      );
    await using server = startTestServer(services);
    const answer = await clientOf(server).chat.completions.create({ model: "Gertrude", messages: hello });
    expect(answer.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "It is noon." } });
    expect(answer.choices[0]?.message.tool_calls).toBeUndefined();
  });

  test("without a language model a character answers in its own code, or says that it cannot", async () => {
    const scripted = createFakeCharacter("Parrot", { hasReply: true });
    const services = createFakeServices({ stage: createFakeStage([scripted, createFakeCharacter("Mute")]) });
    services.script = undefined;
    await using server = startTestServer(services);
    const client = clientOf(server);
    const answer = await client.chat.completions.create({ model: "Parrot", messages: hello });
    expect(answer.choices[0]?.message.content).toBe("I am Parrot.");
    const error: unknown = await client.chat.completions
      .create({ model: "Mute", messages: hello })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ status: 502, code: "E_CHARACTER" });
  });
});
