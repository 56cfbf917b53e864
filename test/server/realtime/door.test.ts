// Who comes in, how many, and how long.
import { describe, expect, test } from "bun:test";
import { settingDefinitions } from "../../../src/config/settings-schema.ts";
import { connectDeaf } from "../../support/deaf-client.ts";
import { eventually } from "../../support/eventually.ts";
import { sayWords, untilAborted } from "../../support/fake-services.ts";
import { connectRealtime } from "../../support/realtime-client.ts";
import { startHeldServer, startRealtimeServer } from "../../support/realtime-server.ts";

const handshake = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};
/** The answer to a handshake, as HTTP. */
const knock = (url: string, headers: Record<string, string> = handshake): Promise<Response> =>
  fetch(url.replace("ws:", "http:"), { headers });

describe("the usual limits", () => {
  test("are those that docs/realtime.md tells of", async () => {
    const page = await Bun.file(new URL("../../../docs/realtime.md", import.meta.url)).text();
    const saysOf = (start: string): string =>
      page.split("\n").find((line) => line.startsWith(`| ${start}`)) ?? "";
    await using server = startRealtimeServer();
    expect(server.realtime.websocket.maxPayloadLength).toBe(16 * 2 ** 20);
    expect(saysOf("a message")).toContain("session.max_message_mb");
    expect(settingDefinitions["session.max_message_mb"].default).toBe(16);
    await using client = await connectRealtime(server.url);
    const { session } = await client.waitFor("session.created");
    const lifeSeconds = (session as { expires_at: number }).expires_at - Date.now() / 1000;
    expect(lifeSeconds).toBeWithin(3600 - 60, 3600 + 5);
    expect(settingDefinitions["session.max_minutes"].default).toBe(60);
    expect(settingDefinitions["session.idle_minutes"].default).toBe(5);
    expect(settingDefinitions["session.max_tokens"].default).toBe(null);
  });
});

describe("the door", () => {
  test("names the character, or whoever is first", async () => {
    await using server = startRealtimeServer();
    for (const [query, name] of [
      ["", "Gertrude"],
      ["?model=Quiz%20Host", "Quiz Host"],
      ["?model=gpt-realtime", "Gertrude"],
    ]) {
      await using client = await connectRealtime(`${server.url}${query}`);
      const created = await client.waitFor("session.created");
      expect(created["session"]).toMatchObject({ model: name });
    }
  });

  test("is shut to characters that are not there, before the upgrade", async () => {
    await using server = startRealtimeServer();
    const response = await knock(`${server.url}?model=Nobody`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: {
        message: expect.stringContaining('no character "Nobody"'),
        type: "invalid_request_error",
        param: "model",
        code: "model_not_found",
      },
    });
    server.services.stage.setCast([]);
    expect((await knock(server.url)).status).toBe(404);
  });

  test("is no page", async () => {
    await using server = startRealtimeServer();
    const response = await fetch(server.url.replace("ws:", "http:"));
    expect(response.status).toBe(426);
  });

  test("opens to a key in the header or in a subprotocol, and to no other", async () => {
    const access = { apiKeys: ["key-one", "key-two"], allowedOrigins: [] };
    await using server = startRealtimeServer({ services: { access } });
    expect((await knock(server.url)).status).toBe(401);
    const wrong = await knock(server.url, { ...handshake, authorization: "Bearer key-three" });
    expect(wrong.status).toBe(401);
    expect(await wrong.json()).toMatchObject({ error: { code: "invalid_api_key" } });
    const protocols = ["realtime", "openai-insecure-api-key.key-three"];
    const offered = { "sec-websocket-protocol": protocols.join(", ") };
    expect((await knock(server.url, { ...handshake, ...offered })).status).toBe(401);
    await using byHeader = await connectRealtime(server.url, {
      headers: { authorization: "Bearer key-one" },
    });
    await byHeader.waitFor("session.created");
    await using bySubprotocol = await connectRealtime(server.url, {
      protocols: ["realtime", "openai-insecure-api-key.key-two"],
    });
    await bySubprotocol.waitFor("session.created");
    expect(bySubprotocol.socket.protocol).toBe("realtime");
  });

  test("is shut to pages of foreign origins", async () => {
    const access = { apiKeys: [], allowedOrigins: ["https://friend.example"] };
    await using server = startRealtimeServer({ services: { access } });
    const foreign = await knock(server.url, { ...handshake, origin: "https://stranger.example" });
    expect(foreign.status).toBe(403);
    for (const origin of [
      "https://friend.example",
      server.url.replace("ws:", "http:").replace(/\/v1.*/, ""),
    ]) {
      await using client = await connectRealtime(server.url, { headers: { origin } });
      await client.waitFor("session.created");
    }
  });

  test("lets no more in than there is room for, and says when to come again", async () => {
    await using server = startRealtimeServer({ maxSessions: 1 });
    const first = await connectRealtime(server.url);
    await first.waitFor("session.created");
    const refused = await knock(server.url);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    await first[Symbol.asyncDispose]();
    await eventually("no session", () => server.realtime.activeSessions() === 0);
    await using second = await connectRealtime(server.url);
    await second.waitFor("session.created");
  });
});

