// Events of our own, for clients that ask for them; the stock ones never see any.
import { describe, expect, test } from "bun:test";
import { createFakeCharacter, sayWords } from "../../support/fake-services.ts";
import { connectRealtime } from "../../support/realtime-client.ts";
import { startRealtimeServer } from "../../support/realtime-server.ts";

const ask = (troupe: Record<string, boolean>) => ({
  type: "session.update",
  session: { type: "realtime", troupe },
});

describe("extensions", () => {
  test("are silent unless they are asked for", async () => {
    const character = createFakeCharacter("Gertrude", {
      tools: [{ name: "dice", description: "Rolls", parameters: { type: "object" }, timeoutMs: 500 }],
    });
    await using server = startRealtimeServer({
      characters: [character],
      script: async function* () {
        yield { type: "tool-call", callId: "a", name: "dice", arguments: "{}" };
        yield { type: "tool-result", callId: "a", name: "dice", outcome: "ok", content: "6", durationMs: 1 };
        yield { type: "text-delta", text: "A six." };
        yield { type: "finish", reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
      },
    });
    await using client = await connectRealtime(server.url);
    client.say("roll the dice");
    await client.waitFor("response.done");
    server.services.stage.setCast([createFakeCharacter("Gertrude", { generation: 2 })]);
    client.send({ type: "response.create" });
    await client.waitFor("response.done", 2);
    expect(client.events.filter(({ type }) => type.startsWith("troupe"))).toEqual([]);
  });

  test("tell when each word sounds, along with its sound", async () => {
    await using server = startRealtimeServer({
      script: sayWords("Come in, dear guest. Sit down by the fire."),
    });
    await using client = await connectRealtime(server.url);
    client.send(ask({ words: true }));
    const updated = await client.waitFor("session.updated");
    expect(updated["session"]).toMatchObject({
      troupe: { words: true, tools: false, character_changes: false, partials: false },
    });
    client.send({ type: "response.create" });
    await client.waitFor("response.done");
    const events = client.ofType("troupe.words");
    const words = events.flatMap(
      (event) => event["words"] as { text: string; start_ms: number; end_ms: number }[],
    );
    expect(words.map(({ text }) => text).join("")).toBe("Come in, dear guest. Sit down by the fire.");
    expect(words.map(({ text }) => text.trim())).toEqual([
      "Come",
      "in,",
      "dear",
      "guest.",
      "Sit",
      "down",
      "by",
      "the",
      "fire.",
    ]);
    const sentMs = client
      .ofType("response.output_audio.delta")
      .reduce((sum, { delta }) => sum + Uint8Array.fromBase64(String(delta)).length / 48, 0);
    let previousMs = 0;
    for (const { start_ms, end_ms } of words) {
      expect(start_ms).toBeGreaterThanOrEqual(previousMs - 1);
      expect(end_ms).toBeGreaterThan(start_ms);
      previousMs = end_ms;
    }
    expect(previousMs).toBeLessThanOrEqual(sentMs + 1);
    const [item] = client.ofType("response.output_item.added");
    expect(item?.["item"]).toMatchObject({ id: events[0]?.["item_id"] });
    // A word is told before the sound in which it begins.
    const types = client.events.map(({ type }) => type);
    expect(types.indexOf("troupe.words")).toBeLessThan(types.indexOf("response.output_audio.delta"));
    expect(client.findFaults()).toEqual([]);
  });

  test("tell of tools that run on the server", async () => {
    await using server = startRealtimeServer({
      script: async function* () {
        yield { type: "tool-call", callId: "a", name: "dice", arguments: '{"sides":6}' };
        yield {
          type: "tool-result",
          callId: "a",
          name: "dice",
          outcome: "timeout",
          content: "{}",
          durationMs: 2000,
        };
        yield { type: "text-delta", text: "It rolled away." };
        yield { type: "finish", reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
      },
    });
    await using client = await connectRealtime(server.url);
    client.send(ask({ tools: true }));
    client.send({ type: "response.create" });
    const done = await client.waitFor("troupe.tool.done");
    expect(client.ofType("troupe.tool.started")[0]).toMatchObject({
      name: "dice",
      arguments: '{"sides":6}',
      call_id: "a",
    });
    expect(done).toMatchObject({
      name: "dice",
      call_id: "a",
      outcome: "timeout",
      output: "{}",
      duration_ms: 2000,
    });
    await client.waitFor("response.done");
    expect(client.findFaults()).toEqual([]);
  });

  test("tell at once of an edited character, where no turn is under way", async () => {
    await using server = startRealtimeServer({ characters: [createFakeCharacter("Gertrude")] });
    await using client = await connectRealtime(server.url);
    client.send(ask({ character_changes: true }));
    await client.waitFor("session.updated");
    server.services.stage.setCast([createFakeCharacter("Gertrude", { generation: 2, status: "stale" })]);
    const changed = await client.waitFor("troupe.character.updated");
    expect(changed).toMatchObject({
      name: "Gertrude",
      generation: 2,
      status: "stale",
      session: { model: "Gertrude" },
    });
  });

  test("tell what the recogniser guesses while the user talks, and never take back what is stable", async () => {
    await using server = startRealtimeServer();
    await using client = await connectRealtime(server.url);
    client.send(ask({ partials: true }));
    client.say("one two three four five six seven eight nine ten", { silenceMs: 0 });
    await client.waitFor("troupe.transcript.partial");
    client.append(new Float32Array(16_000));
    const done = await client.waitFor("conversation.item.input_audio_transcription.completed");
    for (const { stable_text, text, item_id } of client.ofType("troupe.transcript.partial")) {
      expect(item_id).toBe(done["item_id"]);
      expect(String(text)).toStartWith(String(stable_text));
      expect(String(done["transcript"])).toStartWith(String(stable_text));
    }
    await client.waitFor("response.done");
    expect(client.findFaults()).toEqual([]);
  });
});
