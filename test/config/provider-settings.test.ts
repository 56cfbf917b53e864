import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readProjectFile } from "../../src/config/project-file.ts";
import { listProviderSettings, readProviderTables } from "../../src/config/provider-settings.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const env = { HOME: "/home/nobody", WEIGHTS: "/weights" };

async function readFrom(text: string, name = "troupe.toml") {
  await using folder = await createTempFolder();
  const read = readProviderTables(readProjectFile(await folder.write(name, text)), env);
  return { ...read, dir: folder.path };
}
const failure = (text: string) => readFrom(text).catch((error: unknown) => error);

describe("a provider's table", () => {
  test("reaches it as it stands", async () => {
    const text =
      '[providers.tts.kokoro]\nphonemizer = "phonemize"\n[providers.asr.whisper]\nmodel = "base"\nenabled = false\n';
    const { tables } = await readFrom(text);
    expect(listProviderSettings(tables)).toEqual({
      tts: { kokoro: { phonemizer: "phonemize" } },
      asr: { whisper: { model: "base", enabled: false } },
    });
    expect(tables.map(({ id, isEnabled }) => [id, isEnabled])).toEqual([
      ["kokoro", true],
      ["whisper", false],
    ]);
  });

  test("may be missing, and another program's file has none", async () => {
    const none = { tables: [], warnings: [] };
    expect(readProviderTables(undefined, env)).toEqual(none);
    expect(await readFrom("[server]\nport = 1\n")).toMatchObject(none);
    expect(await readFrom("providers: [1, 2]\n", "openmas_project.yml")).toMatchObject(none);
  });

  test("that is no table is E_SCHEMA with its field and line", async () => {
    expect(await failure("[providers.tts]\nkokoro = 3\n")).toMatchObject({
      code: "E_SCHEMA",
      details: { field: "providers.tts.kokoro", line: 2 },
    });
  });
});

describe("overrides of a provider's assets", () => {
  test("are read key by key, models in every form", async () => {
    const digest = "ab".repeat(32);
    const { tables } = await readFrom(`
[providers.asr.whisper]
model_url = "https://mirror.example/tiny.onnx"
[providers.asr.whisper.assets]
directory_name = "ears"
file_extension = ".bin"
credential_patterns = ["EARS_KEY"]
cache_types = ["models", "temp"]
[providers.asr.whisper.assets.model_urls]
one = "https://a.example/one.bin"
two = { url = "https://a.example/two.zip", size = 5, extract = true, checksum = "sha256:${digest.toUpperCase()}", format = "zip", description = "the second" }
three = { files = { "a.onnx" = "https://a.example/a", "sub/b.json" = "http://127.0.0.1:1/b" } }
four = "auto"
"five-5.1" = "local"
`);
    expect(tables[0]).toMatchObject({
      modelUrl: "https://mirror.example/tiny.onnx",
      settings: {},
      assets: {
        directory_name: "ears",
        file_extension: ".bin",
        credential_patterns: ["EARS_KEY"],
        cache_types: ["models", "temp"],
        model_urls: {
          one: { url: "https://a.example/one.bin" },
          two: { url: "https://a.example/two.zip", size: 5, extract: true, checksum: digest, format: "zip" },
          three: { files: { "a.onnx": "https://a.example/a", "sub/b.json": "http://127.0.0.1:1/b" } },
          four: "auto",
          "five-5.1": "local",
        },
      },
    });
  });

  test.each([
    ['directory_name = "../out"', "directory_name"],
    ['directory_name = ""', "directory_name"],
    ['directory_name = "/abs"', "directory_name"],
    ['directory_name = ".hidden"', "directory_name"],
    ['directory_name = "a\\\\b"', "directory_name"],
    ['directory_name = "~root"', "directory_name"],
    ['directory_name = "a\\u0000b"', "directory_name"],
    ['file_extension = "/../x"', "file_extension"],
    ['file_extension = "onnx"', "file_extension"],
    ['credential_patterns = ["sk-live-123"]', "credential_patterns[0]"],
    ['cache_types = ["attic"]', "cache_types[0]"],
    ['directry_name = "x"', "directry_name"],
    ['model_urls = { "../x" = "local" }', "model_urls.../x"],
    ['model_urls = { x = "ftp://a.example/x" }', "model_urls.x"],
    ['model_urls = { x = "file:///etc/passwd" }', "model_urls.x"],
    ['model_urls = { x = "https://user:pass@a.example/x" }', "model_urls.x"],
    ['model_urls = { x = "somewhere" }', "model_urls.x"],
    ['model_urls = { x = { url = "https://a.example/x", checksum = "md5:1" } }', "model_urls.x.checksum"],
    ['model_urls = { x = { url = "https://a.example/x", sise = 1 } }', "model_urls.x.sise"],
    ["model_urls = { x = { files = {} } }", "model_urls.x.files"],
    ['model_urls = { x = { files = { "../a" = "https://a.example/x" } } }', "model_urls.x.files.../a"],
    [
      'model_urls = { x = { files = { a = "https://h.example/1", A = "https://h.example/2" } } }',
      "model_urls.x.files",
    ],
  ])("%s is E_SCHEMA at its field", async (line, field) => {
    const error = await failure(`[providers.asr.whisper.assets]\n${line}\n`);
    expect(error).toMatchObject({
      code: "E_SCHEMA",
      details: { field: `providers.asr.whisper.assets.${field}` },
    });
  });

  test("a provider's name that would leave the folder is E_SCHEMA", async () => {
    expect(await failure('[providers.tts."../x"]\nvoice = "a"\n')).toMatchObject({ code: "E_SCHEMA" });
  });

  test("a model_url that is none is E_SCHEMA", async () => {
    expect(await failure('[providers.vad.silero]\nmodel_url = "silero.onnx"\n')).toMatchObject({
      code: "E_SCHEMA",
      details: { field: "providers.vad.silero.model_url", line: 2 },
    });
  });
});