describe("a session ends", () => {
  test("when its client goes, with everything that was under way", async () => {
    const stopped = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<unknown>();
    await using server = startRealtimeServer({
      script: async function* ({ signal }) {
        yield { type: "text-delta", text: "One moment. I" };
        await untilAborted(signal).finally(() => stopped.resolve());
      },
    });
    server.services.events.subscribe((event) => {
      if (event.type === "voice-session-end") ended.resolve(event);
    });
    const client = await connectRealtime(server.url);
    client.send({ type: "response.create" });
    await client.waitFor("response.output_audio.delta");
    (client.socket as WebSocket & { terminate(): void }).terminate();
    await stopped.promise;
    expect(await ended.promise).toMatchObject({ reason: "client" });
    expect(server.realtime.activeSessions()).toBe(0);
  });

  test("at its greatest age, saying so", async () => {
    await using server = startRealtimeServer({ maxSessionMs: 100 });
    await using client = await connectRealtime(server.url);
    const { error } = await client.waitFor("error");
    expect(error).toMatchObject({ type: "server_error", code: "session_expired" });
    expect((await client.closed).code).toBe(1000);
  });

  test("when it has used its tokens, after the response that did", async () => {
    await using server = startRealtimeServer({
      maxSessionTokens: 25,
      script: async function* () {
        yield { type: "text-delta", text: "Well met." };
        yield { type: "finish", reason: "stop", usage: { inputTokens: 8, outputTokens: 5 } };
      },
    });
    await using client = await connectRealtime(server.url);
    client.send({ type: "response.create" });
    await client.waitFor("response.done");
    expect(client.ofType("error")).toEqual([]);
    client.send({ type: "response.create" });
    const { error } = await client.waitFor("error");
    expect(error).toMatchObject({ type: "server_error", code: "session_token_limit" });
    expect(client.ofType("response.done").map(({ response }) => response)).toMatchObject([
      { status: "completed" },
      { status: "completed" },
    ]);
    expect((await client.closed).code).toBe(1000);
    expect(client.findFaults()).toEqual([]);
  });

  test("when nothing is heard of its client, and not while something is", async () => {
    await using server = startHeldServer({ idleMs: 150 });
    await using client = await connectRealtime(server.url);
    await client.waitFor("session.created");
    for (let i = 1; i <= 5; i++) {
      server.clock.advance(149);
      client.send({ type: "input_audio_buffer.clear" });
      await client.waitFor("input_audio_buffer.cleared", i);
    }
    server.clock.advance(149);
    expect(server.realtime.activeSessions()).toBe(1);
    server.clock.advance(1);
    const { error } = await client.waitFor("error");
    expect(error).toMatchObject({ code: "session_expired" });
    await client.closed;
  });

  test("with the server, after the response that was running, and no new one begins", async () => {
    await using server = startRealtimeServer({ script: sayWords("One two three four five."), aheadMs: 100 });
    await using client = await connectRealtime(server.url);
    client.send({ type: "response.create" });
    await client.waitFor("response.output_audio.delta");
    const drained = server.realtime.drain(30_000);
    expect((await knock(server.url)).status).toBe(503);
    await drained;
    expect(await client.closed).toMatchObject({ code: 1001 });
    const done = await client.waitFor("response.done");
    expect(done["response"]).toMatchObject({ status: "completed" });
    expect(client.heardWords()).toBe("one two three four five");
    expect(client.findFaults()).toEqual([]);
  });

  test("with the server at its deadline, and its response with a reason", async () => {
    await using server = startRealtimeServer({
      script: async function* ({ signal }) {
        yield { type: "text-delta", text: "One moment. I" };
        await untilAborted(signal);
      },
    });
    await using client = await connectRealtime(server.url);
    client.send({ type: "response.create" });
    await client.waitFor("response.output_audio.delta");
    await server.realtime.drain(50);
    expect(await client.closed).toMatchObject({ code: 1001 });
    const [done] = client.ofType("response.done");
    expect(done?.["response"]).toMatchObject({
      status: "failed",
      status_details: { error: { code: "server_shutdown" } },
    });
    expect(client.ofType("error")).toEqual([]);
    expect(client.findFaults()).toEqual([]);
  });
});

describe("a client that has vanished without a word", () => {
  test("is noticed by its silence to pings, and one that answers them is not", async () => {
    const ended = Promise.withResolvers<unknown>();
    await using server = startRealtimeServer({ pingMs: 30 });
    server.services.events.subscribe((event) => {
      if (event.type === "voice-session-end") ended.resolve(event);
    });
    await using witness = await connectRealtime(server.url);
    const gone = await connectDeaf(server.url);
    expect(server.realtime.activeSessions()).toBe(2);
    const event = await ended.promise;
    expect(event).toMatchObject({ reason: "client" });
    expect((event as { durationMs: number }).durationMs).toBeWithin(90, 20_000);
    await eventually("one session less", () => server.realtime.activeSessions() === 1);
    witness.send({ type: "input_audio_buffer.clear" });
    await witness.waitFor("input_audio_buffer.cleared");
    gone.close();
  });
});
