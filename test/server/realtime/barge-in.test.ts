// Interruptions: who speaks is listened to, and what was not heard was never said.
import { describe, expect, test } from "bun:test";
import { sayWords, untilAborted } from "../../support/fake-services.ts";
import { connectRealtime, type RealtimeClient } from "../../support/realtime-client.ts";
import { type HeldServer, startHeldServer, startRealtimeServer } from "../../support/realtime-server.ts";

/** Lets the listener hear the `nth` response to its end. */
const playOut = (server: HeldServer, client: RealtimeClient, nth = 1): Promise<void> =>
  server.passUntil("the end of the response", () => client.ofType("response.done").length >= nth);

const story =
  "Once upon a time there lived a queen. She had three sons. The first was proud. The second was vain.";
const interrupting = (interrupt_response: boolean) => ({
  type: "session.update",
  session: {
    type: "realtime",
    audio: { input: { turn_detection: { type: "server_vad", interrupt_response } } },
    troupe: { words: true },
  },
});

describe("a listener who speaks", () => {
  test("stops the character, which remembers the words that had been played and no other", async () => {
    await using server = startHeldServer({ script: sayWords(story), aheadMs: 1200 });
    await using client = await connectRealtime(server.url);
    client.send(interrupting(true));
    client.send({ type: "response.create" });
    // The pacer holds the rest back, so the response is still under way.
    await client.waitFor("troupe.words", 5);
    server.clock.advance(600);
    client.say("wait a moment");
    const done = await client.waitFor("response.done");
    expect(done["response"]).toMatchObject({
      status: "cancelled",
      status_details: { type: "cancelled", reason: "turn_detected" },
    });
    const truncated = await client.waitFor("conversation.item.truncated");
    const heardMs = Number(truncated["audio_end_ms"]);
    expect(heardMs).toBe(600);
    const words = client
      .ofType("troupe.words")
      .flatMap((event) => event["words"] as { text: string; start_ms: number; end_ms: number }[]);
    const heard = words.filter((word) => word.end_ms <= heardMs);
    expect(heard.length).toBeGreaterThan(2);
    expect(heard.length).toBeLessThan(words.length);
    const heardText = heard
      .map(({ text }) => text)
      .join("")
      .trim();

    client.send({ type: "conversation.item.retrieve", item_id: String(truncated["item_id"]) });
    const retrieved = await client.waitFor("conversation.item.retrieved");
    expect(retrieved["item"]).toMatchObject({ content: [{ type: "output_audio", transcript: heardText }] });
    await client.waitFor("response.created", 2);
    expect(server.services.replyRequests[1]?.messages.slice(1)).toEqual([
      { role: "assistant", content: heardText },
      { role: "user", content: "wait a moment" },
    ]);
    expect(client.findFaults({ isCut: true })).toEqual([]);
  });

  test("stops model and synthesizer, and no sound follows", async () => {
    const stopped = Promise.withResolvers<void>();
    await using server = startRealtimeServer({
      script: async function* ({ signal }) {
        yield { type: "text-delta", text: "One moment. I" };
        await untilAborted(signal).finally(() => stopped.resolve());
      },
    });
    await using client = await connectRealtime(server.url);
    client.send({ type: "response.create" });
    await client.waitFor("response.output_audio.delta");
    client.say("stop");
    await client.waitFor("response.done");
    await stopped.promise;
    const types = client.events.map(({ type }) => type);
    expect(types.lastIndexOf("response.output_audio.delta")).toBeLessThan(types.indexOf("response.done"));
    expect(client.findFaults({ isCut: true })).toEqual([]);
  });

  test("also when all has been sent and is still being heard", async () => {
    const words = "One two three four five six seven eight nine ten. ".repeat(3);
    await using server = startHeldServer({ script: sayWords(words) });
    await using client = await connectRealtime(server.url);
    client.send({ type: "response.create" });
    const done = await client.waitFor("response.done");
    expect(done["response"]).toMatchObject({ status: "completed" });
    server.clock.advance(300);
    client.say("stop");
    const truncated = await client.waitFor("conversation.item.truncated");
    expect(truncated["audio_end_ms"]).toBe(300);
    expect(client.findFaults({ isCut: true })).toEqual([]);
  });

  test("with a sound and no words is not taken for one who interrupts", async () => {
    await using server = startHeldServer({ script: sayWords(story), aheadMs: 2000 });
    await using client = await connectRealtime(server.url);
    const interruption = { min_speech_ms: 5000 };
    client.send({ type: "session.update", session: { type: "realtime", troupe: { interruption } } });
    const { session } = await client.waitFor("session.updated");
    expect(session).toMatchObject({ troupe: { interruption: { min_speech_ms: 5000, min_words: 1 } } });
    client.send({ type: "response.create" });
    await client.waitFor("response.output_audio.delta", 3);
    client.say("mm");
    client.send({ type: "conversation.item.retrieve", item_id: "nobody" });
    await client.waitFor("error");
    await playOut(server, client);
    const done = await client.waitFor("response.done");
    expect(done["response"]).toMatchObject({ status: "completed" });
    expect(client.ofType("input_audio_buffer.speech_started")).toEqual([]);
    expect(client.findFaults({ isCut: true })).toEqual([]);
  });

  test("and then says nothing is taken for one who laughed: the character goes on, in a new response", async () => {
    await using server = startHeldServer({ script: sayWords(story), aheadMs: 1200 });
    await using client = await connectRealtime(server.url);
    const interruption = { min_speech_ms: 100 };
    client.send({
      type: "session.update",
      session: { type: "realtime", troupe: { words: true, interruption } },
    });
    client.send({ type: "response.create" });
    await client.waitFor("troupe.words", 5);
    server.clock.advance(600);
    client.say("mm hm mm hm");
    const truncated = await client.waitFor("conversation.item.truncated");
    await client.waitFor("response.created", 2);
    client.send({ type: "conversation.item.retrieve", item_id: String(truncated["item_id"]) });
    const { item } = await client.waitFor("conversation.item.retrieved");
    const [part] = (item as { content: { transcript: string }[] }).content;
    await playOut(server, client, 2);
    const rest = String(client.ofType("response.output_audio_transcript.done")[1]?.["transcript"]);
    expect(`${part?.transcript} ${rest}`).toBe(story);
    // Nobody had to think it up anew.
    expect(server.services.replyRequests).toHaveLength(1);
    expect(client.findFaults({ isCut: true })).toEqual([]);
  });

  test("takes nothing back of what was heard to its end", async () => {
    await using server = startHeldServer({ script: sayWords("One two.") });
    await using client = await connectRealtime(server.url);
    client.send({ type: "response.create" });
    await client.waitFor("response.done");
    server.clock.advance(5000);
    client.say("good");
    await client.waitFor("response.done", 2);
    expect(client.ofType("conversation.item.truncated")).toEqual([]);
    expect(server.services.replyRequests[1]?.messages).toContainEqual({
      role: "assistant",
      content: "One two.",
    });
  });

  test("is answered after the character, where interruptions are switched off", async () => {
    await using server = startHeldServer({ script: sayWords(story), aheadMs: 1000 });
    await using client = await connectRealtime(server.url);
    client.send(interrupting(false));
    client.send({ type: "response.create" });
    await client.waitFor("response.output_audio.delta");
    client.say("hello");
    await client.waitFor("conversation.item.input_audio_transcription.completed");
    expect(client.ofType("response.done")).toEqual([]);
    await playOut(server, client);
    const done = await client.waitFor("response.done");
    expect(done["response"]).toMatchObject({ status: "completed" });
    await client.waitFor("response.created", 2);
    expect(server.services.replyRequests[1]?.messages.slice(1)).toEqual([
      { role: "assistant", content: story },
      { role: "user", content: "hello" },
    ]);
    expect(client.findFaults({ isCut: true })).toEqual([]);
  });
});

