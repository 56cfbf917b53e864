// The unmute project's protocol: its front end and its load client, as far as they can be told apart from OpenAI's.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createOggOpusStream } from "../../../src/audio/codecs/ogg-opus-stream.ts";
import type { ChatLine } from "../../../src/server/realtime/unmute-chat.ts";
import { eventually } from "../../support/eventually.ts";
import { createFakeCharacter, sayWords, untilAborted } from "../../support/fake-services.ts";
import { createLeapingClock } from "../../support/leaping-clock.ts";
import { connectRealtime } from "../../support/realtime-client.ts";
import { type RealtimeServer, startHeldServer, startRealtimeServer } from "../../support/realtime-server.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { connectUnmute } from "../../support/unmute-client.ts";

const smalltalk = { type: "smalltalk", language: "en" };
const plain = { instructions: smalltalk, allow_recording: false };

/** Its system prompt, as the reply model was told it. */
const promptOf = (server: RealtimeServer, index = 0): unknown =>
  server.services.replyRequests[index]?.messages[0]?.content;

describe("a client of unmute", () => {
  test("is told nothing before it says who the character is; then the character speaks first", async () => {
    await using server = startRealtimeServer({ script: sayWords("Good evening, dear guest.") });
    await using client = await connectUnmute(server.url);
    client.update(plain);
    await client.waitFor("response.audio.done");
    await client.waitFor("unmute.additional_outputs");
    expect(client.events.map(({ type }) => type).slice(0, 2)).toEqual([
      "session.updated",
      "response.created",
    ]);
    expect(client.events[0]).toMatchObject({ session: { ...plain, voice: null } });
    expect(client.words("response.text.delta")).toBe("Good evening, dear guest.");
    expect(client.ofType("response.text.done")).toMatchObject([{ text: "Good evening, dear guest." }]);
    expect(await client.heardWords()).toBe("good evening dear guest");
    expect(client.faults).toEqual([]);
    // Each piece of sound can be decoded when it comes: 80 ms, the first without what the encoder's delay takes.
    using stream = await createOggOpusStream({ sampleRateHz: 24_000 });
    const [first = 0, ...others] = client
      .ofType("response.audio.delta")
      .map(({ delta }) => stream.push(Uint8Array.fromBase64(delta)).pcm.length);
    expect(first).toBeWithin(1920 - 240, 1920);
    expect(others.length).toBeGreaterThan(5);
    expect([...new Set(others)]).toEqual([1920]);
    const ids = client.events.map(({ event_id }) => event_id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("speaks in Ogg Opus, is told its words one by one, and is answered", async () => {
    let round = 0;
    await using server = startHeldServer({
      script: (request) => sayWords(round++ === 0 ? "Hello." : "Sit down.")(request),
    });
    await using client = await connectUnmute(server.url);
    client.update(plain);
    await client.waitFor("unmute.additional_outputs");
    // It has been heard to its end.
    server.clock.advance(2000);
    client.say("good day to you");
    await client.waitFor("response.audio.done", 2);
    const last = await client.waitFor("unmute.additional_outputs", 2);
    expect(client.words("conversation.item.input_audio_transcription.delta")).toBe("good day to you");
    expect(client.ofType("input_audio_buffer.speech_started")).toHaveLength(1);
    expect(client.ofType("input_audio_buffer.speech_stopped")).toHaveLength(1);
    const chat: ChatLine[] = [
      { role: "system", content: "You are Gertrude." },
      { role: "assistant", content: "Hello." },
      { role: "user", content: "good day to you" },
    ];
    expect(client.ofType("response.created")[1]?.response.chat_history).toEqual(chat);
    expect(last).toMatchObject({
      args: { chat_history: [...chat, { role: "assistant", content: "Sit down." }] },
    });
    expect(await client.heardWords()).toBe("hello sit down");
    expect(client.faults).toEqual([]);
  });

  test("who speaks while the character does stops it, and the chat has the words that were heard", async () => {
    const story =
      "Once upon a time there lived a queen who had three sons and one daughter and a dog. ".repeat(4);
    let round = 0;
    await using server = startHeldServer({
      script: (request) => sayWords(round++ === 0 ? story : "Of course.")(request),
    });
    await using client = await connectUnmute(server.url);
    client.update(plain);
    await client.waitFor("response.audio.delta");
    server.clock.advance(700);
    client.say("never mind");
    await client.waitFor("unmute.interrupted_by_vad");
    await client.waitFor("unmute.additional_outputs", 2);
    const [, asked] = client.ofType("response.created").map(({ response }) => response.chat_history);
    const [, told, heard] = asked ?? [];
    expect(heard).toEqual({ role: "user", content: "never mind" });
    expect(told?.role).toBe("assistant");
    expect(told?.content).toEndWith("—");
    const words = told?.content.slice(0, -1) ?? "";
    expect(story.startsWith(words)).toBe(true);
    expect(words.length).toBeLessThan(story.length);
    // What the reply model is told is what the client is shown.
    const prompted = server.services.replyRequests[1]?.messages.find(({ role }) => role === "assistant");
    expect(String(prompted?.content).trim()).toBe(words.trim());
    expect(client.faults).toEqual([]);
  });

  test("who speaks while it thinks of what to say next has interrupted it too", async () => {
    let round = 0;
    await using server = startHeldServer({
      async *script(request) {
        if (round++ > 0) return yield* sayWords("Of course.")(request);
        yield { type: "text-delta", text: "Once upon a time. There" };
        await untilAborted(request.signal);
      },
    });
    await using client = await connectUnmute(server.url);
    client.update(plain);
    await client.waitFor("response.audio.delta");
    await server.passUntil(
      "the first sentence",
      () => client.words("response.text.delta") === "Once upon a time.",
    );
    server.clock.advance(5000);
    client.say("never mind");
    await client.waitFor("response.created", 2);
    const [, asked] = client.ofType("response.created").map(({ response }) => response.chat_history);
    expect(asked?.slice(1)).toEqual([
      { role: "assistant", content: "Once upon a time.—" },
      { role: "user", content: "never mind" },
    ]);
    expect(client.faults).toEqual([]);
  });

  test("that falls silent is asked again after 7 s", async () => {
    let round = 0;
    const clock = createLeapingClock();
    await using server = startRealtimeServer({
      // Waits of seconds take a moment.
      clock: {
        ...clock,
        schedule: (act, delayMs) => clock.schedule(act, delayMs >= 5000 && delayMs < 9000 ? 300 : delayMs),
      },
      script: (request) => sayWords(round++ === 0 ? "Hello." : "Are you there?")(request),
    });
    await using client = await connectUnmute(server.url);
    client.update(plain);
    await client.waitFor("response.audio.done", 2);
    const [, again] = client.ofType("response.created");
    expect(again?.response.chat_history.at(-1)).toEqual({ role: "user", content: "..." });
    expect(client.faults).toEqual([]);
  });

  test("is let go of when the character has said goodbye, and not before its last sound", async () => {
    let round = 0;
    await using server = startHeldServer({
      script: (request) => sayWords(round++ === 0 ? "Bye is all they say." : "See you soon. Bye!")(request),
    });
    await using client = await connectUnmute(server.url);
    client.update(plain);
    await server.passUntil(
      "the end of the greeting",
      () => client.ofType("unmute.additional_outputs").length > 0,
    );
    server.clock.advance(5000);
    client.say("so long");
    await server.passUntil("the goodbye", () => client.socket.readyState === WebSocket.CLOSED);
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(await client.heardWords()).toBe("bye is all they say see you soon bye");
    expect(client.faults).toEqual([]);
  });
});

describe("whom a client of unmute talks with", () => {
  const path = "unmute-prod-website/p329_022.wav";
  const characters = [
    createFakeCharacter("Gertrude"),
    createFakeCharacter("Watercooler", { voiceSource: { source_type: "file", path_on_server: path } }),
    createFakeCharacter("Charles", { instructions: { type: "constant", text: "You are a general." } }),
    createFakeCharacter("Quiz Host", { instructions: { type: "quiz_show", language: "fr" } }),
  ];
  const prompts: [string, object, string][] = [
    ["the character whose voice it names", { ...plain, voice: path }, "You are Watercooler."],
    ["the character that it names itself", { ...plain, voice: "Quiz Host" }, "You are Quiz Host."],
    [
      "the character with the instructions that it sends back",
      {
        allow_recording: false,
        instructions: { type: "constant", text: "You are a general.", language: null },
      },
      "You are Charles.",
    ],
    [
      "one of the kind that it asks for",
      { allow_recording: false, instructions: { type: "quiz_show", language: "en" } },
      "You are Quiz Host.",
    ],
    [
      "whoever is first, with a text of its own",
      { allow_recording: false, instructions: { type: "constant", text: "You are a pirate." } },
      "You are a pirate.",
    ],
  ];
  test.each(prompts)("is %s", async (_, session, prompt) => {
    await using server = startRealtimeServer({ characters });
    await using client = await connectUnmute(server.url);
    client.send({ type: "session.update", session });
    await client.waitFor("response.created");
    await eventually("the reply model's prompt", () => promptOf(server));
    expect(promptOf(server)).toBe(prompt);
    expect(client.faults).toEqual([]);
    expect(client.ofType("error")).toEqual([]);
  });

  test("a recording that is not here is no obstacle, and is said as a warning", async () => {
    await using server = startRealtimeServer({ characters });
    await using client = await connectUnmute(server.url);
    client.update({ ...plain, voice: "custom:0123" });
    await client.waitFor("response.audio.done");
    expect(client.ofType("error").map(({ error }) => error)).toEqual([
      expect.objectContaining({ type: "warning", message: expect.stringContaining("custom:0123") }),
    ]);
    expect(client.faults).toEqual([]);
  });

  test("a voice of the synthesizer is spoken with, and one that nobody has is refused by name", async () => {
    await using server = startRealtimeServer({ characters });
    await using client = await connectUnmute(server.url);
    client.update({ ...plain, voice: "no-such-voice" });
    await client.waitFor("error");
    expect(client.ofType("error")[0]?.error).toMatchObject({
      type: "invalid_request_error",
      param: "session.voice",
    });
    client.update({ ...plain, voice: "tone-high" });
    await client.waitFor("response.created");
    expect(client.ofType("response.created")[0]?.response.voice).toBe("tone-high");
    expect(client.faults).toEqual([]);
  });
});

describe("a client of unmute that errs", () => {
  const mistakes: [string, object | string, string | null][] = [
    ["what is no JSON", "{", null],
    ["an unknown event", { type: "bridge.pause_session" }, "type"],
    [
      "no consent",
      { type: "session.update", session: { instructions: smalltalk } },
      "session.allow_recording",
    ],
    [
      "instructions of no kind",
      { type: "session.update", session: { ...plain, instructions: { type: "x" } } },
      "session.instructions.type",
    ],
    ["audio that is no base64", { type: "input_audio_buffer.append", audio: "!!" }, "audio"],
    ["audio that is no Ogg", { type: "input_audio_buffer.append", audio: btoa("RIFF and so on") }, "audio"],
  ];
  test.each(mistakes)("is told of %s, and goes on", async (_, message, param) => {
    await using server = startRealtimeServer({ script: sayWords("Well met.") });
    await using client = await connectUnmute(server.url);
    client.update({ ...plain, instructions: null });
    await client.waitFor("session.updated");
    client.send(message);
    await client.waitFor("error");
    expect(client.ofType("error")[0]?.error.type).toBe("invalid_request_error");
    expect(client.ofType("error")[0]?.error.param).toBe(param);
    client.update(plain);
    await client.waitFor("response.audio.done");
    expect(client.faults).toEqual([]);
  });

  test("or whose character fails is told so, and goes on", async () => {
    let round = 0;
    await using server = startRealtimeServer({
      script: async function* (request) {
        if (round++ === 0) throw new Error("out of order");
        yield* sayWords("Better now.")(request);
      },
    });
    await using client = await connectUnmute(server.url);
    client.update(plain);
    await client.waitFor("error");
    expect(client.ofType("error")[0]?.error.type).toBe("server_error");
    client.say("are you well");
    await client.waitFor("response.audio.done");
    expect(client.words("response.text.delta")).toBe("Better now.");
    expect(client.faults).toEqual([]);
  });

  test("is told the last that it hears as fatal", async () => {
    await using server = startRealtimeServer({ maxSessionMs: 50 });
    await using client = await connectUnmute(server.url);
    client.update({ ...plain, instructions: null });
    await client.closed;
    expect(client.ofType("error").map(({ error }) => [error.type, error.code])).toEqual([
      ["fatal", "session_expired"],
    ]);
    expect(client.faults).toEqual([]);
  });
});

describe("a recording of a client of unmute", () => {
  test("is made when it allows it, without its sound, and of no other", async () => {
    await using folder = await createTempFolder();
    const dir = join(folder.path, "recordings");
    await using server = startRealtimeServer({ recording: { dir }, script: sayWords("Well met.") });
    {
      await using silent = await connectUnmute(server.url);
      silent.update(plain);
      await silent.waitFor("response.audio.done");
    }
    {
      await using client = await connectUnmute(server.url);
      client.update({ ...plain, allow_recording: true });
      await client.waitFor("response.audio.done");
      client.say("hello");
      await client.waitFor("response.audio.done", 2);
    }
    await server[Symbol.asyncDispose]();
    const files = readdirSync(dir);
    expect(files).toHaveLength(1);
    const lines = readFileSync(join(dir, files[0] ?? ""), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { event_sender: string; data: Record<string, unknown> });
    const sounds = lines.filter(({ data }) => data["type"] === "input_audio_buffer.append");
    expect(sounds.length).toBeGreaterThan(5);
    for (const { data } of sounds) expect(Object.keys(data)).toEqual(["type", "audio_bytes"]);
    expect(lines.some(({ data }) => data["type"] === "response.audio.delta")).toBe(true);
  });
});

describe("a client that offers the subprotocol alone", () => {
  test("and settings of OpenAI's is one of OpenAI's", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url, { protocols: ["realtime"] });
    client.send({ type: "session.update", session: { type: "realtime", instructions: "Be brief." } });
    await client.waitFor("session.updated");
    expect(client.events[0]?.type).toBe("session.created");
    expect(client.findFaults()).toEqual([]);
  });

  test("and waits for the server's first word gets OpenAI's", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url, { protocols: ["realtime"] });
    await client.waitFor("session.created");
    expect(client.findFaults()).toEqual([]);
  });

  test("and a model is not kept waiting", async () => {
    const clock = createLeapingClock();
    const waits: number[] = [];
    await using server = startRealtimeServer({
      clock: {
        ...clock,
        schedule(act, delayMs) {
          waits.push(delayMs);
          return clock.schedule(act, delayMs);
        },
      },
    });
    await using client = await connectRealtime(`${server.url}?model=Gertrude`, { protocols: ["realtime"] });
    await client.waitFor("session.created");
    expect(waits).not.toContain(2000);
  });

  test("counts as a session while it says nothing, and is let go of with the server", async () => {
    await using server = startRealtimeServer({ maxSessions: 1 });
    const client = await connectUnmute(server.url);
    expect(server.realtime.activeSessions()).toBe(1);
    await server.realtime.drain(0);
    expect(await client.closed).toEqual({ code: 1001, reason: "shutdown" });
    await eventually("no session", () => server.realtime.activeSessions() === 0);
    expect(client.events).toEqual([]);
  });
});
