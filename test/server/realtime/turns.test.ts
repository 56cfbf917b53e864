// Whole turns over a socket: what is said in tones is heard, answered, and said in tones.
import { describe, expect, test } from "bun:test";
import { decodeMuLaw, encodeALaw } from "../../../src/audio/g711.ts";
import { encodeS16le } from "../../../src/audio/pcm.ts";
import { resample } from "../../../src/audio/resample.ts";
import { hearTones, speakTones } from "../../support/fake-engines/tone-language.ts";
import { sayWords, untilAborted } from "../../support/fake-services.ts";
import { createLeapingClock } from "../../support/leaping-clock.ts";
import { connectRealtime, type RealtimeClient } from "../../support/realtime-client.ts";
import { startRealtimeServer } from "../../support/realtime-server.ts";

const typesOf = (client: RealtimeClient): string[] => client.events.map(({ type }) => type);
/** Repeated deltas count once. */
const orderOf = (client: RealtimeClient): string[] =>
  typesOf(client).filter((type, i, all) => !(type.endsWith(".delta") && all.slice(0, i).includes(type)));
const manual = {
  type: "session.update",
  session: { type: "realtime", audio: { input: { turn_detection: null } } },
};
const messageOf = (text: string) => ({
  type: "conversation.item.create",
  item: { type: "message", role: "user", content: [{ type: "input_text", text }] },
});

describe("a spoken turn", () => {
  test("is heard, answered and spoken, in OpenAI's order of events", async () => {
    await using server = startRealtimeServer({ script: sayWords("Good evening, dear guest. Sit down.") });
    await using client = await connectRealtime(`${server.url}?model=Gertrude`);
    client.say("hello there");
    await client.waitFor("rate_limits.updated");
    expect(orderOf(client)).toEqual([
      "session.created",
      "input_audio_buffer.speech_started",
      "input_audio_buffer.speech_stopped",
      "input_audio_buffer.committed",
      "conversation.item.added",
      "conversation.item.done",
      "conversation.item.input_audio_transcription.delta",
      "conversation.item.input_audio_transcription.completed",
      "response.created",
      "response.output_item.added",
      "conversation.item.added",
      "response.content_part.added",
      "response.output_audio_transcript.delta",
      "response.output_audio.delta",
      "response.output_audio.done",
      "response.output_audio_transcript.done",
      "response.content_part.done",
      "conversation.item.done",
      "response.output_item.done",
      "response.done",
      "rate_limits.updated",
    ]);
    const transcript = client.ofType("conversation.item.input_audio_transcription.completed")[0];
    expect(transcript).toMatchObject({ transcript: "hello there", usage: { type: "duration" } });
    expect(client.heardWords()).toBe("good evening dear guest sit down");
    expect(client.joined("response.output_audio_transcript.delta")).toBe(
      "Good evening, dear guest. Sit down.",
    );
    expect(server.services.replyRequests[0]?.messages).toEqual([
      { role: "system", content: "You are Gertrude." },
      { role: "user", content: "hello there" },
    ]);
    expect(client.ofType("response.done")[0]).toMatchObject({
      response: {
        status: "completed",
        status_details: null,
        usage: { input_tokens: 11, output_tokens: 7, total_tokens: 18 },
        output: [{ role: "assistant", content: [{ type: "output_audio" }] }],
      },
    });
    expect(client.findFaults()).toEqual([]);
  });

  test("says where in the audio it began and ended, its padding and silence included", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    client.append(new Float32Array(16_000));
    client.say("hello");
    const started = await client.waitFor("input_audio_buffer.speech_started");
    const stopped = await client.waitFor("input_audio_buffer.speech_stopped");
    // The first letter is 60 ms into the word; the last ends 100 ms after it; then half a second of silence.
    expect(Number(started["audio_start_ms"])).toBeWithin(1000 + 60 - 300 - 64, 1000 + 60 - 300 + 64);
    expect(Number(stopped["audio_end_ms"])).toBeWithin(
      1000 + 60 + 100 + 500 - 64,
      1000 + 60 + 100 + 500 + 64,
    );
    expect(stopped["item_id"]).toBe(started["item_id"] as string);
  });

  test("two of them are two turns, with the first in mind in the second", async () => {
    const clock = createLeapingClock();
    await using server = startRealtimeServer({ script: sayWords("Yes."), clock });
    await using client = await connectRealtime(server.url);
    client.say("hello");
    await client.waitFor("response.done");
    clock.leap(1000);
    client.say("how are you");
    await client.waitFor("response.done", 2);
    expect(server.services.replyRequests[1]?.messages.slice(1)).toEqual([
      { role: "user", content: "hello" },
      { role: "assistant", content: "Yes." },
      { role: "user", content: "how are you" },
    ]);
    expect(client.findFaults()).toEqual([]);
  });

  test("is transcribed while it is said", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    const name = "conversation.item.input_audio_transcription.delta";
    client.say("one two three four five six seven eight nine ten", { silenceMs: 0 });
    const first = await client.waitFor(name);
    expect(typesOf(client)).not.toContain("input_audio_buffer.speech_stopped");
    client.append(new Float32Array(16_000));
    const done = await client.waitFor("conversation.item.input_audio_transcription.completed");
    expect(done["transcript"]).toBe("one two three four five six seven eight nine ten");
    expect(client.joined(name)).toBe("one two three four five six seven eight nine ten");
    expect(first["item_id"]).toBe(done["item_id"] as string);
    await client.waitFor("response.done");
    expect(client.findFaults()).toEqual([]);
  });

  test("without create_response nobody answers by itself", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    const turn_detection = { type: "server_vad", create_response: false };
    client.send({
      type: "session.update",
      session: { type: "realtime", audio: { input: { turn_detection } } },
    });
    client.say("hello");
    await client.waitFor("conversation.item.input_audio_transcription.completed");
    client.send({ type: "response.create" });
    await client.waitFor("response.done");
    expect(typesOf(client).filter((type) => type === "response.created")).toHaveLength(1);
  });

  test("noise without words is not answered", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    const noise = Float32Array.from({ length: 8000 }, (_, i) => 0.012 * Math.sign(Math.sin(i)));
    client.append(noise);
    client.append(new Float32Array(16_000));
    const done = await client.waitFor("conversation.item.input_audio_transcription.completed");
    expect(done["transcript"]).toBe("");
    client.send({ type: "conversation.item.retrieve", item_id: "nobody" });
    await client.waitFor("error");
    expect(typesOf(client)).not.toContain("response.created");
    expect(client.findFaults()).toEqual([]);
  });
});

