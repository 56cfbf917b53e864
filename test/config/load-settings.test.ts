import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { AppError } from "../../src/base/errors.ts";
import { loadSettings } from "../../src/config/load-settings.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const home = { HOME: "/home/nobody" };

async function loadFrom(
  files: Record<string, string>,
  options: { env?: Record<string, string>; cwd?: string } = {},
) {
  await using folder = await createTempFolder();
  for (const [name, text] of Object.entries(files)) await folder.write(name, text);
  const loaded = loadSettings({
    env: { ...home, ...options.env },
    cwd: join(folder.path, options.cwd ?? ""),
  });
  return { ...loaded, dir: folder.path };
}

const failure = async (work: Promise<unknown>): Promise<AppError> =>
  work.then(
    () => Promise.reject(new Error("no failure")),
    (error: unknown) => error as AppError,
  );

describe("settings", () => {
  test("defaults hold where nothing is set, and say so", async () => {
    const { settings, sources } = await loadFrom({});
    expect(settings["server.port"]).toBe(3000);
    expect(settings["storage.models_root"]).toBe("/home/nobody/.troupe/models");
    expect(sources["server.port"]).toBe("default");
  });

  test("environment beats file beats default", async () => {
    const files = { "troupe.toml": '[server]\nport = 4000\nhost = "::1"\n' };
    const { settings, sources, dir } = await loadFrom(files, { env: { TROUPE_PORT: "5000" } });
    expect([settings["server.port"], settings["server.host"]]).toEqual([5000, "::1"]);
    expect(sources["server.port"]).toBe("environment TROUPE_PORT");
    expect(sources["server.host"]).toBe(`file ${join(dir, "troupe.toml")}`);
  });

  test("an old variable counts when the new one is absent", async () => {
    const { settings } = await loadFrom({}, { env: { IRENE_MODELS_ROOT: "~/old" } });
    expect(settings["storage.models_root"]).toBe("/home/nobody/old");
  });

  test("the project file is found from a subfolder, and its paths are relative to it", async () => {
    const files = { "troupe.toml": '[characters]\ndir = "cast"\n', "deep/er/x": "" };
    const { settings, dir } = await loadFrom(files, { cwd: "deep/er" });
    expect(settings["characters.dir"]).toBe(join(dir, "cast"));
  });

  test("the .env beside the project file counts, and never overrides the environment", async () => {
    const files = {
      "troupe.toml": "",
      ".env": 'export TROUPE_PORT="4001" # ours\nTROUPE_HOST=0.0.0.0\n',
      "sub/.env": "TROUPE_PORT=1",
      "sub/x": "",
    };
    const { settings } = await loadFrom(files, { env: { TROUPE_HOST: "::1" }, cwd: "sub" });
    expect([settings["server.port"], settings["server.host"]]).toEqual([4001, "::1"]);
  });

  test("paths of the .env are relative to it, those of the environment to the current folder", async () => {
    const files = { "troupe.toml": "", ".env": "TROUPE_MODELS_ROOT=m\nTROUPE_CACHE_ROOT=c\n", "sub/x": "" };
    const { settings, dir } = await loadFrom(files, { env: { TROUPE_CACHE_ROOT: "c" }, cwd: "sub" });
    expect(settings["storage.models_root"]).toBe(join(dir, "m"));
    expect(settings["storage.cache_root"]).toBe(join(dir, "sub/c"));
  });

  test("a misspelt key is E_SCHEMA with file, line and the nearest key", async () => {
    const error = await failure(loadFrom({ "troupe.toml": "[server]\nprot = 1\n" }));
    expect(error.code).toBe("E_SCHEMA");
    expect(error.message).toContain(
      "troupe.toml:2: there is no setting server.prot; did you mean server.port?",
    );
  });

  test("a mirror is an address that paths can be put behind", async () => {
    const load = (mirror: string, isFlag: boolean) =>
      loadSettings({
        env: isFlag ? {} : { HF_ENDPOINT: mirror },
        cwd: "/",
        ...(isFlag && { overrides: { "settings.assets.mirror": mirror } }),
      }).settings["settings.assets.mirror"];
    for (const good of ["http://127.0.0.1:8080", "https://mirror.example/hub/"]) {
      expect([load(good, true), load(good, false)]).toEqual([good, good]);
    }
    for (const bad of ["mirror", "ftp://x", "http://", "https://u:p@x", "http://x/?a", "http://x/#a"]) {
      expect(await failureOf(Promise.try(() => load(bad, true)))).toMatchObject({ code: "E_ARGS" });
      expect(await failureOf(Promise.try(() => load(bad, false)))).toMatchObject({
        code: "E_SCHEMA",
        details: { field: "settings.assets.mirror", source: "environment HF_ENDPOINT" },
      });
    }
  });

  test("a wrong value, broken TOML and an unset variable in a path are E_SCHEMA", async () => {
    const wrong = await failure(loadFrom({ "troupe.toml": "[server]\nport = 70000\n" }));
    expect([wrong.code, wrong.details?.field]).toEqual(["E_SCHEMA", "server.port"]);
    const broken = await failure(loadFrom({ "troupe.toml": "[server\nport = 1\n" }));
    expect(broken.message).toMatch(/troupe\.toml:1:\d+/);
    const hole = await failure(loadFrom({ "troupe.toml": '[storage]\nmodels_root = "${NOWHERE}/m"\n' }));
    expect(hole.message).toContain("NOWHERE");
    const word = await failure(loadFrom({}, { env: { TROUPE_PORT: "http" } }));
    expect(word.message).toContain("environment TROUPE_PORT");
  });

  test("an editor's mark before the text, and sections with nothing in them, are no mistake", async () => {
    for (const [name, text] of Object.entries({
      "troupe.toml": "\uFEFF[server]\r\nport = 4000\r\n",
      "troupe.json": '\uFEFF{"server": {"port": 4000}}',
      "troupe.yaml":
        "\uFEFFserver: { port: 4000 }\nsettings:\n  assets:\n  # quota_gb: 5\nproviders:\nassets:\n",
    })) {
      const { settings } = await loadFrom({ [name]: text });
      expect([name, settings["server.port"]]).toEqual([name, 4000]);
    }
  });

  test("JSON that is none is told with its line, and a folder is no project file", async () => {
    const comma = await failure(loadFrom({ "troupe.json": '{\n  "server": {\n    "port": 4000,\n  }\n}' }));
    expect([comma.code, comma.message]).toEqual(["E_SCHEMA", expect.stringMatching(/troupe\.json:4:3: /)]);
    const folder = await failure(loadFrom({ "troupe.toml/x": "" }));
    expect([folder.code, folder.message]).toEqual(["E_SCHEMA", expect.stringContaining("is a folder")]);
  });

  test("a named project file that is not there is E_NOT_FOUND", async () => {
    const error = await failure(loadFrom({}, { env: { TROUPE_CONFIG: "missing.toml" } }));
    expect(error.code).toBe("E_NOT_FOUND");
  });

  test("flags win, lists are split, switches understand words", async () => {
    await using folder = await createTempFolder();
    const { settings, sources } = loadSettings({
      env: { ...home, TROUPE_API_KEYS: "a, b", TROUPE_OFFLINE: "yes" },
      cwd: folder.path,
      overrides: { "server.port": 0 },
    });
    expect(settings["server.api_keys"]).toEqual(["a", "b"]);
    expect(settings["settings.assets.offline"]).toBe(true);
    expect([settings["server.port"], sources["server.port"]]).toEqual([0, "flag"]);
  });

  test("sections of others are left alone", async () => {
    const files = { "troupe.toml": 'name = "x"\n[[assets]]\nname = "a"\n[providers.tts.kokoro]\nx = 1\n' };
    expect((await loadFrom(files)).settings["server.port"]).toBe(3000);
  });
});
