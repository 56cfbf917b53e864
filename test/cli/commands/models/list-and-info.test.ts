// `troupe models list` and `info` as whole processes.
import { describe, expect, test } from "bun:test";
import { digestOf, commitOf } from "../../../support/hub-repository.ts";
import { buildModelGguf } from "../../../support/gguf-writer.ts";
import { createModelsWorld } from "../../../support/models-world.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const tiny = buildModelGguf();

const repositories = () => ({
  "ada/tiny-GGUF": {
    files: { "tiny.Q4_K_M.gguf": tiny, "README.md": bytes("# Tiny\n") },
    downloads: 120,
    likes: 7,
    license: "mit",
    libraryName: "gguf",
    lastModified: "2026-02-03T00:00:00.000Z",
  },
  "ada/other": { files: { "config.json": bytes("{}") }, downloads: 5, likes: 90 },
  "ada/closed": {
    files: { "closed.gguf": tiny, "config.json": bytes("{}") },
    gate: "manual" as const,
    license: "llama3",
  },
});

interface Row {
  model_id: string;
}
const idsOf = (data: Record<string, unknown>): string[] =>
  (data["models"] as Row[]).map((row) => row.model_id);

describe("troupe models list", () => {
  test("gives an owner's models as rows, and as a table for people", async () => {
    await using w = await createModelsWorld(repositories());
    const listed = await w.models("list --owner ada --json");
    expect([listed.exitCode, listed.json.success, listed.json.error_code]).toEqual([0, true, null]);
    expect((listed.json.data["models"] as unknown[])[0]).toEqual({
      model_id: "ada/tiny-GGUF",
      last_modified: "2026-02-03T00:00:00.000Z",
      likes: 7,
      downloads: 120,
      library_name: "gguf",
      license: "mit",
      gated: false,
      tags: ["gguf", "license:mit"],
    });
    const shown = await w.models("list --owner ada");
    const [header, first] = shown.out.split("\n");
    expect(header?.split(/ {2,}/)).toEqual([
      "MODEL",
      "DOWNLOADS",
      "LIKES",
      "MODIFIED",
      "LIBRARY",
      "LICENCE",
      "GATED",
    ]);
    expect(first?.split(/ {2,}/)).toEqual(["ada/tiny-GGUF", "120", "7", "2026-02-03", "gguf", "mit"]);
  }, 60_000);

  test("searches, sorts in both directions, and keeps to the limit; flags may stand anywhere", async () => {
    await using w = await createModelsWorld(repositories(), { listPageSize: 1 });
    const by = async (line: string) => idsOf((await w.models(line)).json.data);
    expect(await by("--json list --search TINY")).toEqual(["ada/tiny-GGUF"]);
    expect(await by("list --owner ada --sort likes --json")).toEqual([
      "ada/other",
      "ada/tiny-GGUF",
      "ada/closed",
    ]);
    expect(await by("list --json --owner ada --sort likes --direction 1")).toEqual([
      "ada/closed",
      "ada/tiny-GGUF",
      "ada/other",
    ]);
    expect(await by("list --owner ada --sort modified --limit 2 --json")).toHaveLength(2);
  }, 60_000);

  test("names of the hub cannot give the terminal orders", async () => {
    const evil = "\u001b[2J\u0007.bin";
    await using w = await createModelsWorld({
      "ada/evil": { files: { [evil]: bytes("x") }, license: "\u001b[31mmit", libraryName: "a\nb" },
    });
    for (const line of ["list --owner ada", "info --model ada/evil"]) {
      const shown = await w.models(line);
      expect(shown.exitCode).toBe(0);
      expect(shown.out).toContain("mit");
      // oxlint-disable-next-line no-control-regex -- they are what must not be there
      expect(shown.out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|a\nb/);
    }
    // JSON has them as they are.
    expect((await w.models("info --model ada/evil --json")).json.data).toMatchObject({
      files: [{ path: evil }],
    });
  }, 60_000);

  test.each([
    ["list", "E_ARGS", 2],
    ["list --owner a/b", "E_ARGS", 2],
    ["list --owner ada --sort size", "E_ARGS", 2],
    ["list --owner ada --direction 0", "E_ARGS", 2],
    ["list --owner ada --limit 0", "E_ARGS", 2],
    ["list --owner nobody", "E_NOT_FOUND", 4],
    ["list --owner ada --offline", "E_NET", 7],
    ["list --owner ada --mirror http://127.0.0.1:1", "E_NET", 7],
  ])(
    "%s is %s",
    async (line, code, exitCode) => {
      await using w = await createModelsWorld(repositories());
      const failed = await w.models(`${line} --json`);
      expect([failed.json.success, failed.json.error_code, failed.exitCode]).toEqual([false, code, exitCode]);
      const shown = await w.models(line);
      expect([shown.out, shown.exitCode]).toEqual(["", exitCode]);
      expect(shown.error.length).toBeGreaterThan(0);
    },
    60_000,
  );

  test("a mirror by flag wins over the environment's and is asked first", async () => {
    await using w = await createModelsWorld(repositories());
    const listed = await w.models(`--mirror ${w.server.origin}/ list --owner ada --json`, {
      HF_ENDPOINT: "http://127.0.0.1:1",
    });
    expect(listed.exitCode).toBe(0);
    expect(w.server.requests[0]?.path).toBe("/");
    w.server.failAlways("/", { kind: "status", status: 503 });
    const down = await w.models("list --owner ada --json");
    expect([down.json.error_code, down.exitCode]).toEqual(["E_NET", 7]);
  }, 60_000);
});

