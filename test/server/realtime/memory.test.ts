// Conversations that are longer than a window, and longer than a session.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { openConversationStore } from "../../../src/session/conversation-store.ts";
import { createServer } from "../../../src/server/create-server.ts";
import { eventually } from "../../support/eventually.ts";
import { sayWords } from "../../support/fake-services.ts";
import { connectRealtime, type RealtimeClient } from "../../support/realtime-client.ts";
import { startRealtimeServer } from "../../support/realtime-server.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

async function createFixture() {
  const held = new AsyncDisposableStack();
  const folder = held.use(await createTempFolder());
  const troubles: unknown[] = [];
  const conversations = held.use(
    openConversationStore(
      { clock: systemClock, onTrouble: (error) => troubles.push(error) },
      { file: join(folder.path, "conversations.sqlite") },
    ),
  );
  const server = held.use(startRealtimeServer({ services: { conversations } }));
  const http = createServer(server.services, {});
  const call = (path: string, method = "GET") => http.request(`/v1/conversations${path}`, { method });
  const connect = async (id: string): Promise<RealtimeClient> =>
    held.use(await connectRealtime(`${server.url}?conversation=${id}`));
  return { server, conversations, troubles, call, connect, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Says something, and reads the whole answer. */
async function talk(client: RealtimeClient, id: string, text: string): Promise<void> {
  const nth = client.ofType("response.done").length + 1;
  const item = { id, type: "message", role: "user", content: [{ type: "input_text", text }] };
  client.send({ type: "conversation.item.create", item });
  client.send({ type: "response.create", response: { output_modalities: ["text"] } });
  await client.waitFor("response.done", nth);
}

test("a long conversation is told in short, by the model that answers", async () => {
  await using server = startRealtimeServer({
    historyTokens: 600,
    script: sayWords("Once more with feeling. ".repeat(20)),
  });
  await using client = await connectRealtime(server.url);
  const isCondensed = () =>
    server.services.replyRequests.some(({ messages }) =>
      messages[1]?.content.startsWith("What was said before"),
    );
  const summaries = () =>
    server.services.replyRequests.filter(({ messages }) =>
      messages[0]?.content.startsWith("You keep the memory"),
    );
  for (let i = 0; i < 12 && !isCondensed(); i++) {
    await talk(client, `q${i}`, `Question ${i}? ${"and so on ".repeat(30)}`);
    // From the third turn on there is a summary to be made, between the turns.
    if (i >= 2) await eventually("a request for a summary", () => summaries().length > 0);
  }
  expect(isCondensed()).toBe(true);
  const told =
    server.services.replyRequests
      .at(-1)
      ?.messages.map(({ content }) => content)
      .join("\n") ?? "";
  expect(told.length).toBeLessThan(600 * 4);
  expect(client.findFaults()).toEqual([]);
});

describe("a conversation with a name", () => {
  test("goes on in the next session: what was said is there, and is told", async () => {
    await using f = await createFixture();
    const first = await f.connect("tale");
    await talk(first, "one", "My name is Ada.");
    expect(first.ofType("response.done")[0]).toMatchObject({ response: { conversation_id: "tale" } });
    first.socket.close();
    await first.closed;

    const second = await f.connect("tale");
    await second.waitFor("conversation.item.done", 2);
    expect(second.ofType("conversation.item.added")[0]).toMatchObject({ item: { id: "one" } });
    await talk(second, "two", "What is my name?");
    const told = f.server.services.replyRequests.at(-1)?.messages.map(({ content }) => content);
    expect(told?.[1]).toBe("My name is Ada.");
    expect(told?.at(-1)).toBe("What is my name?");
    expect(told).toHaveLength(4);
    expect([...first.findFaults(), ...second.findFaults()]).toEqual([]);
    expect(f.troubles).toEqual([]);
  });

  test("goes on where a half-open socket still holds it: the older session ends, saying why", async () => {
    await using f = await createFixture();
    const first = await f.connect("tale");
    await talk(first, "one", "Hello.");
    const second = await f.connect("tale");
    expect(await first.waitFor("error")).toMatchObject({ error: { code: "conversation_replaced" } });
    expect((await first.closed).code).toBe(1008);
    second.send({ type: "conversation.item.retrieve", item_id: "one" });
    await second.waitFor("conversation.item.retrieved");
  });

  test("is another's no business, and none without a name is kept", async () => {
    await using f = await createFixture();
    await talk(await f.connect("mine"), "one", "A secret.");
    const other = await f.connect("yours");
    await talk(other, "x", "Hello");
    await using nameless = await connectRealtime(f.server.url);
    await talk(nameless, "y", "Hello");
    const told = f.server.services.replyRequests.flatMap(({ messages }) => messages);
    expect(told.filter(({ content }) => content === "A secret.")).toHaveLength(1);
    nameless.socket.close();
    await nameless.closed;
    expect(f.conversations.list().map(({ id }) => id)).not.toContain("");
    expect(f.conversations.list().length).toBeLessThanOrEqual(2);
  });

  test("can be listed, exported as JSON and forgotten over HTTP", async () => {
    await using f = await createFixture();
    const client = await f.connect("tale");
    await talk(client, "one", "My name is Ada.");
    client.send({ type: "conversation.item.delete", item_id: "nobody" });
    await client.waitFor("error");
    client.socket.close();
    await client.closed;
    const list = (await (await f.call("")).json()) as { data: unknown[] };
    expect(list.data).toMatchObject([
      { id: "tale", character: "Gertrude", item_count: 2, last_words: expect.any(String) },
    ]);
    const whole = await (await f.call("/tale")).json();
    expect(whole).toMatchObject({
      object: "conversation",
      summary: null,
      items: [
        {
          id: "one",
          type: "message",
          role: "user",
          content: [{ type: "input_text", text: "My name is Ada." }],
        },
        { type: "message", role: "assistant" },
      ],
    });
    expect((await f.call("/tale", "DELETE")).status).toBe(200);
    expect((await f.call("/tale")).status).toBe(404);
  });

  test("cannot be forgotten while it goes on", async () => {
    await using f = await createFixture();
    const client = await f.connect("tale");
    await talk(client, "one", "Hello.");
    const other = await f.connect("other");
    await talk(other, "two", "Hello.");
    client.socket.close();
    await client.closed;
    const refused = await f.call("/other", "DELETE");
    // Written or not yet: what is going on is not to be deleted.
    expect([404, 503]).toContain(refused.status);
  });

  test("is refused at the door where none are kept, and where the name is none", async () => {
    const knock = (url: string) =>
      fetch(url.replace("ws", "http"), {
        headers: {
          upgrade: "websocket",
          connection: "upgrade",
          "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
        },
      });
    await using f = await createFixture();
    expect((await knock(`${f.server.url}?conversation=../x`)).status).toBe(400);
    await using forgetful = startRealtimeServer();
    const refusal = await knock(`${forgetful.url}?conversation=x`);
    expect(refusal.status).toBe(400);
    expect(await refusal.text()).toContain("conversations.file");
  });

  test("needs the key to be read, also on loopback", async () => {
    await using f = await createFixture();
    const access = { apiKeys: ["sk-secret"], allowedOrigins: [] };
    const http = createServer({ ...f.server.services, access }, {});
    const ask = (headers: Record<string, string>) => http.request("/v1/conversations", { headers });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ authorization: "Bearer sk-secret" })).status).toBe(200);
  });
});
