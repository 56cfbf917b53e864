// Characters that speak unasked: to open a conversation, and into a silence. The shipped cast, each in its own words.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { systemClock } from "../../../src/base/clock.ts";
import { createCharacterStage, type LiveCharacterStage } from "../../../src/characters/character-stage.ts";
import { sayWords } from "../../support/fake-services.ts";
import { connectRealtime, type RealtimeClient } from "../../support/realtime-client.ts";
import { startRealtimeServer } from "../../support/realtime-server.ts";

const update = (session: object) => ({
  type: "session.update",
  session: { type: "realtime", output_modalities: ["text"], ...session },
});
const greeting = { troupe: { greeting: true } };
const silence = { audio: { input: { turn_detection: { type: "server_vad", idle_timeout_ms: 100 } } } };

const textsOf = (client: RealtimeClient): string[] =>
  client.ofType("response.output_text.done").map(({ text }) => String(text).trim());

describe("the shipped cast", () => {
  let stage: LiveCharacterStage;
  beforeAll(async () => {
    const folder = new URL("../../../story_characters", import.meta.url).pathname;
    stage = await createCharacterStage(
      { emit: () => undefined, clock: systemClock },
      { folder, watch: false },
    );
    await stage.settled();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test("opens conversations, and speaks again into the silence, without a model", async () => {
    const { characters } = stage.book;
    expect(characters.length).toBeGreaterThanOrEqual(8);
    await using server = startRealtimeServer({ characters, script: undefined });
    const talk = async (name: string): Promise<string[]> => {
      await using client = await connectRealtime(`${server.url}?model=${encodeURIComponent(name)}`);
      client.send(update(greeting));
      await client.waitFor("response.done");
      client.send(update(silence));
      client.send({ type: "response.create", response: { input: [] } });
      await client.waitFor("input_audio_buffer.timeout_triggered");
      await client.waitFor("response.done", 3);
      // Into a silence that lasts it speaks again and again; what came first counts.
      const statuses = client
        .ofType("response.done")
        .slice(0, 3)
        .map(({ response }) => (response as { status: string }).status);
      expect(statuses).toEqual(["completed", "completed", "completed"]);
      expect(client.findFaults({ isCut: true })).toEqual([]);
      return textsOf(client).slice(0, 3);
    };
    const said = await Promise.all(characters.map(({ name }) => talk(name)));
    expect(said.map((texts) => texts.filter((text) => text.length > 1).length)).toEqual(said.map(() => 3));
  }, 60_000);
});

describe("a greeting", () => {
  test("is an answer to three dots, comes once, and not into a conversation", async () => {
    await using server = startRealtimeServer({ script: sayWords("Come in.") });
    await using client = await connectRealtime(server.url);
    client.send(update(greeting));
    await client.waitFor("response.done");
    client.send(update(greeting));
    const { session } = await client.waitFor("session.updated", 2);
    expect(session).toMatchObject({ troupe: { greeting: true } });
    expect(server.services.replyRequests.map(({ messages }) => messages.at(-1))).toEqual([
      { role: "user", content: "..." },
    ]);
    expect(client.joined("response.output_text.delta")).toBe("Come in.");

    await using other = await connectRealtime(server.url);
    const content = [{ type: "input_text", text: "Hello" }];
    other.send({ type: "conversation.item.create", item: { type: "message", role: "user", content } });
    other.send(update(greeting));
    await other.waitFor("session.updated");
    other.send({ type: "response.create" });
    await other.waitFor("response.done");
    expect(server.services.replyRequests).toHaveLength(2);
    expect(client.findFaults()).toEqual([]);
  });

  test("may be asked for by the secret that a page comes with", async () => {
    await using server = startRealtimeServer({ script: sayWords("Come in.") });
    const { value } = await server.realtime.issueSecret({
      session: { ...greeting, output_modalities: ["text"] },
    });
    await using client = await connectRealtime(server.url, {
      protocols: [`openai-insecure-api-key.${value}`],
    });
    await client.waitFor("response.done");
    expect(client.events.map(({ type }) => type).slice(0, 2)).toEqual([
      "session.created",
      "response.created",
    ]);
    expect(client.joined("response.output_text.delta")).toBe("Come in.");
  });
});