describe("a turn that the client ends", () => {
  test("waits for the words before it is answered", async () => {
    await using server = startRealtimeServer({ script: sayWords("Yes.") });
    await using client = await connectRealtime(server.url);
    client.send(manual);
    client.say("are you there", { silenceMs: 0 });
    client.send({ type: "input_audio_buffer.commit" });
    client.send({ type: "response.create" });
    await client.waitFor("response.done");
    expect(typesOf(client)).not.toContain("input_audio_buffer.speech_started");
    expect(server.services.replyRequests[0]?.messages.at(-1)).toEqual({
      role: "user",
      content: "are you there",
    });
    expect(client.findFaults()).toEqual([]);
  });

  test("takes binary frames as raw audio, cut in the middle of a sample", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    client.send(manual);
    await client.waitFor("session.updated");
    const bytes = encodeS16le(resample(speakTones("raw bytes"), { fromHz: 16_000, toHz: 24_000 }));
    for (let at = 0; at < bytes.length; at += 999) client.socket.send(bytes.subarray(at, at + 999));
    client.send({ type: "input_audio_buffer.commit" });
    const done = await client.waitFor("conversation.item.input_audio_transcription.completed");
    expect(done["transcript"]).toBe("raw bytes");
  });

  test("may be cleared, and then nothing of it is heard", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    client.send(manual);
    client.say("forget this", { silenceMs: 0 });
    client.send({ type: "input_audio_buffer.clear" });
    client.say("keep this", { silenceMs: 0 });
    client.send({ type: "input_audio_buffer.commit" });
    const done = await client.waitFor("conversation.item.input_audio_transcription.completed");
    expect(done["transcript"]).toBe("keep this");
    expect(client.findFaults()).toEqual([]);
  });

  test("in telephone sound is heard, and answered in it", async () => {
    await using server = startRealtimeServer({ script: sayWords("abc") });
    await using client = await connectRealtime(server.url);
    const format = { type: "audio/pcma" };
    const audio = { input: { format, turn_detection: null }, output: { format: { type: "audio/pcmu" } } };
    client.send({ type: "session.update", session: { type: "realtime", audio } });
    // Letters below 4 kHz, as telephones carry no more.
    const bytes = encodeALaw(resample(speakTones("bad cab"), { fromHz: 16_000, toHz: 8000 }));
    client.send({ type: "input_audio_buffer.append", audio: bytes.toBase64() });
    client.send({ type: "input_audio_buffer.commit" });
    client.send({ type: "response.create" });
    await client.waitFor("response.done");
    const done = client.ofType("conversation.item.input_audio_transcription.completed")[0];
    expect(done?.["transcript"]).toBe("bad cab");
    const deltas = client.ofType("response.output_audio.delta").map(({ delta }) => String(delta));
    const sound = deltas.flatMap((delta) => [...decodeMuLaw(Uint8Array.fromBase64(delta))]);
    expect(hearTones(resample(Float32Array.from(sound), { fromHz: 8000, toHz: 16_000 }))).toEqual(["abc"]);
    expect(client.findFaults()).toEqual([]);
  });
});

