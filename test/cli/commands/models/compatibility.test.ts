// `troupe models compatibility` as a whole process, on whatever machine this is.
import { describe, expect, test } from "bun:test";
import { createModelsWorld } from "../../../support/models-world.ts";

const repositories = {
  "ada/tiny-GGUF": { files: { "tiny.Q4_K_M.gguf": new Uint8Array(10_000) } },
};

describe("troupe models compatibility", () => {
  test("without a model tells of the machine, and asks nobody", async () => {
    await using w = await createModelsWorld(repositories);
    const { exitCode, json } = await w.models("compatibility --json --offline");
    expect(exitCode).toBe(0);
    expect(json.data).toMatchObject({
      system: {
        cpu: { cores: expect.any(Number), features: { avx: expect.anything() } },
        memory: { total: expect.any(Number), available: expect.any(Number) },
        disk: { path: w.modelsRoot, free: expect.any(Number) },
        gpus: expect.any(Array),
      },
      model_requirements: null,
      compatibility: "ok",
      warnings: [],
      recommendations: [],
    });
    expect(w.server.requests).toEqual([]);
    expect((await w.models("compatibility")).out).toMatch(/^processor .*\nmemory .*\ndisk /);
  }, 60_000);

  test("with a model says what it needs and whether it runs here", async () => {
    await using w = await createModelsWorld(repositories);
    const { exitCode, json } = await w.models("compatibility --model ada/tiny-GGUF --json");
    expect(exitCode).toBe(0);
    expect(json.data["model_requirements"]).toEqual({
      model_id: "ada/tiny-GGUF",
      format: "gguf",
      size: 10_000,
      ram: 12_000,
      disk: 11_000,
      vram: null,
      gpu_recommended: false,
    });
    // A machine without AVX2 runs it, slowly.
    expect(["ok", "warn"]).toContain(json.data["compatibility"] as string);
    expect((await w.models("compatibility --model ada/tiny-GGUF")).out).toMatch(/verdict +(ok|warn)/);
  }, 60_000);

  test("of a model whose size no machine has is no, with what is missing", async () => {
    await using w = await createModelsWorld({});
    const commit = "c".repeat(40);
    const entry = { type: "file", path: "m.gguf", size: 2 ** 50, oid: "0".repeat(40) };
    const serve = (path: string, value: unknown): void =>
      void w.server.serve(path, new TextEncoder().encode(JSON.stringify(value)));
    w.server.serve("/", new Uint8Array());
    w.server.respond(() => null);
    serve("/api/models/ada/huge/revision/main", { id: "ada/huge", sha: commit });
    serve(`/api/models/ada/huge/tree/${commit}`, [entry]);
    const { exitCode, json } = await w.models("compatibility --model ada/huge --json");
    expect([exitCode, json.data["compatibility"]]).toEqual([0, "no"]);
    expect((json.data["warnings"] as string[]).length).toBe(2);
    expect((json.data["recommendations"] as string[]).length).toBe(2);
  }, 60_000);

  test.each([
    ["compatibility --model ada/none", "E_NOT_FOUND", 4],
    ["compatibility --model a/b/c", "E_ARGS", 2],
    ["compatibility --model ada/tiny-GGUF --offline", "E_NET", 7],
  ])(
    "%s is %s",
    async (line, code, exitCode) => {
      await using w = await createModelsWorld(repositories);
      const failed = await w.models(`${line} --json`);
      expect([failed.json.error_code, failed.exitCode]).toEqual([code, exitCode]);
    },
    60_000,
  );
});
