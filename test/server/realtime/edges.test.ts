// What breaks, and what clients do wrong: an error says so, and the session goes on.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/base/errors.ts";
import type { VoiceSessionEvent } from "../../../src/session/events.ts";
import { eventually } from "../../support/eventually.ts";
import { createFakeCharacter, sayWords } from "../../support/fake-services.ts";
import { connectRealtime } from "../../support/realtime-client.ts";
import { type RealtimeServer, startRealtimeServer } from "../../support/realtime-server.ts";

const textOnly = { type: "response.create", response: { output_modalities: ["text"] } };
const manual = {
  type: "session.update",
  session: { type: "realtime", audio: { input: { turn_detection: null } } },
};
const faultsOf = (server: RealtimeServer): string[] => {
  const faults: string[] = [];
  server.services.events.subscribe((event) => {
    if (event.type !== "voice-session-fault") return;
    faults.push((event as Extract<VoiceSessionEvent, { type: "voice-session-fault" }>).error.message);
  });
  return faults;
};

describe("a client that says something wrong", () => {
  const wrong: [name: string, message: string, code: string, param: string | null][] = [
    ["no JSON", "{oops", "invalid_json", null],
    ["no object", "[1]", "invalid_event", null],
    ["null", "null", "invalid_event", null],
    ["no type", '{"a":1}', "missing_required_parameter", "type"],
    ["a type that is no text", '{"type":7}', "invalid_value", "type"],
    ["an unknown event", '{"type":"response.explode"}', "invalid_value", "type"],
    ["an event every object has", '{"type":"toString"}', "invalid_value", "type"],
    ["what WebRTC alone has", '{"type":"output_audio_buffer.clear"}', "invalid_value", "type"],
    [
      "a session that only transcribes",
      '{"type":"transcription_session.update","session":{}}',
      "invalid_value",
      "type",
    ],
    ["a missing field", '{"type":"input_audio_buffer.append"}', "missing_required_parameter", "audio"],
    ["a field of another type", '{"type":"conversation.item.delete","item_id":5}', "invalid_type", "item_id"],
    ["no base64", '{"type":"input_audio_buffer.append","audio":"*&^"}', "invalid_value", "audio"],
    [
      "a value out of range",
      '{"type":"session.update","session":{"audio":{"input":{"turn_detection":{"type":"server_vad","threshold":7}}}}}',
      "invalid_value",
      "session.audio.input.turn_detection.threshold",
    ],
    [
      "a format that is none",
      '{"type":"session.update","session":{"audio":{"input":{"format":{"type":"audio/mp3"}}}}}',
      "invalid_value",
      "session.audio.input.format.type",
    ],
    [
      "a rate that is none",
      '{"type":"session.update","session":{"audio":{"output":{"format":{"type":"audio/pcm","rate":44100}}}}}',
      "invalid_value",
      "session.audio.output.format.rate",
    ],
    [
      "a name of the beta",
      '{"type":"session.update","session":{"turn_detection":null}}',
      "unknown_parameter",
      "session.turn_detection",
    ],
    [
      "a transcription session",
      '{"type":"session.update","session":{"type":"transcription"}}',
      "invalid_value",
      "session.type",
    ],
    [
      "a picture",
      '{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_image","image_url":"data:"}]}}',
      "invalid_value",
      "item.content.0.type",
    ],
    [
      "a part without text",
      '{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text"}]}}',
      "missing_required_parameter",
      "item.content.0.text",
    ],
    [
      "audio that is none in an item",
      '{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_audio","audio":"*"}]}}',
      "invalid_value",
      "item.content.0.audio",
    ],
    [
      "a tool that is another server",
      '{"type":"session.update","session":{"tools":[{"type":"mcp","server_label":"x","name":"y"}]}}',
      "invalid_value",
      "session.tools.0.type",
    ],
  ];

  test("is told what, with OpenAI's code, and the session goes on", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    for (const [i, [name, message, code, param]] of wrong.entries()) {
      const text = message.startsWith('{"type"') ? message.replace("{", `{"event_id":"mine_${i}",`) : message;
      client.socket.send(text);
      const { error } = await client.waitFor("error", i + 1);
      const event_id = text === message ? null : `mine_${i}`;
      expect([name, error]).toEqual([
        name,
        { type: "invalid_request_error", code, message: expect.any(String), param, event_id },
      ]);
    }
    client.send(textOnly);
    await client.waitFor("response.done");
    expect(client.findFaults()).toEqual([]);
  });

  test("and sends more audio than fits is refused it, whole", async () => {
    await using server = startRealtimeServer({ maxInputMs: 1000 });
    await using client = await connectRealtime(server.url);
    client.send(manual);
    const audio = new Uint8Array(40_000).toBase64();
    client.send({ type: "input_audio_buffer.append", audio });
    client.send({ type: "input_audio_buffer.append", audio, event_id: "too much" });
    const { error } = await client.waitFor("error");
    expect(error).toMatchObject({ code: "input_audio_buffer_full", event_id: "too much" });
    client.send({ type: "input_audio_buffer.clear" });
    client.send({ type: "input_audio_buffer.append", audio });
    client.send({ type: "input_audio_buffer.commit" });
    await client.waitFor("input_audio_buffer.committed");
    expect(client.ofType("error")).toHaveLength(1);
  });

  test("and sends a message that is too long is cut off", async () => {
    await using server = startRealtimeServer({ maxMessageBytes: 10_000 });
    await using client = await connectRealtime(server.url);
    client.send({ type: "input_audio_buffer.append", audio: new Uint8Array(20_000).toBase64() });
    expect((await client.closed).code).toBeOneOf([1006, 1009]);
    await eventually("no session", () => server.realtime.activeSessions() === 0);
  });
});

