import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { loadProjectAssets } from "../../src/config/project-assets.ts";
import { loadSettings } from "../../src/config/load-settings.ts";
import type { AppError } from "../../src/base/errors.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const toml = `name = "cast"
version = "0.1.0"

[server]
port = 4000

[[assets]]
name = "voice"
version = "1.0"
asset_type = "voice"

[assets.source]
type = "http"
url = "https://models.example/voice.bin"

[[assets]]
name = "words"
source = { type = "local", path = "data/words" }

[agents.narrator]
required_assets = ["voice", "kokoro"]
`;

const yaml = `name: cast
version: 0.1.0
server:
  port: 4000
assets:
  - name: voice
    version: "1.0"
    asset_type: voice
    source:
      type: http
      url: https://models.example/voice.bin
  - name: words
    source: { type: local, path: data/words }
agents:
  narrator:
    required_assets: [voice, kokoro]
`;

const json = JSON.stringify(
  {
    name: "cast",
    version: "0.1.0",
    server: { port: 4000 },
    assets: [
      {
        name: "voice",
        version: "1.0",
        asset_type: "voice",
        source: { type: "http", url: "https://models.example/voice.bin" },
      },
      { name: "words", source: { type: "local", path: "data/words" } },
    ],
    agents: { narrator: { required_assets: ["voice", "kokoro"] } },
  },
  null,
  2,
);

async function load(files: Record<string, string>, cwd = "") {
  await using folder = await createTempFolder();
  for (const [name, text] of Object.entries(files)) await folder.write(name, text);
  const loaded = loadSettings({ env: { HOME: "/home/nobody" }, cwd: join(folder.path, cwd) });
  if (!loaded.project) throw new Error("no project file was found");
  return { loaded, folder: folder.path, assets: loadProjectAssets(loaded.project, ["kokoro"], loaded.env) };
}

const failureIn = async (files: Record<string, string>): Promise<AppError> =>
  (await failureOf(load(files))) as unknown as AppError;

describe("the project file", () => {
  for (const [name, text] of [
    ["troupe.toml", toml],
    ["troupe.yaml", yaml],
    ["troupe.yml", yaml],
    ["troupe.json", json],
  ] as const) {
    test(`${name} declares assets and what agents need`, async () => {
      const { loaded, folder, assets } = await load({ [name]: text, "deep/er/x": "" }, "deep/er");
      expect(loaded.projectFile).toBe(join(folder, name));
      expect(loaded.projectFolder).toBe(folder);
      expect(loaded.settings["server.port"]).toBe(4000);
      expect(assets.declared.map((asset) => [asset.name, asset.version, asset.assetType])).toEqual([
        ["voice", "1.0", "voice"],
        ["words", "latest", "model"],
      ]);
      expect([...assets.requiredBy]).toEqual([["narrator", ["voice", "kokoro"]]]);
    });
  }

  test("openmas_project.yml is read as it stands, with all that is not ours in it", async () => {
    const text = `name: my_project
version: "0.1.0"
agents:
  simple: agents/simple
  hearing:
    module: agents.hearing
    class: HearingAgent
    required_assets: [vosk]
shared_paths: [shared]
extension_paths: []
default_config: { log_level: INFO }
settings:
  assets:
    cache_dir: \${HOME}/openmas
    something_new: 1
  elsewhere: true
