// Items and settings: what clients may do to the conversation, and what they are told when they may not.
import { describe, expect, test } from "bun:test";
import { encodeS16le } from "../../../src/audio/pcm.ts";
import { resample } from "../../../src/audio/resample.ts";
import { speakTones } from "../../support/fake-engines/tone-language.ts";
import { createFakeCharacter, sayWords } from "../../support/fake-services.ts";
import { connectRealtime, type RealtimeClient } from "../../support/realtime-client.ts";
import { startHeldServer, startRealtimeServer } from "../../support/realtime-server.ts";

const messageOf = (id: string, text: string, previous_item_id?: string) => ({
  type: "conversation.item.create",
  ...(previous_item_id !== undefined && { previous_item_id }),
  item: { id, type: "message", role: "user", content: [{ type: "input_text", text }] },
});
const update = (session: Record<string, unknown>) => ({
  type: "session.update",
  session: { type: "realtime", ...session },
});
const textOnly = { response: { output_modalities: ["text"] } };
const errorOf = async (client: RealtimeClient, nth = 1) =>
  (await client.waitFor("error", nth))["error"] as Record<string, unknown>;

describe("the conversation's items", () => {
  test("are put in at the end, at the front and behind others, and the model is told in that order", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    client.send(messageOf("b", "B"));
    client.send(messageOf("a", "A", "root"));
    client.send(messageOf("d", "D"));
    client.send(messageOf("c", "C", "b"));
    await client.waitFor("conversation.item.done", 4);
    expect(client.ofType("conversation.item.added").map((event) => event["previous_item_id"])).toEqual([
      null,
      null,
      "b",
      "b",
    ]);
    client.send({ type: "response.create", ...textOnly });
    await client.waitFor("response.done");
    const told = server.services.replyRequests[0]?.messages.slice(1).map(({ content }) => content);
    expect(told).toEqual(["A", "B", "C", "D"]);
    expect(client.findFaults()).toEqual([]);
  });

  test("can be had again and taken out", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    client.send(messageOf("a", "A"));
    client.send({ type: "conversation.item.retrieve", item_id: "a" });
    const retrieved = await client.waitFor("conversation.item.retrieved");
    expect(retrieved["item"]).toEqual({
      id: "a",
      object: "realtime.item",
      status: "completed",
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: "A" }],
    });
    client.send({ type: "conversation.item.delete", item_id: "a" });
    await client.waitFor("conversation.item.deleted");
    client.send({ type: "conversation.item.retrieve", item_id: "a" });
    expect(await errorOf(client)).toMatchObject({ code: "item_retrieve_invalid_item_id", param: "item_id" });
    client.send(messageOf("a", "A again"));
    await client.waitFor("conversation.item.done", 2);
    expect(client.findFaults()).toEqual([]);
  });

  test("may be spoken ones, which are recognised before they are answered", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    const audio = encodeS16le(
      resample(speakTones("spoken item"), { fromHz: 16_000, toHz: 24_000 }),
    ).toBase64();
    client.send({
      type: "conversation.item.create",
      item: { type: "message", role: "user", content: [{ type: "input_audio", audio }] },
    });
    client.send({ type: "response.create", ...textOnly });
    await client.waitFor("response.done");
    expect(server.services.replyRequests[0]?.messages.at(-1)).toEqual({
      role: "user",
      content: "spoken item",
    });
    expect(client.findFaults()).toEqual([]);
  });

  test("of an earlier conversation can be played back in", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    const items = [
      { type: "message", role: "system", content: [{ type: "input_text", text: "It rains." }] },
      { type: "message", role: "user", content: [{ type: "input_audio", transcript: "Hello" }] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "Good evening." }] },
      { type: "function_call", call_id: "c", name: "dice", arguments: "{}" },
      { type: "function_call_output", call_id: "c", output: "6" },
      { type: "message", role: "assistant", content: [{ type: "output_audio", transcript: "A six." }] },
    ];
    for (const item of items) client.send({ type: "conversation.item.create", item });
    client.send({ type: "response.create", ...textOnly });
    await client.waitFor("response.done");
    expect(server.services.replyRequests[0]?.messages.slice(1)).toEqual([
      { role: "system", content: "It rains." },
      { role: "user", content: "Hello" },
      {
        role: "assistant",
        content: "Good evening.",
        toolCalls: [{ callId: "c", name: "dice", arguments: "{}" }],
      },
      { role: "tool", callId: "c", name: "dice", content: "6" },
      { role: "assistant", content: "A six." },
    ]);
    expect(client.findFaults()).toEqual([]);
  });

  test("are refused by name when they cannot be, and nothing changes", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    client.send({ ...messageOf("a", "A"), event_id: "e0" });
    const refusals: [
      event: Record<string, unknown> & { type: string },
      code: string,
      param: string | null,
    ][] = [
      [messageOf("a", "A"), "item_already_exists", "item.id"],
      [messageOf("b", "B", "nobody"), "invalid_value", "previous_item_id"],
      [{ type: "conversation.item.delete", item_id: "x" }, "item_delete_invalid_item_id", "item_id"],
      [
        { type: "conversation.item.truncate", item_id: "x", content_index: 0, audio_end_ms: 1 },
        "item_truncate_invalid_item_id",
        "item_id",
      ],
      [
        { type: "conversation.item.truncate", item_id: "a", content_index: 0, audio_end_ms: 1 },
        "invalid_value",
        "content_index",
      ],
      [
        {
          type: "conversation.item.create",
          item: { type: "function_call_output", call_id: "nobody", output: "" },
        },
        "invalid_tool_call_id",
        "item.call_id",
      ],
      [
        { type: "response.create", response: { input: [{ type: "item_reference", id: "nobody" }] } },
        "invalid_value",
        "response.input",
      ],
      [{ type: "input_audio_buffer.commit" }, "input_audio_buffer_commit_empty", null],
      [{ type: "response.cancel" }, "response_cancel_not_active", null],
    ];
    for (const [i, [event, code, param]] of refusals.entries()) {
      client.send({ ...event, event_id: `mine_${i}` });
      expect(await errorOf(client, i + 1)).toMatchObject({
        type: "invalid_request_error",
        code,
        param,
        event_id: `mine_${i}`,
      });
    }
    expect(client.ofType("conversation.item.added")).toHaveLength(1);
    expect(client.findFaults()).toEqual([]);
  });

  test("one response at a time", async () => {
    await using server = startHeldServer({
      aheadMs: 100,
      script: sayWords("One two three four five six."),
    });
    await using client = await connectRealtime(server.url);
    client.send({ type: "response.create" });
    client.send({ type: "response.create", event_id: "second" });
    expect(await errorOf(client)).toMatchObject({
      code: "conversation_already_has_active_response",
      event_id: "second",
    });
    const added = await client.waitFor("response.output_item.added");
    const { id } = added["item"] as { id: string };
    client.send({ type: "conversation.item.delete", item_id: id });
    expect(await errorOf(client, 2)).toMatchObject({ code: "item_delete_invalid_item_id" });
    client.send({ type: "response.cancel" });
    await client.waitFor("response.done");
    expect(client.findFaults()).toEqual([]);
  });
});

