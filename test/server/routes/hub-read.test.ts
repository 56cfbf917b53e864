import { describe, expect, test } from "bun:test";
import { createServer } from "../../../src/server/create-server.ts";
import { buildModelGguf } from "../../support/gguf-writer.ts";
import { createFakeServices } from "../../support/fake-services.ts";
import { digestOf, type HubRepository } from "../../support/hub-repository.ts";
import { createHubFixture, textBytes } from "../../models/hub/hub-fixture.ts";

const tiny = buildModelGguf();

const repositories = (): Record<string, HubRepository> => ({
  "ada/tiny-GGUF": { files: { "tiny.Q4_K_M.gguf": tiny, "README.md": textBytes("# Tiny\n") }, likes: 3 },
  "ada/other": { files: { "config.json": textBytes("{}") }, likes: 9 },
  gpt2: { files: { "config.json": textBytes("{}") } },
});

async function openHub(changes: Parameters<typeof createFakeServices>[0] = {}) {
  const fixture = await createHubFixture(repositories());
  const server = createServer(createFakeServices({ hub: fixture.client, modelsRoot: "/tmp", ...changes }));
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await server.request(path, { headers });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { fixture, server, get, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() };
}

describe("the models of the hub", () => {
  test("are listed by owner and search, in the order that was asked for", async () => {
    await using hub = await openHub();
    const { status, body } = await hub.get("/v1/hub/models?owner=ada&sort=likes&direction=1&limit=5");
    expect(status).toBe(200);
    expect((body["models"] as { model_id: string }[]).map((row) => row.model_id)).toEqual([
      "ada/tiny-GGUF",
      "ada/other",
    ]);
    const found = await hub.get("/v1/hub/models?search=gpt");
    expect(found.body["models"]).toEqual([
      {
        model_id: "gpt2",
        last_modified: "2026-01-05T10:00:00.000Z",
        likes: 0,
        downloads: 0,
        library_name: null,
        license: null,
        gated: false,
        tags: [],
      },
    ]);
  });

  test.each([
    ["/v1/hub/models", 400, "E_ARGS"],
    ["/v1/hub/models?owner=ada&limit=0", 400, "E_ARGS"],
    ["/v1/hub/models?owner=ada&limit=5000", 400, "E_ARGS"],
    ["/v1/hub/models?owner=ada&sort=size", 400, "E_ARGS"],
    ["/v1/hub/models?owner=nobody", 404, "E_NOT_FOUND"],
    ["/v1/hub/models/ada/none", 404, "E_NOT_FOUND"],
    ["/v1/hub/models/ada/other?revision=v9", 404, "E_NOT_FOUND"],
    ["/v1/hub/models/a%20b", 400, "E_ARGS"],
    ["/v1/hub/compatibility?model=ada/none", 404, "E_NOT_FOUND"],
    ["/v1/hub/compatibility?model=ada/tiny-GGUF&include=*.bin", 404, "E_NOT_FOUND"],
  ])("%s is %i", async (path, status, code) => {
    await using hub = await openHub();
    expect(await hub.get(path)).toMatchObject({ status, body: { success: false, error_code: code } });
  });

  test.each(["/v1/hub/models/ada/tiny-GGUF", "/v1/hub/models/ada%2Ftiny-GGUF"])(
    "%s shows one with its files and what its weights say",
    async (path) => {
      const installation = { path: "/here", revision: "main", commit: null, sizeBytes: 5 };
      await using hub = await openHub({ findInstallation: async () => installation });
      const { status, body } = await hub.get(path);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        model_id: "ada/tiny-GGUF",
        page_url: expect.stringMatching(/^http:.*\/ada\/tiny-GGUF$/),
        files: [
          { path: "README.md", size: 7 },
          { path: "tiny.Q4_K_M.gguf", size: tiny.length, sha256: digestOf(tiny).sha256 },
        ],
        quantization: "Q4_K_M",
        context_length: 2048,
        variants: [{ name: "Q4_K_M", files: ["tiny.Q4_K_M.gguf"], size: tiny.length }],
        installed: true,
        installation: { install_path: "/here", total_size: 5 },
      });
    },
  );

  test("one of a plain name is shown too", async () => {
    await using hub = await openHub();
    expect((await hub.get("/v1/hub/models/gpt2")).body["model_id"]).toBe("gpt2");
  });

  test("offline they are E_NET", async () => {
    const server = createServer(createFakeServices());
    const response = await server.request("/v1/hub/models?owner=ada");
    expect([response.status, await response.json()]).toEqual([
      502,
      expect.objectContaining({ error_code: "E_NET", data: { is_offline: true, is_final: true } }),
    ]);
  });

  test("need the key where there is one: they are asked with the operator's own token", async () => {
    await using hub = await openHub({ access: { apiKeys: ["sesame"], allowedOrigins: [] } });
    for (const path of ["/v1/hub/models?owner=ada", "/v1/hub/models/ada/other", "/v1/hub/compatibility"]) {
      expect((await hub.get(path)).status).toBe(401);
      expect((await hub.get(path, { authorization: "Bearer sesame" })).status).toBe(200);
    }
  });
});

describe("compatibility", () => {
  test("tells of the machine, and of a model or some of its files", async () => {
    await using hub = await openHub();
    const machine = await hub.get("/v1/hub/compatibility");
    expect(machine.body).toMatchObject({
      system: { cpu: { cores: expect.any(Number) }, disk: { path: "/tmp" } },
      model_requirements: null,
      compatibility: "ok",
    });
    const whole = await hub.get("/v1/hub/compatibility?model=ada/tiny-GGUF");
    expect(whole.body["model_requirements"]).toMatchObject({ format: "gguf", size: tiny.length + 7 });
    const some = await hub.get(
      "/v1/hub/compatibility?model=ada%2Ftiny-GGUF&include=*.gguf&include=*.bin&exclude=*.md",
    );
    expect(some.body["model_requirements"]).toMatchObject({ format: "gguf", size: tiny.length });
  });
});