test.each(["list --owner ada", "info --model ada/tiny-GGUF", "compatibility --model ada/tiny-GGUF"])(
  "Ctrl-C ends %s with 130, whatever the hub does",
  async (line) => {
    await using w = await createModelsWorld(repositories());
    w.server.failAlways("/api/models", { kind: "silence" });
    w.server.failAlways("/api/models/ada/tiny-GGUF/revision/main", { kind: "silence" });
    const running = w.start(`${line} --json`);
    await w.server.waitForRequest(({ path }) => path.startsWith("/api/"));
    running.kill("SIGINT");
    const { exitCode, json } = await running.outcome;
    expect([exitCode, json.error_code]).toEqual([130, "E_INTERRUPTED"]);
  },
  60_000,
);

describe("troupe models info", () => {
  test("gives files, sizes, digests, and what the weights' header says", async () => {
    await using w = await createModelsWorld(repositories());
    const { exitCode, json } = await w.models("info --model ada/tiny-GGUF --json");
    expect(exitCode).toBe(0);
    expect(json.data).toMatchObject({
      model_id: "ada/tiny-GGUF",
      revision: "main",
      commit: commitOf(repositories()["ada/tiny-GGUF"].files),
      license: "mit",
      gated: false,
      files: [
        { path: "README.md", size: 7 },
        { path: "tiny.Q4_K_M.gguf", size: tiny.length, sha256: digestOf(tiny).sha256 },
      ],
      total_size: tiny.length + 7,
      file_count: 2,
      installed: false,
      parameters: 64 * 100 + 64 * 64,
      quantization: "Q4_K_M",
      context_length: 2048,
      architecture: "llama",
    });
    const shown = await w.models("info --model ada/tiny-GGUF");
    expect(shown.out).toContain("10.5 K");
    expect(shown.out).toContain("2,048 tokens");
    expect(shown.out).toMatch(/tiny\.Q4_K_M\.gguf +\d+ KiB +[0-9a-f]{12}…/);
  }, 60_000);

  test("says what is installed already, and where", async () => {
    await using w = await createModelsWorld(repositories());
    const path = await w.folder.write(".troupe/models/llama-cpp/ada/tiny-GGUF/tiny.Q4_K_M.gguf", tiny);
    const record = {
      install_path: path.replace(/\/[^/]+$/, ""),
      commit: "c".repeat(40),
      revision: "main",
      files: [{ path: "tiny.Q4_K_M.gguf" }],
    };
    await w.folder.write(".troupe/models/model_registry.json", JSON.stringify({ "ada/tiny-GGUF": record }));
    const { json } = await w.models("info --model ada/tiny-GGUF --json");
    expect(json.data).toMatchObject({
      installed: true,
      installation: { install_path: record.install_path, commit: record.commit, revision: "main" },
    });
    expect((await w.models("info --model ada/tiny-GGUF")).out).toContain(record.install_path);
  }, 60_000);

  test("of a gated model tells all but its header, and what to do about that", async () => {
    await using w = await createModelsWorld(repositories());
    const { exitCode, json, error } = await w.models("info --model ada/closed --json");
    expect(exitCode).toBe(0);
    expect(json.data).toMatchObject({ gated: "manual", license: "llama3", file_count: 2 });
    expect(json.data).not.toHaveProperty("parameters");
    expect(JSON.parse(error.trim())).toMatchObject({
      event: "warning",
      message: expect.stringContaining("https://huggingface.co/ada/closed"),
    });
  }, 60_000);

  test.each([
    ["info", {}, "E_ARGS", 2],
    ["info --model a/b/c", {}, "E_ARGS", 2],
    ["info --model ada/none", {}, "E_NOT_FOUND", 4],
    ["info --model ada/other --revision v9", {}, "E_NOT_FOUND", 4],
    ["info --model ada/secret", { HF_TOKEN: "hf_wrong" }, "E_PERM", 5],
    ["info --model ada/other --offline", {}, "E_NET", 7],
  ])(
    "%s is refused",
    async (line, env, code, exitCode) => {
      await using w = await createModelsWorld({
        ...repositories(),
        "ada/secret": { files: {}, token: "hf_right" },
      });
      const failed = await w.models(`${line} --json`, env);
      expect([failed.json.error_code, failed.exitCode]).toEqual([code, exitCode]);
      expect(failed.out + failed.error).not.toContain("hf_wrong");
    },
    60_000,
  );

  test("what the hub answers wrongly is E_SCHEMA, and a damaged registry too", async () => {
    await using w = await createModelsWorld(repositories());
    await w.folder.write(".troupe/models/model_registry.json", "{ broken");
    const damaged = await w.models("info --model ada/other --json");
    expect([damaged.json.error_code, damaged.exitCode]).toEqual(["E_SCHEMA", 3]);
    expect((await w.models("info --model ada/other --json")).exitCode).toBe(0);
    w.server.serve("/api/models/ada/other/revision/main", bytes("[]"));
    const wrong = await w.models("info --model ada/other --json");
    expect([wrong.json.error_code, wrong.exitCode]).toEqual(["E_SCHEMA", 3]);
  }, 60_000);
});
