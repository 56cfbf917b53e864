// Clients that do not read: what each costs is its own.
import { describe, expect, test } from "bun:test";
import { connectDeaf } from "../../support/deaf-client.ts";
import { eventually } from "../../support/eventually.ts";
import { createFakeCharacter, sayWords } from "../../support/fake-services.ts";
import { connectRealtime } from "../../support/realtime-client.ts";
import { startRealtimeServer } from "../../support/realtime-server.ts";

/** That a client answers no ping before its socket is full is not the subject. */
const pingMs = 3_600_000;

describe("a client that does not read", () => {
  const long = "The quick brown fox jumps over the lazy dog and sleeps. ".repeat(200);
  const character = createFakeCharacter("Gertrude");

  test("slows its own session, and no other: no more is made than it takes", async () => {
    const other = "Pack my box with five dozen jugs of fresh juice. ".repeat(200);
    const spoken = { slow: 0, fast: 0 };
    await using server = startRealtimeServer({
      characters: [character, createFakeCharacter("Hal")],
      script: (request) => sayWords(request.messages[0]?.content === "You are Hal." ? other : long)(request),
      aheadMs: 3_600_000,
      stuckMs: 3_600_000,
      pingMs,
      maxBufferedBytes: 2 ** 20,
    });
    server.speech.gate = async (what) => {
      if (what.startsWith("The quick")) spoken.slow++;
      if (what.startsWith("Pack my")) spoken.fast++;
    };
    const slow = await connectDeaf(server.url);
    slow.send({ type: "response.create" });
    await using fast = await connectRealtime(`${server.url}?model=Hal`);
    fast.send({ type: "response.create" });
    // Both have as much to say: while one is told all of it, the other one's speech stops being made.
    await eventually(
      "all that the fast one has to hear",
      () => fast.ofType("response.done").length > 0,
      150_000,
    );
    expect(spoken.fast).toBe(200);
    expect(spoken.slow).toBeWithin(1, 150);
    expect(server.realtime.activeSessions()).toBe(2);
    expect(fast.findFaults()).toEqual([]);
    slow.resume();
    await eventually("the rest, for the slow one", () => spoken.slow === 200, 150_000);
    slow.close();
  }, 310_000);

  test("for too long is cut off, and frees what it held", async () => {
    const ended = Promise.withResolvers<unknown>();
    await using server = startRealtimeServer({
      characters: [character],
      script: sayWords(long),
      aheadMs: 3_600_000,
      stuckMs: 200,
      pingMs,
    });
    server.services.events.subscribe((event) => {
      if (event.type === "voice-session-end") ended.resolve(event);
    });
    const client = await connectDeaf(server.url);
    client.send({ type: "response.create" });
    expect(await ended.promise).toMatchObject({ reason: "stuck" });
    await eventually("no session", () => server.realtime.activeSessions() === 0);
    client.close();
  }, 60_000);

  test("and fills the socket with what it asks for is cut off at once, never sent a stream with holes", async () => {
    const ended = Promise.withResolvers<{ reason: string; durationMs: number }>();
    await using server = startRealtimeServer({ stuckMs: 3_600_000, pingMs, maxBufferedBytes: 2 ** 20 });
    server.services.events.subscribe((event) => {
      if (event.type === "voice-session-end") ended.resolve(event as never);
    });
    const client = await connectDeaf(server.url);
    const content = [{ type: "input_text", text: "x".repeat(900_000) }];
    client.send({
      type: "conversation.item.create",
      item: { id: "long", type: "message", role: "user", content },
    });
    // 90 MB of answers: more than any kernel takes for a socket.
    for (let i = 0; i < 100; i++) client.send({ type: "conversation.item.retrieve", item_id: "long" });
    expect(await ended.promise).toMatchObject({ reason: "stuck" });
    await eventually("no session", () => server.realtime.activeSessions() === 0);
    client.close();
  }, 60_000);
});
