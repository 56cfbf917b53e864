// Secrets of short life: made with an API key, used by a page that has none.
import { describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { createClientSecrets } from "../../../src/server/realtime/client-secrets.ts";
import { createRealtime } from "../../../src/server/realtime/create-realtime.ts";
import { synthesizeStream } from "../../../src/session/sentence-stream.ts";
import {
  createFakeCharacter,
  createFakeServices,
  createFakeStage,
  type FakeServices,
  sayWords,
} from "../../support/fake-services.ts";
import { postJson, startTestServer } from "../../support/http-server.ts";
import { createLeapingClock } from "../../support/leaping-clock.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { connectRealtime } from "../../support/realtime-client.ts";
import { createToneSpeech } from "../../support/tone-speech.ts";

function startServer(apiKeys: string[] = ["secret"]) {
  const clock = createLeapingClock();
  const services = createFakeServices({
    stage: createFakeStage([createFakeCharacter("Gertrude"), createFakeCharacter("Quiz Host")]),
    speech: createToneSpeech() as unknown as FakeServices["speech"],
    access: { apiKeys, allowedOrigins: [] },
  });
  services.script = sayWords("Well met.");
  const realtime = createRealtime(services, {}, { speakText: synthesizeStream, clock });
  const server = startTestServer(services, { realtime });
  const socketUrl = `${server.url.replace("http", "ws")}/v1/realtime`;
  return { clock, services, server, realtime, socketUrl };
}

const authorization = (key: string) => ({ authorization: `Bearer ${key}` });

describe("a client secret", () => {
  test("of the openai package's making opens a session with the settings that it was made with", async () => {
    const { server, services, socketUrl, realtime } = startServer();
    await using _server = server;
    await using _realtime = realtime;
    const client = new OpenAI({ apiKey: "secret", baseURL: `${server.url}/v1` });
    const before = Date.now() / 1000;
    const made = await client.realtime.clientSecrets.create({
      expires_after: { anchor: "created_at", seconds: 60 },
      session: {
        type: "realtime",
        model: "Quiz Host",
        instructions: "Ask about rivers.",
        audio: { input: { turn_detection: null }, output: { voice: "tone-low" } },
      },
    });
    const after = Date.now() / 1000;
    expect(made.value).toMatch(/^ek_[0-9a-f]{48}$/);
    expect(made.expires_at).toBeWithin(before + 58, after + 61);
    expect(made.session).toMatchObject({
      type: "realtime",
      object: "realtime.session",
      model: "Quiz Host",
      instructions: "Ask about rivers.",
    });

    const protocols = ["realtime", `openai-insecure-api-key.${made.value}`];
    await using page = await connectRealtime(`${socketUrl}?model=gpt-realtime`, { protocols });
    const created = await page.waitFor("session.created");
    expect(created["session"]).toMatchObject({
      model: "Quiz Host",
      instructions: "Ask about rivers.",
      audio: { input: { turn_detection: null }, output: { voice: "tone-low" } },
    });
    page.send({ type: "response.create" });
    await page.waitFor("response.done");
    expect(services.replyRequests[0]?.messages[0]?.content).toBe("Ask about rivers.");
    expect(page.findFaults()).toEqual([]);

    // Again, and as a header.
    await using again = await connectRealtime(socketUrl, { headers: authorization(made.value) });
    await again.waitFor("session.created");
  });

  test("is made with an API key only, and is none itself", async () => {
    const { server, realtime, socketUrl } = startServer();
    await using _server = server;
    await using _realtime = realtime;
    const url = `${server.url}/v1/realtime/client_secrets`;
    expect((await postJson(url, {})).status).toBe(401);
    const made = await postJson(url, {}, { headers: authorization("secret") });
    expect(made.status).toBe(200);
    const { value } = (await made.json()) as { value: string };
    expect((await postJson(url, {}, { headers: authorization(value) })).status).toBe(401);
    await using page = await connectRealtime(socketUrl, { headers: authorization(value) });
    await page.waitFor("session.created");
  });

  test("expires, and is worth nothing then, also where no key is needed", async () => {
    const { clock, server, realtime, socketUrl } = startServer([]);
    await using _server = server;
    await using _realtime = realtime;
    const { value } = await realtime.issueSecret({ expires_after: { seconds: 10 } });
    const knock = async (): Promise<Response> => {
      const handshake = {
        upgrade: "websocket",
        connection: "Upgrade",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      };
      return fetch(socketUrl.replace("ws", "http"), { headers: { ...handshake, ...authorization(value) } });
    };
    await using _page = await connectRealtime(socketUrl, { headers: authorization(value) });
    clock.leap(11_000);
    const refused = await knock();
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ error: { code: "invalid_api_key" } });
  });

  test("is refused with the field at fault", async () => {
    const { server, realtime } = startServer();
    await using _server = server;
    await using _realtime = realtime;
    const ask = async (body: unknown) => {
      const url = `${server.url}/v1/realtime/client_secrets`;
      const response = await postJson(url, body, { headers: authorization("secret") });
      const { error } = (await response.json()) as { error: { param: string } };
      return [response.status, error.param];
    };
    expect(await ask({ expires_after: { seconds: 5 } })).toEqual([400, "expires_after.seconds"]);
    expect(await ask({ session: { audio: { output: { speed: 9 } } } })).toEqual([
      400,
      "session.audio.output.speed",
    ]);
    expect(await ask({ session: { model: "Nobody" } })).toEqual([404, "session.model"]);
    expect(await ask({ session: { audio: { output: { voice: "nobody" } } } })).toEqual([
      400,
      "session.audio.output.voice",
    ]);
  });
});

describe("the store of client secrets", () => {
  const none = { patch: {}, characterName: undefined };

  test("keeps no more than it has room for, and room comes back", () => {
    const clock = createManualClock();
    const secrets = createClientSecrets({ clock });
    const instructions = "x".repeat(1_000_000);
    const { value } = secrets.issue(none, 60);
    expect(secrets.find(value)).toEqual(none);
    const fill = (): void => {
      for (let i = 0; i < 100; i++) secrets.issue({ ...none, patch: { instructions } }, 30);
    };
    expect(fill).toThrow(expect.objectContaining({ code: "E_BUSY" }));
    expect(() => secrets.issue({ ...none, patch: { instructions } }, 30)).toThrow();
    clock.advance(30_000);
    secrets.issue({ ...none, patch: { instructions } }, 30);
    expect(secrets.find(value)).toEqual(none);
    clock.advance(30_000);
    expect(secrets.find(value)).toBeUndefined();
    expect(secrets.find("ek_never")).toBeUndefined();
  });
});
