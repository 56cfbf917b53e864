// A character file in a voice session of the whole program: what an edit does to a talk that is under way, and what its
// tools do while it speaks. Real files, real hosts, a language model that follows a script, engines that speak in tones.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { characterText } from "../support/character-files.ts";
import { eventually } from "../support/eventually.ts";
import { createLlmServer, type LlmServer, type LlmStep } from "../support/llm-server.ts";
import { type RealApp, startRealApp } from "../support/real-app.ts";
import { connectRealtime, type RealtimeClient } from "../support/realtime-client.ts";

const textOnly = { response: { output_modalities: ["text"] } };
const say = (client: RealtimeClient, text: string): void =>
  client.send({
    type: "conversation.item.create",
    item: { type: "message", role: "user", content: [{ type: "input_text", text }] },
  });
const connect = ({ url }: RealApp, character: string): Promise<RealtimeClient> =>
  connectRealtime(`${url.replace("http", "ws")}/v1/realtime?model=${character}`);

async function openApp(settings: Record<string, unknown>, files: Record<string, string>): Promise<RealApp> {
  const real = await startRealApp({ engines: "tones", settings });
  for (const [name, text] of Object.entries(files)) await Bun.write(join(real.charactersDir, name), text);
  await eventually("the cast", async () => {
    const body = (await (await fetch(`${real.url}/v1/characters`)).json()) as { characters: unknown[] };
    return body.characters.length === Object.keys(files).length;
  });
  return real;
}

describe("a character that is edited during a talk", () => {
  const edition = (mark: string): string =>
    characterText({
      name: "Ada",
      exports: `export const METADATA = { replies: "scripted", mark: "${mark}" };`,
      members: `reply(messages: { role: string; content: string }[]) {
        const heard = messages.filter(({ role }) => role === "user").map(({ content }) => content);
        return "${mark} heard " + heard.join(" and ") + ".";
      }`,
    });

  async function answer(client: RealtimeClient, text: string): Promise<string> {
    const before = client.ofType("response.done").length;
    const from = client.events.length;
    say(client, text);
    client.send({ type: "response.create", ...textOnly });
    await client.waitFor("response.done", before + 1);
    return client.events
      .slice(from)
      .filter(({ type }) => type === "response.output_text.delta")
      .map(({ delta }) => String(delta))
      .join("");
  }
  async function edit(real: RealApp): Promise<void> {
    await Bun.write(join(real.charactersDir, "ada.ts"), edition("second"));
    await eventually("the edit", async () => {
      const record = (await (await fetch(`${real.url}/v1/characters/Ada`)).json()) as {
        metadata: { mark?: string };
      };
      return record.metadata.mark === "second";
    });
  }

  test("answers by the new version at the next turn, and remembers what was said", async () => {
    await using real = await openApp({}, { "ada.ts": edition("first") });
    await using client = await connect(real, "Ada");
    expect(await answer(client, "one")).toBe("first heard one.");
    await edit(real);
    expect(await answer(client, "two")).toBe("second heard one and two.");
    expect(client.findFaults()).toEqual([]);
  }, 30_000);

  test("answers by the old one until its talk ends, where that is the setting; a new talk has the new one", async () => {
    await using real = await openApp(
      { "session.characters": "next-session" },
      { "ada.ts": edition("first") },
    );
    await using client = await connect(real, "Ada");
    expect(await answer(client, "one")).toBe("first heard one.");
    await edit(real);
    expect(await answer(client, "two")).toBe("first heard one and two.");
    await using other = await connect(real, "Ada");
    expect(await answer(other, "three")).toBe("second heard three.");
    expect(await answer(client, "four")).toBe("first heard one and two and four.");
  }, 30_000);
});

describe("tools of a character, while it speaks", () => {
  let llm: LlmServer;
  let real: RealApp;
  const tools = `export const TOOLS = [
    { name: "dice", description: "Rolls one die", parameters: { type: "object", properties: { sides: { type: "integer", minimum: 2 } }, required: ["sides"], additionalProperties: false },
      async execute({ sides }: { sides: number }) {
        const { writeFileSync, existsSync } = require("node:fs");
        writeFileSync(import.meta.dir + "/_started-" + sides, "");
        while (!existsSync(import.meta.dir + "/_go")) await Bun.sleep(5);
        return { shown: sides };
      } },
    { name: "circle", description: "Gives what is no JSON", parameters: { type: "object" },
      execute() { const self: Record<string, unknown> = {}; self.self = self; return self; } },
  ];`;
  beforeAll(async () => {
    llm = await createLlmServer();
    llm.models = [{ id: "any" }];
    real = await openApp(
      {
        "reply.source": "openai-compatible",
        "reply.base_url": llm.baseUrl,
        "characters.tool_timeout_ms": 20_000,
      },
      { "dealer.ts": characterText({ name: "Dealer", exports: tools }) },
    );
    await eventually("the language model", () => real.app.replies.status().isUp);
  }, 30_000);
  afterAll(async () => {
    await real[Symbol.asyncDispose]();
    await llm[Symbol.asyncDispose]();
  });

  const call = (id: string, name: string, args: object): LlmStep => ({
    call: { id, name, arguments: JSON.stringify(args) },
  });

  test("run beside each other and in several rounds, are checked, and do not hold up what is said", async () => {
    llm.answer(
      {
        steps: [
          { text: "Let me roll. " },
          call("c1", "dice", { sides: 6 }),
          call("c2", "dice", { sides: 20 }),
        ],
      },
      { steps: [call("c3", "dice", { sides: "many" }), call("c4", "circle", {})] },
      { steps: [{ text: "Six and twenty." }] },
    );
    await using client = await connect(real, "Dealer");
    client.send({ type: "session.update", session: { type: "realtime", troupe: { tools: true } } });
    say(client, "Roll");
    client.send({ type: "response.create" });
    // Both are at work, neither has ended, and what was said before them is heard.
    const started = (sides: number): boolean => existsSync(join(real.charactersDir, `_started-${sides}`));
    await eventually("both rolls", () => started(6) && started(20));
    await client.waitFor("response.output_audio.delta");
    await eventually("the first words", () => client.heardWords() === "let me roll");
    expect(client.ofType("troupe.tool.done")).toEqual([]);
    writeFileSync(join(real.charactersDir, "_go"), "");

    await client.waitFor("response.done");
    expect(client.heardWords()).toBe("let me roll six and twenty");
    // This is what the page shows of them.
    expect(client.ofType("troupe.tool.done")).toMatchObject([
      { name: "dice", outcome: "ok", output: `{"shown":6}` },
      { name: "dice", outcome: "ok", output: `{"shown":20}` },
      { name: "dice", outcome: "error", output: expect.stringContaining("sides") },
      { name: "circle", outcome: "error" },
    ]);
    const results = (index: number): string[] =>
      ((llm.requests[index]?.body.messages ?? []) as { role: string; content: string }[])
        .filter(({ role }) => role === "tool")
        .map(({ content }) => content);
    expect(llm.requests.length).toBe(3);
    expect(results(1)).toEqual([`{"shown":6}`, `{"shown":20}`]);
    expect(results(2)).toHaveLength(4);
    expect(results(2)[2]).toContain("sides");
    expect(results(2)[3]).toContain("circle");
    expect(client.findFaults()).toEqual([]);
    const metrics = await (await fetch(`${real.url}/metrics`)).text();
    expect(metrics).toContain(`character_tool_calls_total{tool="dice",outcome="ok"} 2`);
    expect(metrics).toContain(`character_tool_calls_total{tool="circle",outcome="error"} 1`);
  }, 60_000);
});