describe("a written turn", () => {
  test("is answered in text when text is wanted, token by token", async () => {
    await using server = startRealtimeServer({ script: sayWords("Good evening, dear guest.") });
    await using client = await connectRealtime(server.url);
    client.send({ type: "session.update", session: { type: "realtime", output_modalities: ["text"] } });
    client.send(messageOf("Hello"));
    client.send({ type: "response.create" });
    await client.waitFor("rate_limits.updated");
    expect(client.ofType("response.output_text.delta").map(({ delta }) => delta)).toEqual([
      "Good ",
      "evening, ",
      "dear ",
      "guest.",
    ]);
    expect(typesOf(client).some((type) => type.includes("audio"))).toBe(false);
    expect(client.findFaults()).toEqual([]);
  });

  test("out of band leaves no trace in the conversation", async () => {
    await using server = startRealtimeServer({ script: sayWords("A guest wants a room.") });
    await using client = await connectRealtime(server.url);
    client.send(messageOf("I want a room"));
    const metadata = { topic: "summary" };
    const response = {
      conversation: "none",
      instructions: "Summarise.",
      output_modalities: ["text"],
      metadata,
    };
    client.send({ type: "response.create", response });
    const done = await client.waitFor("response.done");
    expect(done["response"]).toMatchObject({
      metadata,
      conversation_id: null,
      output: [{ role: "assistant" }],
    });
    expect(server.services.replyRequests[0]?.messages).toEqual([
      { role: "system", content: "Summarise." },
      { role: "user", content: "I want a room" },
    ]);
    expect(client.ofType("conversation.item.added")).toHaveLength(1);
    client.send({ type: "response.create", response: { output_modalities: ["text"] } });
    await client.waitFor("response.done", 2);
    expect(server.services.replyRequests[1]?.messages.slice(1)).toEqual([
      { role: "user", content: "I want a room" },
    ]);
    expect(client.findFaults()).toEqual([]);
  });

  test("may be told something else than the conversation", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    client.send(messageOf("One"));
    const added = await client.waitFor("conversation.item.added");
    const { id } = added["item"] as { id: string };
    const input = [
      { type: "item_reference", id },
      { type: "message", role: "user", content: [{ type: "input_text", text: "Two" }] },
    ];
    client.send({ type: "response.create", response: { input, output_modalities: ["text"] } });
    await client.waitFor("response.done");
    expect(server.services.replyRequests[0]?.messages.slice(1).map(({ content }) => content)).toEqual([
      "One",
      "Two",
    ]);
  });

  test("with nothing said the character opens the conversation", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    client.send({ type: "response.create", response: { output_modalities: ["text"] } });
    await client.waitFor("response.done");
    expect(server.services.replyRequests[0]?.messages.at(-1)).toEqual({ role: "user", content: "..." });
  });
});

describe("silence", () => {
  test("that lasts is told to the character, which speaks first again", async () => {
    await using server = startRealtimeServer({ script: sayWords("Hm.") });
    await using client = await connectRealtime(server.url);
    const turn_detection = { type: "server_vad", idle_timeout_ms: 100 };
    client.send({
      type: "session.update",
      session: { type: "realtime", audio: { input: { turn_detection } } },
    });
    client.send(messageOf("Hello"));
    client.send({ type: "response.create" });
    await client.waitFor("input_audio_buffer.timeout_triggered");
    await client.waitFor("response.done", 2);
    expect(server.services.replyRequests[1]?.messages.slice(1)).toEqual([
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hm." },
      { role: "user", content: "..." },
    ]);
    expect(client.findFaults({ isCut: true })).toEqual([]);
  });
});

describe("a response that is cancelled", () => {
  test("stops its model, ends at once, and is remembered as far as it was sent", async () => {
    const stopped = Promise.withResolvers<void>();
    await using server = startRealtimeServer({
      script: async function* ({ signal }) {
        yield { type: "text-delta", text: "One moment. I" };
        await untilAborted(signal).finally(() => stopped.resolve());
      },
    });
    const faults: unknown[] = [];
    server.services.events.subscribe((event) => {
      if (event.type === "voice-session-fault") faults.push(event);
    });
    await using client = await connectRealtime(server.url);
    client.send({ type: "response.create" });
    await client.waitFor("response.output_audio.delta", 2);
    client.send({ type: "response.cancel" });
    const done = await client.waitFor("response.done");
    expect(done["response"]).toMatchObject({
      status: "cancelled",
      status_details: { type: "cancelled", reason: "client_cancelled" },
      output: [{ status: "incomplete" }],
    });
    await stopped.promise;
    client.send({ type: "response.cancel" });
    const error = await client.waitFor("error");
    expect(error["error"]).toMatchObject({ code: "response_cancel_not_active" });
    expect(faults).toEqual([]);
    expect(client.findFaults()).toEqual([]);
  });
});
