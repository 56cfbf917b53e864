// What a project file says of a provider's models reaches the engine: the whole program, with models from a server on
// loopback. Whisper's is the tiny one of test/support; Silero's and Moonshine's are the real ones, served under other names.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createApp } from "../../src/app.ts";
import type { CliApp } from "../../src/cli/app-port.ts";
import { loadSettings } from "../../src/config/load-settings.ts";
import { createPcmFramer } from "../../src/audio/pcm.ts";
import { createAssetServer, type AssetServer } from "../support/asset-server.ts";
import { failureOf } from "../support/failure-of.ts";
import { serveHub } from "../support/hub-server.ts";
import { findRealModels } from "../support/real-models.ts";
import { readSpeechFixture } from "../support/speech-fixture.ts";
import { createTempFolder, type TempFolder } from "../support/temp-folder.ts";
import { writeWhisperModel } from "../support/whisper-model.ts";

setDefaultTimeout(120_000);

let server: AssetServer;
let shelf: TempFolder;
/** Path in the model's folder → bytes. */
let whisper: Record<string, Uint8Array>;
beforeAll(async () => {
  server = await createAssetServer();
  shelf = await createTempFolder();
  await writeWhisperModel(join(shelf.path, "whisper"));
  whisper = await readFolder(join(shelf.path, "whisper"));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await shelf[Symbol.asyncDispose]();
});

async function readFolder(folder: string): Promise<Record<string, Uint8Array>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [file.slice(folder.length + 1), await Bun.file(file).bytes()] as const),
    ),
  );
}

interface World extends AsyncDisposable {
  app: CliApp;
  folder: TempFolder;
  modelsRoot: string;
}

