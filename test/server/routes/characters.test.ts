import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/base/errors.ts";
import type { CallLimits } from "../../../src/characters/port.ts";
import { createServer } from "../../../src/server/create-server.ts";
import { createFakeCharacter, createFakeServices, createFakeStage } from "../../support/fake-services.ts";

const problem = {
  file: "bad.ts",
  stage: "build" as const,
  error_type: "SyntaxError" as const,
  message: "unexpected }",
  line: 4,
};

function createCast() {
  const clock = { name: "clock", description: "the time", parameters: {}, timeoutMs: 2000 };
  const stage = createFakeStage([]);
  stage.setCast(
    [
      createFakeCharacter("Gertrude", { tools: [clock] }),
      createFakeCharacter("Stale One", {
        status: "stale",
        error: problem,
        metadata: { good: false, city: "Ghent" },
      }),
      createFakeCharacter("Cloned", {
        voiceSource: { source_type: "file", path_on_server: "voices/x.wav" },
        instructions: { type: "unmute_explanation" },
        metadata: {},
      }),
    ],
    [problem],
  );
  return createFakeServices({ stage });
}

describe("the cast", () => {
  test("lists every record, and every file that failed", async () => {
    const response = await createServer(createCast()).request("/v1/characters");
    expect(await response.json()).toEqual({
      generation: 2,
      characters: [
        {
          name: "Gertrude",
          file: "gertrude.ts",
          status: "ready",
          voice: { provider: "kokoro", voice: "af_heart", status: "ready" },
          instructions: { type: "smalltalk", language: "en" },
          metadata: { good: true, comment: "a comment" },
          tools: ["clock"],
        },
        expect.objectContaining({ name: "Stale One", status: "stale", error: problem }),
        expect.objectContaining({
          name: "Cloned",
          instructions: { type: "unmute_explanation", language: null },
          voice: {
            provider: "kokoro",
            voice: expect.any(String),
            status: "stand-in",
            reason: expect.stringContaining("voices/x.wav"),
          },
        }),
      ],
      errors: [problem],
    });
  });

  test("says that voices are still loading, and why", async () => {
    const services = createCast();
    services.speech.setState("tts", { state: "loading", detail: "downloading kokoro" });
    const response = await createServer(services).request("/v1/characters/Gertrude");
    expect(await response.json()).toMatchObject({
      voice: { voice: "af_heart", status: "loading", reason: "downloading kokoro" },
    });
  });

  test("one record is the record of the list", async () => {
    const server = createServer(createCast());
    const list = (await (await server.request("/v1/characters")).json()) as { characters: unknown[] };
    const one = await (await server.request("/v1/characters/Stale%20One")).json();
    expect(one).toEqual(list.characters[1]);
  });

  test("a card goes with the single record, never with the list", async () => {
    const metadata = { tagline: "from a card", card: { spec: "chara_card_v3", data: { name: "Alice" } } };
    const stage = createFakeStage([createFakeCharacter("Alice", { metadata })]);
    const server = createServer(createFakeServices({ stage }));
    const list = await (await server.request("/v1/characters")).json();
    expect(list).toMatchObject({ characters: [{ name: "Alice" }] });
    expect((list as { characters: { metadata: unknown }[] }).characters[0]?.metadata).toEqual({
      tagline: "from a card",
    });
    expect(await (await server.request("/v1/characters/Alice")).json()).toMatchObject({ metadata });
  });

  test("shows the prompt of now, with the cast's generation", async () => {
    const response = await createServer(createCast()).request("/v1/characters/Gertrude/prompt");
    expect(await response.json()).toEqual({ name: "Gertrude", prompt: "You are Gertrude.", generation: 2 });
  });

  test("prompts know what to call the user", async () => {
    const polite = createFakeCharacter("Polite", {
      makeSystemPrompt: async ({ userName }) => `Call them ${userName}.`,
    });
    const services = createFakeServices({ stage: createFakeStage([polite]), userName: "Ann" });
    const response = await createServer(services).request("/v1/characters/Polite/prompt");
    expect(await response.json()).toMatchObject({ prompt: "Call them Ann." });
    const body = { model: "Polite", messages: [{ role: "user", content: "hi" }] };
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    await (await createServer(services).request("/v1/chat/completions", init)).text();
    expect(services.replyRequests[0]?.messages[0]?.content).toBe("Call them Ann.");
  });

  test("a prompt that fails is E_CHARACTER with 502", async () => {
    const failing = createFakeCharacter("Broken", {
      makeSystemPrompt: (_context, limits?: CallLimits) => {
        expect(limits?.signal).toBeInstanceOf(AbortSignal);
        return Promise.reject(new AppError("E_CHARACTER", "Broken: makeSystemPrompt threw", { line: 3 }));
      },
    });
    const services = createFakeServices({ stage: createFakeStage([failing]) });
    const response = await createServer(services).request("/v1/characters/Broken/prompt");
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error_code: "E_CHARACTER", data: { line: 3 } });
  });

  test("a reload succeeds when it ran, whatever failed", async () => {
    const services = createCast();
    const response = await createServer(services).request("/v1/characters/reload", { method: "POST" });
    expect(await response.json()).toEqual({
      success: true,
      generation: 3,
      total_files: 4,
      loaded_count: 3,
      error_count: 1,
      load_duration_ms: 1.5,
      errors: [problem],
    });
    expect(services.stage.reloads).toBe(1);
  });

  test("voices keep the older shape: good ones only, without the comment", async () => {
    const response = await createServer(createCast()).request("/v1/voices");
    expect(await response.json()).toEqual([
      {
        name: "Gertrude",
        good: true,
        instructions: { type: "smalltalk", language: "en" },
        source: { source_type: "kokoro", voice: "af_heart" },
      },
    ]);
  });
});
