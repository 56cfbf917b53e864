// Tools of the character run on the server, tools of the client there; both may be mixed.
import { describe, expect, test } from "bun:test";
import { createFakeCharacter, sayWords } from "../../support/fake-services.ts";
import { connectRealtime } from "../../support/realtime-client.ts";
import { startRealtimeServer } from "../../support/realtime-server.ts";

const messageOf = (text: string) => ({
  type: "conversation.item.create",
  item: { type: "message", role: "user", content: [{ type: "input_text", text }] },
});

describe("tools", () => {
  test("of the character run on the server, while it speaks, and are told to who asks", async () => {
    const character = createFakeCharacter("Gertrude", {
      tools: [{ name: "dice", description: "Rolls", parameters: { type: "object" }, timeoutMs: 500 }],
      callTool: async () => 6,
    });
    await using server = startRealtimeServer({
      characters: [character],
      script: async function* (request) {
        const [tool] = request.tools ?? [];
        yield { type: "text-delta", text: "I roll. " };
        yield { type: "tool-call", callId: "c1", name: "dice", arguments: "{}" };
        const value = await tool?.execute?.({}, { signal: new AbortController().signal });
        yield {
          type: "tool-result",
          callId: "c1",
          name: "dice",
          outcome: "ok",
          content: JSON.stringify(value),
          durationMs: 2,
        };
        yield { type: "text-delta", text: "A six." };
        yield { type: "finish", reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
      },
    });
    await using client = await connectRealtime(server.url);
    client.send({ type: "session.update", session: { type: "realtime", troupe: { tools: true } } });
    client.send(messageOf("Roll"));
    client.send({ type: "response.create" });
    await client.waitFor("response.done");
    expect(client.heardWords()).toBe("i roll a six");
    expect(client.ofType("troupe.tool.done")[0]).toMatchObject({ name: "dice", outcome: "ok", output: "6" });
    client.send(messageOf("Again"));
    client.send({ type: "response.create" });
    await client.waitFor("response.done", 2);
    expect(server.services.replyRequests[1]?.messages.slice(1)).toEqual([
      { role: "user", content: "Roll" },
      { role: "assistant", content: "I roll.", toolCalls: [{ callId: "c1", name: "dice", arguments: "{}" }] },
      { role: "tool", callId: "c1", name: "dice", content: "6" },
      { role: "assistant", content: "A six." },
      { role: "user", content: "Again" },
    ]);
    expect(client.findFaults()).toEqual([]);
  });

  test("of the client are called there, and their answers go into the next response", async () => {
    let round = 0;
    await using server = startRealtimeServer({
      script: async function* (request) {
        round++;
        if (round === 2) return yield* sayWords("It is on.")(request);
        yield { type: "text-delta", text: "At once." };
        yield { type: "tool-call", callId: "c1", name: "lights", arguments: '{"on":true}' };
        yield { type: "finish", reason: "tool-calls", usage: { inputTokens: 1, outputTokens: 1 } };
      },
    });
    await using client = await connectRealtime(server.url);
    const tools = [
      { type: "function", name: "lights", description: "Lights", parameters: { type: "object" } },
    ];
    client.send({ type: "session.update", session: { type: "realtime", tools } });
    client.send(messageOf("Light, please"));
    client.send({ type: "response.create" });
    const done = await client.waitFor("response.function_call_arguments.done");
    expect(done).toMatchObject({ name: "lights", arguments: '{"on":true}', call_id: "c1" });
    await client.waitFor("response.done");
    client.send({
      type: "conversation.item.create",
      item: { type: "function_call_output", call_id: "c1", output: "on" },
    });
    client.send({ type: "response.create" });
    await client.waitFor("response.done", 2);
    expect(server.services.replyRequests[1]?.messages.slice(1)).toEqual([
      { role: "user", content: "Light, please" },
      {
        role: "assistant",
        content: "At once.",
        toolCalls: [{ callId: "c1", name: "lights", arguments: '{"on":true}' }],
      },
      { role: "tool", callId: "c1", name: "lights", content: "on" },
    ]);
    expect(server.services.replyRequests[0]?.tools?.map(({ name, execute }) => [name, execute])).toEqual([
      ["lights", undefined],
    ]);
    expect(client.findFaults()).toEqual([]);
  });

  test("that a client sends back as it was shown them go on running on the server", async () => {
    const tool = { name: "dice", description: "Rolls", parameters: { type: "object" } };
    const character = createFakeCharacter("Gertrude", { tools: [{ ...tool, timeoutMs: 500 }] });
    await using server = startRealtimeServer({ characters: [character] });
    await using client = await connectRealtime(server.url);
    const created = await client.waitFor("session.created");
    const { tools } = created["session"] as { tools: unknown };
    expect(tools).toEqual([{ type: "function", ...tool }]);
    client.send({ type: "session.update", session: { type: "realtime", tools } });
    client.send({ type: "response.create" });
    await client.waitFor("response.done");
    expect(server.services.replyRequests[0]?.tools?.[0]?.execute).toBeDefined();
  });
});