describe("a client that truncates", () => {
  async function speakAndTruncate(audioEndMs: number, contentIndex = 0) {
    await using server = startHeldServer({ script: sayWords("One two three four.") });
    await using client = await connectRealtime(server.url);
    client.send({ type: "response.create" });
    const done = await client.waitFor("response.done");
    const [item] = (done["response"] as { output: { id: string }[] }).output;
    const sentMs = client
      .ofType("response.output_audio.delta")
      .reduce((sum, { delta }) => sum + Uint8Array.fromBase64(String(delta)).length / 48, 0);
    client.send({
      type: "conversation.item.truncate",
      item_id: item?.id,
      content_index: contentIndex,
      audio_end_ms: audioEndMs,
      event_id: "mine",
    });
    const answer = await client.waitFor(
      (e) => e.type === "conversation.item.truncated" || e.type === "error",
    );
    client.send({ type: "conversation.item.retrieve", item_id: item?.id });
    const retrieved = await client.waitFor("conversation.item.retrieved");
    const { content } = retrieved["item"] as { content: { transcript: string }[] };
    client.send({ type: "response.create", response: { output_modalities: ["text"] } });
    await client.waitFor("response.done", 2);
    expect(client.findFaults()).toEqual([]);
    const told = server.services.replyRequests[1]?.messages.slice(1);
    return { answer, transcript: content[0]?.transcript, sentMs, told };
  }

  test("leaves the words that were played, in the item and in what the model is told", async () => {
    const { answer, transcript, told } = await speakAndTruncate(480);
    expect(answer["audio_end_ms"]).toBe(480);
    expect(transcript).toBe("One two three");
    expect(told?.[0]).toEqual({ role: "assistant", content: "One two three" });
  });

  test("at nothing leaves nothing", async () => {
    const { transcript, told } = await speakAndTruncate(0);
    expect(transcript).toBe("");
    expect(told).toEqual([{ role: "user", content: "..." }]);
  });

  test("beyond the end is clamped to it, without complaint", async () => {
    const { answer, transcript, sentMs } = await speakAndTruncate(3_600_000);
    expect(answer["audio_end_ms"]).toBe(Math.floor(sentMs));
    expect(transcript).toBe("One two three four.");
  });

  test("a part that is not there is refused, and nothing changes", async () => {
    const { answer, transcript } = await speakAndTruncate(100, 3);
    expect(answer["error"]).toMatchObject({
      code: "invalid_value",
      param: "content_index",
      event_id: "mine",
    });
    expect(transcript).toBe("One two three four.");
  });
});