describe("settings of old", () => {
  const text = `
[providers.asr.whisper]
download_root = "~/.cache/whisper"
model_paths = { mine = "models/mine", theirs = "\${WEIGHTS}/theirs" }
[providers.asr.google_cloud]
credentials_path = "keys/google.json"
[providers.llm.openai]
api_key_env = "MY_KEY"
`;

  test("still count, and are taken out of what the provider parses", async () => {
    const { tables, dir } = await readFrom(text);
    expect(tables.map(({ old, settings }) => [old, settings])).toEqual([
      [
        {
          downloadRoot: "/home/nobody/.cache/whisper",
          modelPaths: { mine: join(dir, "models/mine"), theirs: "/weights/theirs" },
        },
        {},
      ],
      [{ credentialsPath: join(dir, "keys/google.json") }, {}],
      [{ apiKeyEnv: "MY_KEY" }, {}],
    ]);
  });

  test("have exactly one warning each, which says what to write instead", async () => {
    const { warnings } = await readFrom(text);
    expect(warnings.map(({ field }) => field)).toEqual([
      "providers.asr.whisper.download_root",
      "providers.asr.whisper.model_paths",
      "providers.asr.google_cloud.credentials_path",
      "providers.llm.openai.api_key_env",
    ]);
    for (const { field, message } of warnings) {
      expect(message).toContain(field);
      expect(message).toContain("instead");
    }
  });

  test("model_paths may be a list of files", async () => {
    const { tables, dir } = await readFrom(
      '[providers.voice_trigger.openwakeword]\nmodel_paths = ["w/irene.onnx"]\n',
    );
    expect(tables[0]?.old.modelPaths).toEqual({ irene: join(dir, "w/irene.onnx") });
  });

  test.each([
    ["download_root = 3", "download_root"],
    ['download_root = "${NOWHERE}/x"', "download_root"],
    ['model_paths = { "../x" = "a" }', "model_paths"],
    ['api_key_env = "sk-123"', "api_key_env"],
  ])("%s is E_SCHEMA at its field", async (line, field) => {
    expect(await failure(`[providers.asr.whisper]\n${line}\n`)).toMatchObject({
      code: "E_SCHEMA",
      details: { field: `providers.asr.whisper.${field}`, line: 2 },
    });
  });
});

test("the example of the documentation is one that works", async () => {
  const guide = await Bun.file(join(import.meta.dir, "../../docs/providers.md")).text();
  const [, example = ""] = /```toml\n([\s\S]*?)```/.exec(guide) ?? [];
  const { tables, warnings } = await readFrom(example.replace("…64 hex digits…", "ab".repeat(32)));
  expect(tables.map(({ kind, id }) => `${kind}.${id}`)).toEqual(["asr.whisper", "llm.openai"]);
  expect(Object.keys(tables[0]?.assets.model_urls ?? {})).toEqual([
    "house",
    "archived",
    "plain",
    "brought",
    "base",
  ]);
  expect(warnings).toEqual([]);
});