describe("the session", () => {
  test("begins with what is the character's own", async () => {
    const tool = { name: "dice", description: "Rolls", parameters: { type: "object" }, timeoutMs: 2000 };
    const character = createFakeCharacter("Quiz Host", { tools: [tool] });
    await using server = startRealtimeServer({ characters: [createFakeCharacter("Gertrude"), character] });
    await using client = await connectRealtime(`${server.url}?model=Quiz%20Host`);
    const created = await client.waitFor("session.created");
    expect(created["session"]).toMatchObject({
      type: "realtime",
      object: "realtime.session",
      model: "Quiz Host",
      instructions: "You are Quiz Host.",
      output_modalities: ["audio"],
      audio: { output: { voice: "tone-high", speed: 1 } },
      tools: [{ type: "function", name: "dice", description: "Rolls", parameters: { type: "object" } }],
    });
    expect(created["session"]).not.toHaveProperty("troupe");
  });

  test("is updated field by field, and parts of an update are legal", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    client.send(update({ audio: { input: { turn_detection: { type: "server_vad", threshold: 0.7 } } } }));
    client.send(update({ tracing: "auto" }));
    client.send(update({ audio: { output: { speed: 1.5, voice: "tone-high" } }, instructions: "Be brief." }));
    client.send({ type: "session.update", session: { max_output_tokens: 200, tool_choice: "none" } });
    const last = await client.waitFor("session.updated", 4);
    expect(last["session"]).toMatchObject({
      tracing: "auto",
      instructions: "Be brief.",
      audio: {
        input: {
          turn_detection: { threshold: 0.7, silence_duration_ms: 500 },
          format: { type: "audio/pcm" },
        },
        output: { speed: 1.5, voice: "tone-high" },
      },
      max_output_tokens: 200,
      tool_choice: "none",
    });
    client.send(messageOf("a", "A"));
    client.send({ type: "response.create", ...textOnly });
    await client.waitFor("response.done");
    expect(server.services.replyRequests[0]).toMatchObject({
      messages: [{ role: "system", content: "Be brief." }, { content: "A" }],
      toolChoice: "none",
      maxOutputTokens: 200,
    });
    client.send(update({ instructions: "" }));
    const back = await client.waitFor("session.updated", 5);
    expect(back["session"]).toMatchObject({ instructions: "You are Gertrude." });
  });

  test("a response keeps the settings that it began with", async () => {
    await using server = startRealtimeServer({ aheadMs: 100, script: sayWords("One two three four five.") });
    await using client = await connectRealtime(server.url);
    client.send({ type: "response.create" });
    await client.waitFor("response.output_audio.delta");
    client.send(
      update({ output_modalities: ["text"], audio: { output: { format: { type: "audio/pcmu" } } } }),
    );
    const done = await client.waitFor("response.done");
    expect(done["response"]).toMatchObject({
      output_modalities: ["audio"],
      audio: { output: { format: { type: "audio/pcm", rate: 24_000 } } },
    });
    expect(client.heardWords()).toBe("one two three four five");
    expect(client.findFaults()).toEqual([]);
  });

  test("may change its character before the first turn, not after it", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(`${server.url}?model=Gertrude`);
    client.send(update({ model: "Quiz Host" }));
    client.send(messageOf("a", "A"));
    client.send({ type: "response.create", ...textOnly });
    const updated = await client.waitFor("session.updated");
    expect(updated["session"]).toMatchObject({ model: "Quiz Host", instructions: "You are Quiz Host." });
    await client.waitFor("response.done");
    expect(server.services.replyRequests[0]?.messages[0]?.content).toBe("You are Quiz Host.");
    client.send(update({ model: "Gertrude" }));
    expect(await errorOf(client)).toMatchObject({ code: "invalid_value", param: "session.model" });
    client.send(update({ model: "Nobody" }));
    expect(await errorOf(client, 2)).toMatchObject({ code: "model_not_found", param: "session.model" });
    client.send(update({ model: "gpt-realtime" }));
    const last = await client.waitFor("session.updated", 2);
    expect(last["session"]).toMatchObject({ model: "Quiz Host" });
  });

  test("refuses a voice that nobody has, and takes nothing else of that update", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    client.send(update({ instructions: "x", audio: { output: { voice: "nobody" } } }));
    expect(await errorOf(client)).toMatchObject({
      code: "invalid_value",
      param: "session.audio.output.voice",
    });
    client.send({ type: "response.create", response: { audio: { output: { voice: "nobody" } } } });
    expect(await errorOf(client, 2)).toMatchObject({ param: "response.audio.output.voice" });
    client.send(update({}));
    const updated = await client.waitFor("session.updated");
    expect(updated["session"]).toMatchObject({ instructions: "You are Gertrude." });
  });

  test("takes the new version of an edited character at the next turn, and says so to who asks", async () => {
    const first = createFakeCharacter("Gertrude");
    const second = createFakeCharacter("Gertrude", {
      generation: 2,
      makeSystemPrompt: async () => "You are Gertrude, and in love.",
    });
    await using server = startHeldServer({
      characters: [first],
      aheadMs: 100,
      script: sayWords("One two three four five six seven."),
    });
    await using client = await connectRealtime(server.url);
    client.send(update({ troupe: { character_changes: true } }));
    client.send({ type: "response.create" });
    await client.waitFor("response.output_audio.delta");
    server.services.stage.setCast([second]);
    await server.passUntil("the end of the response", () => client.ofType("response.done").length > 0);
    expect(client.ofType("troupe.character.updated")).toEqual([]);
    client.send({ type: "response.create", ...textOnly });
    const changed = await client.waitFor("troupe.character.updated");
    expect(changed).toMatchObject({ name: "Gertrude", generation: 2 });
    await client.waitFor("response.done", 2);
    expect(server.services.replyRequests.map(({ messages }) => messages[0]?.content)).toEqual([
      "You are Gertrude.",
      "You are Gertrude, and in love.",
    ]);
    expect(client.findFaults()).toEqual([]);
  });

  test("keeps its character when that has left the stage", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(`${server.url}?model=Gertrude`);
    server.services.stage.setCast([]);
    client.send({ type: "response.create", ...textOnly });
    const done = await client.waitFor("response.done");
    expect(done["response"]).toMatchObject({ status: "completed" });
  });
});