describe("an engine that fails", () => {
  test("to write ends the response as failed, with the reason, after what was written", async () => {
    await using server = startRealtimeServer({
      script: async function* () {
        yield { type: "text-delta", text: "One moment. " };
        throw new AppError("E_NET", "the model's server went away");
      },
    });
    const faults = faultsOf(server);
    await using client = await connectRealtime(server.url);
    client.send({ type: "response.create" });
    const done = await client.waitFor("response.done");
    expect(done["response"]).toMatchObject({
      status: "failed",
      status_details: {
        type: "failed",
        error: { type: "server_error", code: "E_NET", message: "the model's server went away" },
      },
      output: [{ status: "incomplete" }],
    });
    expect(client.heardWords()).toBe("one moment");
    expect(faults).toEqual(["the model's server went away"]);
    server.services.script = sayWords("Here again.");
    client.send({ type: "response.create" });
    const next = await client.waitFor("response.done", 2);
    expect(next["response"]).toMatchObject({ status: "completed" });
    expect(client.findFaults()).toEqual([]);
  });

  test("in mid-sentence costs that response, and the next one is spoken", async () => {
    await using server = startRealtimeServer({ script: sayWords("One, two, three.") });
    await using client = await connectRealtime(server.url);
    server.speech.gate = (what) =>
      what.startsWith("two")
        ? Promise.reject(new AppError("E_BUSY", "the engine stopped (SIGKILL)"))
        : Promise.resolve();
    client.send({ type: "response.create" });
    const done = await client.waitFor("response.done");
    expect(done["response"]).toMatchObject({
      status: "failed",
      status_details: { error: { message: "the engine stopped (SIGKILL)" } },
    });
    expect(client.heardWords()).toBe("one");
    server.speech.gate = () => Promise.resolve();
    client.send({ type: "response.create" });
    await client.waitFor("response.done", 2);
    expect(client.heardWords()).toBe("one one two three");
    expect(client.findFaults()).toEqual([]);
  });

  test("to hear once costs nothing, twice the words of that turn", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    let failures = 1;
    server.speech.gate = (what) =>
      what === "decode" && failures-- > 0
        ? Promise.reject(new AppError("E_BUSY", "the engine stopped"))
        : Promise.resolve();
    client.send(manual);
    client.say("first", { silenceMs: 0 });
    client.send({ type: "input_audio_buffer.commit" });
    const done = await client.waitFor("conversation.item.input_audio_transcription.completed");
    expect(done["transcript"]).toBe("first");
    failures = 100;
    client.say("second", { silenceMs: 0 });
    client.send({ type: "input_audio_buffer.commit" });
    client.send({ type: "response.create" });
    const failed = await client.waitFor("conversation.item.input_audio_transcription.failed");
    expect(failed["error"]).toMatchObject({ type: "server_error", code: "E_BUSY" });
    const response = await client.waitFor("response.done");
    expect(response["response"]).toMatchObject({ status: "failed" });
    failures = 0;
    client.send(textOnly);
    await client.waitFor("response.done", 2);
    expect(client.findFaults()).toEqual([]);
  });

  test("to be there yet leaves the words, without sound, and says so once", async () => {
    await using server = startRealtimeServer({ script: sayWords("Good evening.") });
    server.speech.setState("tts", { state: "loading", detail: "kokoro: 40 of 88 MB" });
    await using client = await connectRealtime(server.url);
    for (const nth of [1, 2]) {
      client.send({ type: "response.create" });
      const done = await client.waitFor("response.done", nth);
      expect(done["response"]).toMatchObject({
        status: "completed",
        output: [{ content: [{ type: "output_audio", transcript: "Good evening." }] }],
      });
    }
    expect(client.ofType("response.output_audio.delta")).toEqual([]);
    expect(client.ofType("error").map(({ error }) => error)).toMatchObject([
      { type: "server_error", code: "E_BUSY" },
    ]);
    server.speech.setState("tts", { state: "ready" });
    client.send({ type: "response.create" });
    await client.waitFor("response.done", 3);
    expect(client.heardWords()).toBe("good evening");
    expect(client.findFaults()).toEqual([]);
  });

  test("to detect speech is said, and what was said meanwhile is heard when it works", async () => {
    await using server = startRealtimeServer();
    server.speech.setState("vad", { state: "loading", detail: "silero" });
    await using client = await connectRealtime(server.url);
    client.say("hello");
    const { error } = await client.waitFor("error");
    expect(error).toMatchObject({ type: "server_error", code: "E_BUSY" });
    server.speech.setState("vad", { state: "ready" });
    await client.waitFor("response.done");
    const done = client.ofType("conversation.item.input_audio_transcription.completed")[0];
    expect(done?.["transcript"]).toBe("hello");
    expect(client.findFaults()).toEqual([]);
  });
});