async function open(
  project: string,
  options: { env?: Record<string, string>; prepare?: (folder: TempFolder) => Promise<void> } = {},
): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createTempFolder());
  await folder.write("project/troupe.toml", project);
  await options.prepare?.(folder);
  const loaded = loadSettings({
    env: { HOME: folder.path, HF_ENDPOINT: server.origin, ...options.env },
    cwd: join(folder.path, "project"),
    overrides: { "reply.source": "none" },
  });
  const app = stack.use(await createApp(loaded, { version: "0.0.0-test", logs: "none" }));
  const held = stack.move();
  return {
    app,
    folder,
    modelsRoot: join(folder.path, ".troupe/models"),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

const tone = (hz: number): Float32Array =>
  Float32Array.from({ length: 32_000 }, (_, i) => 0.3 * Math.sin((2 * Math.PI * hz * i) / 16_000));

async function hear({ app }: World, provider: string, pcm: Float32Array): Promise<string> {
  const recognizer = await app.speech.recognizer({ provider, timeoutMs: 90_000 });
  await using session = recognizer.open();
  session.push(pcm);
  return (await session.finish()).text;
}

const serveAll = (prefix: string, files: Record<string, Uint8Array>): string =>
  Object.entries(files)
    .map(
      ([name, bytes]) =>
        `${JSON.stringify(name)} = ${JSON.stringify(server.serve(`/${prefix}/${name}`, bytes))}`,
    )
    .join("\n");

describe("Whisper hears with the model", () => {
  test("that lies in the overridden folder, under the overridden name", async () => {
    await using w = await open(
      `[providers.asr.whisper.assets]\ndirectory_name = "ears"\nfile_extension = ".bundle"\n`,
      { prepare: (folder) => writeWhisperModel(join(folder.path, ".troupe/models/ears/tiny.bundle")) },
    );
    expect(await w.app.providers.modelPath("whisper", "tiny")).toBe(join(w.modelsRoot, "ears/tiny.bundle"));
    expect(await hear(w, "whisper", tone(300))).toBe("hello world.");
  });

  test("that the project file names as a pack", async () => {
    await using w = await open(`
[providers.asr.whisper]
model = "ours"
[providers.asr.whisper.assets]
directory_name = "ears"
[providers.asr.whisper.assets.model_urls.ours.files]
${serveAll("pack", whisper)}
`);
    expect(await hear(w, "whisper", tone(4000))).toBe("bonjour le monde.");
    expect((await readdir(join(w.modelsRoot, "ears/ours"))).sort()).toEqual([
      "config.json",
      "generation_config.json",
      "onnx",
      "preprocessor_config.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
  });

  test("that comes as an archive", async () => {
    const url = server.serve("/ours.tar.gz", Bun.gzipSync(await new Bun.Archive(whisper).bytes()));
    await using w = await open(`[providers.asr.whisper.assets.model_urls]\ntiny = "${url}"\n`);
    expect(await hear(w, "whisper", tone(300))).toBe("hello world.");
    const rows = await w.app.providers.list();
    expect(rows.find(({ name }) => name === "whisper")?.models.find(({ id }) => id === "tiny")).toMatchObject(
      {
        path: join(w.modelsRoot, "whisper/tiny"),
        isInstalled: true,
      },
    );
  });

  test("that the hub has, when nobody else does", async () => {
    serveHub(server, {
      "onnx-community/whisper-tiny": { files: { ...whisper, "pytorch_model.bin": tone(9) as never } },
    });
    await using w = await open("");
    expect(await hear(w, "whisper", tone(300))).toBe("hello world.");
    expect(await readdir(join(w.modelsRoot, "whisper/tiny"))).not.toContain("pytorch_model.bin");
  });

  test("that lies where programs of old kept it", async () => {
    await using w = await open("", {
      prepare: (folder) => writeWhisperModel(join(folder.path, ".cache/whisper/whisper-tiny")),
    });
    expect(await hear(w, "whisper", tone(300))).toBe("hello world.");
    expect((await w.app.findOldModels()).map(({ provider, id }) => [provider, id])).toEqual([
      ["whisper", "whisper-tiny"],
    ]);
  });

  test("that is promised to be here: E_NOT_FOUND with its place until it is", async () => {
    const project = `[providers.asr.whisper.assets.model_urls]\ntiny = "local"\n`;
    await using w = await open(project);
    const error = await failureOf(w.app.speech.recognizer({ provider: "whisper", timeoutMs: 90_000 }));
    expect(error).toMatchObject({
      code: "E_NOT_FOUND",
      message: expect.stringContaining(join(w.modelsRoot, "whisper")),
    });
    expect((await failureOf(w.app.providers.ensureModel("whisper"))).code).toBe("E_NOT_FOUND");
  });
});

const models = await findRealModels(["silero-vad", "moonshine-tiny"]);
if (models) {
  const { pcm: speech } = await readSpeechFixture();
  const silero = await Bun.file(await models.getAssetPath("silero-vad")).bytes();
  const moonshine = await readFolder(await models.getAssetPath("moonshine-tiny"));

  describe("the engines load the file that the project file names", () => {
    test("Silero's by its own URL, at its own place", async () => {
      const url = server.serve("/ears-v9.bin", silero);
      await using w = await open(`
[providers.vad.silero.assets]
directory_name = "voices-or-not"
model_urls = { v5 = { url = "${url}", size = ${silero.length} } }
`);
      const detector = await w.app.speech.detector({ timeoutMs: 90_000 });
      await using stream = detector.open();
      const frames = createPcmFramer(512).push(speech);
      const probabilities = await Promise.all(frames.map((frame) => stream.push(frame)));
      expect(Math.max(...probabilities)).toBeGreaterThan(0.9);
      expect(await w.app.assets.getPath("silero-vad")).toBe(join(w.modelsRoot, "voices-or-not/v5.onnx"));
      expect(server.requests.some(({ path }) => path === "/ears-v9.bin")).toBe(true);
    });

    test("Silero's from another URL of the same bytes, and no other bytes from it", async () => {
      const url = server.serve("/mirror.onnx", silero);
      await using w = await open(`[providers.vad.silero]\nmodel_url = "${url}"\n`);
      await using detector = await w.app.speech.detector({ timeoutMs: 90_000 });
      expect(detector.id).toBe("silero");
      const liar = server.serve("/liar.onnx", silero.with(1000, 1 ^ (silero[1000] ?? 0)));
      await using lied = await open(`[providers.vad.silero]\nmodel_url = "${liar}"\n`);
      expect((await failureOf(lied.app.speech.detector({ timeoutMs: 90_000 }))).code).toBe("E_VERIFY");
    });

    test("Silero's that the user has put there, and no asset of that name is wanted any more", async () => {
      await using w = await open(`[providers.vad.silero.assets.model_urls]\nv5 = "local"\n`, {
        prepare: async (folder) => {
          await folder.write(".troupe/models/silero_vad/v5.onnx", silero);
        },
      });
      const requests = server.requests.length;
      await using detector = await w.app.speech.detector({ timeoutMs: 90_000 });
      expect(detector.id).toBe("silero");
      expect(server.requests).toHaveLength(requests);
      expect((await w.app.assets.list()).map(({ name }) => name)).not.toContain("silero-vad");
      expect(w.app.defaultAssets).not.toContain("silero-vad");
    });

    test("Moonshine's as a pack", async () => {
      await using w = await open(`
[providers.asr.moonshine.assets]
file_extension = ""
[providers.asr.moonshine.assets.model_urls.tiny.files]
${serveAll("moonshine", moonshine)}
`);
      expect((await hear(w, "moonshine", speech)).split(" ").length).toBeGreaterThan(2);
      expect(await w.app.assets.getPath("moonshine-tiny")).toBe(join(w.modelsRoot, "moonshine/tiny"));
    });
  });
}
