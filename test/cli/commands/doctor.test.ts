// `troupe doctor`, `providers` and `config` as processes, on a machine that has nothing yet.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createTempFolder } from "../../support/temp-folder.ts";

const main = resolve(import.meta.dir, "../../../src/main.ts");
// Each verb is a process of its own, on machines with much to do.
setDefaultTimeout(60_000);
const secret = "sk-very-secret-0123456789";

async function createWorld(project = "") {
  const folder = await createTempFolder();
  await folder.write("project/troupe.toml", project);
  return {
    folder,
    async troupe(line: string, env: Record<string, string> = {}) {
      const child = Bun.spawn([process.execPath, "--no-env-file", main, ...line.split(" ")], {
        cwd: join(folder.path, "project"),
        env: { PATH: process.env["PATH"], HOME: folder.path, TROUPE_REPLY_SOURCE: "none", ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const [out, error, exitCode] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { exitCode, out, error, json: out.startsWith("{") ? JSON.parse(out) : {} };
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
interface Check {
  name: string;
  ok: boolean;
  detail: string;
  remedy?: string;
}

describe("troupe doctor", () => {
  test("tells what is missing with its cure, leaves nothing behind, and exits with the first failure's code", async () => {
    await using w = await createWorld();
    const { exitCode, json } = await w.troupe("doctor --json --offline", { OPENAI_API_KEY: secret });
    expect([exitCode, json.error_code]).toEqual([4, "E_NOT_FOUND"]);
    const checks = json.data.checks as Check[];
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "models root",
        "cache root",
        "credentials root",
        "assets root",
        "credentials",
        "provider tts.kokoro",
        "asset silero-vad",
        "model hub",
        "reply model",
        "characters",
      ]),
    );
    expect(checks.find(({ name }) => name === "asset silero-vad")).toMatchObject({
      ok: false,
      remedy: "troupe assets download silero-vad",
    });
    expect(checks.find(({ name }) => name === "credentials")?.detail).toContain("OPENAI_API_KEY set");
    expect(JSON.stringify(json)).not.toContain(secret);
    expect(await readdir(w.folder.path)).not.toContain(".troupe");
  });

  test("a reply model that is configured and cannot answer is a failure, not passed over", async () => {
    await using w = await createWorld();
    const env = { TROUPE_REPLY_SOURCE: "local", TROUPE_REPLY_MODEL: "acme/tiny" };
    const { json } = await w.troupe("doctor --json --offline", env);
    const checks = json.data.checks as Check[];
    const reply = checks.find(({ name }) => name === "reply model");
    expect(reply).toMatchObject({ ok: false, remedy: expect.stringContaining("[reply] source") });
    expect(reply?.detail).toContain("troupe models download --model acme/tiny");
  });

  test("a root that cannot be made is E_PERM, from doctor and from the server", async () => {
    await using w = await createWorld();
    const env = { TROUPE_CACHE_ROOT: "/proc/nowhere/cache" };
    const looked = await w.troupe("doctor --json --offline", env);
    expect([looked.exitCode, looked.json.error_code]).toEqual([5, "E_PERM"]);
    const served = await w.troupe("serve --port 0", env);
    expect([served.exitCode, served.out]).toEqual([5, ""]);
    expect(served.error).toMatch(
      /the cache root \/proc\/nowhere\/cache cannot be made .*TROUPE_CACHE_ROOT \[E_PERM\]/,
    );
  });
});

describe("troupe providers list", () => {
  test("has state, files, credentials and models of each, with what the project file overrides", async () => {
    await using w = await createWorld(`
[providers.asr.whisper.assets]
directory_name = "ears"
file_extension = ".bin"
model_urls = { mine = "local", theirs = "https://models.example/x.bin?signature=abc" }
[providers.tts.kokoro]
enabled = false
`);
    const { json, exitCode } = await w.troupe("providers list --json", { VSEGPT_API_KEY: secret });
    expect(exitCode).toBe(0);
    const providers = json.data.providers as Record<string, unknown>[];
    const find = (kind: string, name: string) =>
      providers.find((row) => row["kind"] === kind && row["name"] === name);
    expect(find("asr", "whisper")).toMatchObject({
      state: "not-installed",
      reason: expect.stringContaining("troupe models ensure --provider asr.whisper:tiny"),
      assets: {
        file_extension: ".bin",
        directory_name: "ears",
        credential_patterns: [],
        cache_types: ["models", "runtime"],
        model_urls: { tiny: "auto", mine: "local", theirs: { url: "https://models.example/x.bin" } },
      },
      credentials: [],
      models: expect.arrayContaining([
        { id: "mine", path: join(w.folder.path, ".troupe/models/ears/mine.bin"), installed: false },
      ]),
    });
    expect(find("tts", "kokoro")).toMatchObject({ state: "disabled" });
    expect(find("llm", "openai")).toMatchObject({
      state: "missing-credentials",
      reason: expect.stringContaining("OPENAI_API_KEY"),
      credentials: [{ variable: "OPENAI_API_KEY", is_set: false }],
    });
    expect(find("llm", "vsegpt")).toMatchObject({
      state: "ready",
      credentials: [{ variable: "VSEGPT_API_KEY", is_set: true }],
    });
    expect(find("turn", "transcript")).toMatchObject({ state: "ready" });
    expect(JSON.stringify(json)).not.toContain(secret);
    expect(JSON.stringify(json)).not.toContain("signature");
    const kinds = await w.troupe("providers list --kind vad --json");
    expect((kinds.json.data.providers as unknown[]).length).toBe(1);
    expect((await w.troupe("providers list --kind nose --json")).json.error_code).toBe("E_ARGS");
  });

  test("a model that is there makes its provider ready", async () => {
    await using w = await createWorld(`
[providers.turn.smart_turn.assets.model_urls]
"v3.2" = "local"
`);
    const look = async () => {
      const { json } = await w.troupe("providers list --kind turn --json");
      const all = json.data.providers as { name: string; state: string; reason?: string }[];
      return all.find(({ name }) => name === "smart_turn");
    };
    const path = join(w.folder.path, ".troupe/models/smart_turn/v3.2.onnx");
    const reason = `its model v3.2 is not on this machine; put it at ${path}`;
    expect(await look()).toMatchObject({ state: "not-installed", reason });
    await Bun.write(path, "a graph");
    expect(await look()).toMatchObject({ state: "ready" });
  });

  test("a file of credentials wins, a broken one warns by its name alone, and the rest goes on", async () => {
    await using w = await createWorld();
    await w.folder.write(".troupe/credentials/openai.json", JSON.stringify({ OPENAI_API_KEY: secret }));
    await w.folder.write(".troupe/credentials/anthropic.json", `{"ANTHROPIC_API_KEY": ${secret}`);
    const { json, error } = await w.troupe("providers list --kind llm --json");
    const stateOf = (name: string) =>
      (json.data.providers as { name: string; state: string }[]).find((row) => row.name === name)?.state;
    expect([stateOf("openai"), stateOf("anthropic"), stateOf("vsegpt")]).toEqual([
      "ready",
      "missing-credentials",
      "missing-credentials",
    ]);
    const warnings = error
      .split("\n")
      .filter((line) => line.includes('"warning"'))
      .map((line) => (JSON.parse(line) as { message: string }).message);
    expect(warnings).toEqual([expect.stringContaining("anthropic.json is no JSON")]);
    expect(error + JSON.stringify(json)).not.toContain(secret);
  });

  test("settings of old have one warning each, and an unknown provider has one with the nearest name", async () => {
    await using w = await createWorld(`
[providers.asr.whispr]
model = "tiny"
[providers.asr.whisper]
download_root = "old/whisper"
model_paths = { mine = "weights/mine" }
[providers.llm.openai]
api_key_env = "HOUSE_KEY"
`);
    await w.folder.write("project/weights/mine/config.json", "{}");
    const { json, error } = await w.troupe("providers list --json", { HOUSE_KEY: secret });
    const messages = error
      .split("\n")
      .filter((line) => line.includes('"warning"'))
      .map((line) => JSON.parse(line) as { code: string; message: string });
    expect(messages.map(({ code }) => code)).toEqual([
      "W_DEPRECATED",
      "W_DEPRECATED",
      "W_DEPRECATED",
      "E_NOT_FOUND",
    ]);
    for (const [index, key] of ["download_root", "model_paths", "api_key_env"].entries()) {
      expect(messages[index]?.message).toContain(key);
    }
    expect(messages[3]?.message).toContain("did you mean asr.whisper?");
    const providers = json.data.providers as {
      kind: string;
      name: string;
      state: string;
      models: unknown[];
    }[];
    const whisper = providers.find(({ name }) => name === "whisper");
    expect(whisper?.models).toEqual(
      expect.arrayContaining([
        { id: "mine", path: join(w.folder.path, "project/weights/mine"), installed: true },
        { id: "tiny", path: join(w.folder.path, "project/old/whisper/tiny"), installed: false },
      ]),
    );
    expect(providers.find(({ name }) => name === "openai")?.state).toBe("ready");
    expect(providers.find(({ name }) => name === "whispr")).toMatchObject({ state: "not-installed" });
  });
});

describe("troupe config", () => {
  test("show says where each setting came from, and no secret", async () => {
    await using w = await createWorld('[storage]\ncache_root = "${STORE}/cache"\n');
    await w.folder.write("project/.env", `STORE=${w.folder.path}/store\nIRENE_MODELS_ROOT=~/old-models\n`);
    const { json } = await w.troupe("config show --sources --json", { HF_TOKEN: secret });
    const { settings, sources } = json.data as Record<string, Record<string, unknown>>;
    expect(settings?.["storage.cache_root"]).toBe(join(w.folder.path, "store/cache"));
    expect(sources?.["storage.cache_root"]).toBe(`file ${join(w.folder.path, "project/troupe.toml")}`);
    expect(settings?.["storage.models_root"]).toBe(join(w.folder.path, "old-models"));
    expect(sources?.["storage.models_root"]).toBe("environment IRENE_MODELS_ROOT");
    expect(sources?.["server.port"]).toBe("default");
    expect(settings?.["settings.assets.hub_token"]).toBe("set");
    expect(JSON.stringify(json)).not.toContain(secret);
  });

  test("show has the sources in its JSON in any case", async () => {
    await using w = await createWorld("[server]\nport = 4000\n");
    const { sources } = (await w.troupe("config show --json")).json.data as Record<string, object>;
    expect(sources).toMatchObject({
      "server.port": `file ${join(w.folder.path, "project/troupe.toml")}`,
      "server.host": "default",
    });
    expect((await w.troupe("config show")).out).not.toContain("SOURCE");
    expect((await w.troupe("config show --sources")).out).toContain("SOURCE");
  });

  test("check is good, or E_SCHEMA with file, line and field: providers' tables included", async () => {
    await using good = await createWorld(`
[providers.asr.whisper.assets]
directory_name = "ears"
model_urls = { house = "https://models.example/house.zip" }
[agents.host]
required_assets = ["asr-whisper-house", "silero-vad"]
`);
    expect(await good.troupe("config check --json")).toMatchObject({ exitCode: 0, json: { success: true } });
    await using bad = await createWorld('[providers.asr.whisper.assets]\ndirectory_name = "../ears"\n');
    const { exitCode, json } = await bad.troupe("config check --json");
    expect([exitCode, json.error_code, json.data.line, json.data.field]).toEqual([
      3,
      "E_SCHEMA",
      2,
      "providers.asr.whisper.assets.directory_name",
    ]);
    await using url = await createWorld(
      '[providers.asr.moonshine]\nmodel_url = "https://a.example/x.onnx"\n',
    );
    const refused = await url.troupe("config check --json");
    expect([refused.exitCode, refused.json.data.line, refused.json.data.field]).toEqual([
      3,
      2,
      "providers.asr.moonshine.model_url",
    ]);
  });
});