assets:
  - name: vosk
    version: "0.22"
    source: { type: http, url: https://models.example/vosk.zip }
    checksum: "sha256:${"0".repeat(64)}"
    unpack: true
    unpack_format: zip
    description:
    authentication: null
`;
    const { loaded, assets } = await load({ "openmas_project.yml": text });
    expect(loaded.settings["settings.assets.cache_dir"]).toBe("/home/nobody/openmas");
    expect(assets.declared.map(({ name }) => name)).toEqual(["vosk"]);
    expect(assets.requiredBy.get("hearing")).toEqual(["vosk"]);
  });

  test("local paths are relative to the file, and expand as all others in it", async () => {
    const declare = (path: string): string =>
      `[[assets]]\nname = "v"\nsource = { type = "local", path = "${path}" }\n`;
    const pathOf = async (path: string): Promise<unknown> => {
      const { assets, folder } = await load({ "troupe.toml": declare(path), "sub/x": "" }, "sub");
      const [source] = assets.declared[0]?.sources ?? [];
      return source?.type === "local" && source.path.replace(folder, "PROJECT");
    };
    expect(await pathOf("data/v.bin")).toBe("PROJECT/data/v.bin");
    expect(await pathOf("~/v.bin")).toBe("/home/nobody/v.bin");
    expect(await pathOf("${HOME}/v.bin")).toBe("/home/nobody/v.bin");
    expect((await failureIn({ "troupe.toml": declare("${NOWHERE}/v") })).message).toMatch(
      /troupe\.toml:1: assets\[0\]: .*NOWHERE is not set/,
    );
  });

  test("the one of Troupe's own counts where both are", async () => {
    const { loaded, folder } = await load({ "openmas_project.yml": "name: x", "troupe.toml": toml });
    expect(loaded.projectFile).toBe(join(folder, "troupe.toml"));
  });

  test("an empty one is no mistake", async () => {
    for (const name of ["troupe.toml", "troupe.yaml"]) {
      expect((await load({ [name]: "" })).assets.declared).toEqual([]);
    }
  });
});

describe("what does not fit is E_SCHEMA with file, line and field", () => {
  const cases: [string, string, string, number, string][] = [
    ["troupe.toml", toml.replace("https://models", "gopher://models"), "assets[0].source.url", 14, "URL"],
    ["troupe.yaml", yaml.replace("https://models", "gopher://models"), "assets[0].source.url", 11, "URL"],
    ["troupe.json", json.replace("https://models", "gopher://models"), "assets[0].source.url", 14, "URL"],
    [
      "troupe.toml",
      toml.replace('path = "data', 'pth = "data'),
      "assets[1].source.path",
      18,
      "expected string",
    ],
    ["troupe.yaml", yaml.replace("name: words", "name: voice"), "assets[1].name", 12, "two assets"],
    ["troupe.toml", toml.replace('name = "words"', 'name = "voice"'), "assets[1].name", 17, "two assets"],
    ["troupe.yaml", yaml.replace("port: 4000", "port: 70000"), "server.port", 4, "server.port"],
    ["troupe.json", json.replace('"port"', '"prot"'), "server.prot", 5, "did you mean server.port"],
    [
      "troupe.toml",
      toml.replace('"kokoro"]', '"kokro"]'),
      "agents.narrator.required_assets[1]",
      21,
      "kokoro",
    ],
    [
      "troupe.yaml",
      yaml.replace("kokoro]", "nobody]"),
      "agents.narrator.required_assets[1]",
      16,
      "no asset nobody",
    ],
  ];
  for (const [name, text, field, line, message] of cases) {
    test(`${name}: ${field}`, async () => {
      const error = await failureIn({ [name]: text });
      expect([error.code, error.details?.field, error.details?.line]).toEqual(["E_SCHEMA", field, line]);
      expect(error.message).toContain(`${name}:${line}: `);
      expect(error.message).toContain(message);
    });
  }

  test("a text that is not what its name says has its line too", async () => {
    expect((await failureIn({ "troupe.json": '{\n "name": "x",\n "name": "y"}' })).message).toMatch(
      /json:3:\d+/,
    );
    expect((await failureIn({ "troupe.yaml": "a: [1\nb: 2\n" })).message).toMatch(/yaml:\d+:\d+/);
    expect((await failureIn({ "troupe.json": "name: plain yaml\n" })).code).toBe("E_SCHEMA");
    expect((await failureIn({ "troupe.yaml": "- a\n- b\n" })).message).toContain("table of sections");
  });

  test("aliases without end are refused", async () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]\n`;
    expect((await failureIn({ "troupe.yaml": bomb })).code).toBe("E_SCHEMA");
  });
});

test("the example of the documentation is one that works", async () => {
  const page = await Bun.file(join(import.meta.dir, "../../docs/assets.md")).text();
  const example = /```toml\n([\s\S]*?)```/.exec(page)?.[1]?.replace("…64 hex digits…", "0".repeat(64)) ?? "";
  const { assets, loaded } = await load({ "troupe.toml": example });
  expect(assets.declared.map(({ name }) => name)).toEqual(["vosk-small", "house-voice"]);
  expect([...assets.requiredBy]).toEqual([["narrator", ["house-voice"]]]);
  expect(loaded.settings["settings.assets.quota_gb"]).toBe(20);
});
