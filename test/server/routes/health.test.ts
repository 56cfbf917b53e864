import { describe, expect, test } from "bun:test";
import { describeProviderAssets } from "../../../src/assets/provider/provider-assets.ts";
import { createServer } from "../../../src/server/create-server.ts";
import {
  createFakeCharacter,
  createFakeServices,
  createFakeStage,
  type FakeServices,
} from "../../support/fake-services.ts";

const ask = async (services: FakeServices, path = "/v1/health") => {
  const response = await createServer(services).request(path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe("health", () => {
  test("everything works", async () => {
    expect(await ask(createFakeServices())).toEqual({
      status: 200,
      body: {
        ok: true,
        stt_up: true,
        tts_up: true,
        llm_up: true,
        voice_cloning_up: false,
        characters_loaded: 2,
        version: "9.9.9",
      },
    });
  });

  test("text without voice is 200 but not ok", async () => {
    const services = createFakeServices();
    services.speech.setState("tts", { state: "loading", detail: "downloading" });
    const { status, body } = await ask(services);
    expect(status).toBe(200);
    expect(body).toMatchObject({ ok: false, tts_up: false, stt_up: true });
    expect((await ask(services, "/readyz")).status).toBe(200);
  });

  test("no character that could answer is 503", async () => {
    const mute = createFakeServices();
    mute.script = undefined;
    expect(await ask(mute)).toMatchObject({
      status: 503,
      body: { ok: false, llm_up: false, characters_loaded: 2 },
    });
    expect(await ask(mute, "/readyz")).toMatchObject({ status: 503 });
    const empty = createFakeServices({ stage: createFakeStage([]) });
    expect(await ask(empty)).toMatchObject({ status: 503, body: { characters_loaded: 0 } });
    const ill = createFakeServices({
      stage: createFakeStage([createFakeCharacter("A", { status: "quarantined" })]),
    });
    expect((await ask(ill)).status).toBe(503);
  });

  test("one character that answers in code is enough", async () => {
    const stage = createFakeStage([createFakeCharacter("Parrot", { hasReply: true })]);
    const services = createFakeServices({ stage });
    services.script = undefined;
    expect(await ask(services)).toMatchObject({ status: 200, body: { ok: true, llm_up: false } });
  });

  test("the process is alive whatever works", async () => {
    const services = createFakeServices({ stage: createFakeStage([]) });
    expect(await ask(services, "/livez")).toEqual({ status: 200, body: { status: "alive" } });
  });
});

describe("providers and metrics", () => {
  test("every engine is listed with its state, what it lacks, its files and its credentials", async () => {
    const services = createFakeServices();
    services.providers.list = async () => [
      {
        kind: "llm",
        name: "openai",
        title: "OpenAI",
        state: "missing-credentials",
        reason: "OPENAI_API_KEY is not set",
        assets: describeProviderAssets("openai", { credential_patterns: ["OPENAI_API_KEY"] }),
        credentials: [{ variable: "OPENAI_API_KEY", isSet: false }],
        models: [{ id: "tiny", path: "/models/openai/tiny", isInstalled: true, isAsset: false }],
      },
    ];
    const { body } = await ask(services, "/v1/providers");
    expect(body).toEqual({
      providers: [
        {
          kind: "llm",
          name: "openai",
          title: "OpenAI",
          state: "missing-credentials",
          reason: "OPENAI_API_KEY is not set",
          assets: {
            file_extension: "",
            directory_name: "openai",
            credential_patterns: ["OPENAI_API_KEY"],
            cache_types: ["runtime"],
            model_urls: {},
          },
          credentials: [{ variable: "OPENAI_API_KEY", is_set: false }],
          models: [{ id: "tiny", path: "/models/openai/tiny", installed: true }],
        },
      ],
    });
  });

  test("metrics are the exporter's text and type", async () => {
    const response = await createServer(createFakeServices()).request("/metrics");
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4");
    expect(await response.text()).toBe("up 1\n");
  });
});