describe("a character that fails", () => {
  test("to make its prompt costs the response, and says what would help", async () => {
    const error = new AppError("E_CHARACTER", "Gertrude: makeSystemPrompt threw");
    const character = createFakeCharacter("Gertrude", { makeSystemPrompt: () => Promise.reject(error) });
    await using server = startRealtimeServer({ characters: [character] });
    await using client = await connectRealtime(server.url);
    const created = await client.waitFor("session.created");
    expect(created["session"]).toMatchObject({ instructions: "" });
    client.send(textOnly);
    const done = await client.waitFor("response.done");
    expect(done["response"]).toMatchObject({
      status: "failed",
      status_details: { error: { code: "E_CHARACTER", message: "Gertrude: makeSystemPrompt threw" } },
    });
    expect(client.findFaults()).toEqual([]);
  });

  test("with a bug of ours is told so without its text", async () => {
    await using server = startRealtimeServer({
      script: async function* () {
        yield { type: "text-delta", text: "O" };
        throw new TypeError("cannot read secret of undefined");
      },
    });
    await using client = await connectRealtime(server.url);
    client.send(textOnly);
    const done = await client.waitFor("response.done");
    expect(JSON.stringify(done)).not.toContain("secret");
    expect(done["response"]).toMatchObject({ status_details: { error: { code: "E_INTERNAL" } } });
  });
});
