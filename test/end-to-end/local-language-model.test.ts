// The whole program with a language model that runs in it: installed as `troupe models` does it, named by its id, speaking
// through a character. The model is written here (test/support/tiny-language.ts).
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { characterText } from "../support/character-files.ts";
import { eventually } from "../support/eventually.ts";
import { type RealApp, startRealApp } from "../support/real-app.ts";
import { createTempFolder, type TempFolder } from "../support/temp-folder.ts";
import { writeTextGenerationModel } from "../support/text-generation-model.ts";

const tools = `export const TOOLS = [{
  name: "weather",
  description: "Tells the weather.",
  parameters: { type: "object", properties: { city: { type: "string" } } },
  execute: () => "sunny",
}];`;
const cast = {
  "ada.ts": characterText({ name: "Ada", prompt: `return "You are Ada.";` }),
  "bob.ts": characterText({ name: "Bob", prompt: `return "You are Bob. Speak of rain.";`, exports: tools }),
};

let root: TempFolder;
let real: RealApp;

beforeAll(async () => {
  root = await createTempFolder();
  real = await startRealApp({
    engines: "tones",
    settings: {
      "storage.models_root": root.path,
      "speech.threads": 1,
      "reply.source": "local",
      "reply.model": "acme/tiny",
      "reply.temperature": 0,
    },
  });
  for (const [name, text] of Object.entries(cast)) await Bun.write(join(real.charactersDir, name), text);
  await eventually("the cast", async () => {
    const { characters } = (await get("/v1/characters")) as { characters: unknown[] };
    return characters.length === 2;
  });
}, 60_000);
afterAll(async () => {
  await real?.[Symbol.asyncDispose]();
  await root?.[Symbol.asyncDispose]();
});

async function get(path: string): Promise<Record<string, unknown>> {
  return (await (await fetch(`${real.url}${path}`)).json()) as Record<string, unknown>;
}
const chat = (character: string, content: string, more: object = {}): Promise<Response> =>
  fetch(`${real.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: character, messages: [{ role: "user", content }], ...more }),
  });
const localProvider = async (): Promise<unknown> => {
  const { providers } = (await get("/v1/providers")) as { providers: { kind: string; name: string }[] };
  return providers.find(({ kind, name }) => kind === "llm" && name === "local");
};

describe("a language model in the program", () => {
  test("that is not installed yet is told everywhere, with the command that brings it", async () => {
    expect(await get("/v1/health")).toMatchObject({ llm_up: false });
    await eventually("the first look", () => real.app.replies.status().isFailed);
    expect(await localProvider()).toMatchObject({
      state: "not-installed",
      reason: expect.stringContaining("troupe models download --model acme/tiny"),
    });
    const response = await chat("Ada", "Who is there?");
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("troupe models download --model acme/tiny");
  });

  test("speaks with the very next reply once it is", async () => {
    await writeTextGenerationModel(join(root.path, "transformers/acme/tiny"));
    const answer = (await (await chat("Ada", "Who is there?")).json()) as Record<string, unknown>;
    expect(answer).toMatchObject({
      choices: [{ message: { content: "Ada is here." }, finish_reason: "stop" }],
      usage: { completion_tokens: 4 },
    });
    expect(await get("/v1/health")).toMatchObject({ llm_up: true });
    expect(await localProvider()).toMatchObject({ state: "ready" });
  });

  test("streams its words", async () => {
    const response = await chat("Ada", "Who is there?", { stream: true });
    const deltas = [...(await response.text()).matchAll(/"delta":\{"content":"([^"]*)"\}/g)].map(
      ([, text]) => text,
    );
    expect(deltas.join("")).toBe("Ada is here.");
    expect(deltas.length).toBeGreaterThan(1);
  });

  test("calls the character's tools, and says what they gave", async () => {
    const answer = (await (await chat("Bob", "Well?")).json()) as Record<string, unknown>;
    expect(answer).toMatchObject({ choices: [{ message: { content: "sunny is here." } }] });
  });

  test("a client that leaves stops it, and the next is served", async () => {
    const leaving = new AbortController();
    const response = await fetch(`${real.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "Ada",
        messages: [{ role: "user", content: "sing" }],
        stream: true,
        max_tokens: 4000,
      }),
      signal: leaving.signal,
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    const end = Promise.withResolvers<string>();
    using _ = real.app.events.subscribe((event) => {
      if (event.type === "engine-job-end") end.resolve((event as unknown as { outcome: string }).outcome);
    });
    leaving.abort();
    await reader.read().catch(() => undefined);
    expect(await end.promise).toBe("cancelled");
    const answer = (await (await chat("Ada", "Who is there?")).json()) as Record<string, unknown>;
    expect(answer).toMatchObject({ choices: [{ message: { content: "Ada is here." } }] });
  });
});
