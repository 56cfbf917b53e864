import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createAssetStore } from "../../../src/assets/asset-store.ts";
import type { ProviderOverview, Providers } from "../../../src/assets/provider/port.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { createEnsureBaselines } from "../../../src/models/ensure/ensure-baselines.ts";
import { intentExamples } from "../../../src/models/ensure/classifier-examples.ts";
import {
  classifyText,
  parseTextClassifier,
  trainTextClassifier,
} from "../../../src/models/ensure/text-classifier.ts";
import type { TinyLlamaOptions } from "../../../src/models/ensure/tiny-llama.ts";
import { makeBytes } from "../../assets/store-fixture.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createLibraryFixture } from "../library-fixture.ts";

interface FakeModel {
  id: string;
  isInstalled?: boolean;
}

/** Providers whose models are brought by writing down that they were. */
function createFakeProviders(models: Record<string, readonly FakeModel[]>) {
  const brought: string[] = [];
  const list: Providers["list"] = async () =>
    Object.entries(models).map(([name, entries]) => {
      const [kind = "", id = ""] = name.split(".");
      return {
        kind,
        name: id,
        title: id,
        state: "ready",
        assets: {} as ProviderOverview["assets"],
        credentials: [],
        models: entries.map((model) => ({
          id: model.id,
          path: `/models/${name}/${model.id}`,
          isInstalled: model.isInstalled ?? false,
          isAsset: true,
        })),
        ...(entries[1] && { modelInUse: entries[1].id }),
      };
    });
  const ensureModel: Providers["ensureModel"] = async (provider, modelId) => {
    brought.push(`${provider}:${modelId}`);
    return modelId === "auto" ? null : `/models/${provider}/${modelId}`;
  };
  return { brought, list, ensureModel };
}

async function createWorld(tinyLlama: TinyLlamaOptions = {}, repositories = {}) {
  const w = await createLibraryFixture(repositories);
  const providers = createFakeProviders({
    "tts.kokoro": [{ id: "82m-q8", isInstalled: true }, { id: "voices" }],
    "asr.moonshine": [{ id: "tiny" }, { id: "base" }],
    "asr.whisper": [{ id: "tiny" }, { id: "base" }, { id: "auto" }],
    "vad.silero": [{ id: "v5" }],
  });
  const store = createAssetStore(
    { registry: w.registry },
    {
      catalogue: [],
      assetsDir: w.assetsDir,
      cacheRoot: w.cacheRoot,
      modelsRoot: w.modelsRoot,
      hubEndpoint: w.server.origin,
    },
  );
  const world = { store, registry: w.registry, clock: systemClock, modelsRoot: w.modelsRoot };
  const ensure = createEnsureBaselines({ ...world, library: w.library, providers }, tinyLlama);
  const held = new AsyncDisposableStack();
  held.use(w);
  held.use(store);
  return { ...w, brought: providers.brought, ensure, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

const gguf = (sizeBytes: number): Uint8Array => {
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(new TextEncoder().encode("GGUF"));
  return bytes;
};
const enough = 50 * 2 ** 20 + 1;

describe("ensure", () => {
  test("brings what speaks and hears by default, and says what was there", async () => {
    await using w = await createWorld();
    const operations = await w.ensure({ allDefaults: true });
    expect(operations.map(({ name, status }) => [name, status])).toEqual([
      ["tts.kokoro:82m-q8", "present"],
      ["tts.kokoro:voices", "installed"],
      ["asr.moonshine:base", "installed"],
      ["vad.silero:v5", "installed"],
      ["basic_cls", "installed"],
    ]);
    expect(w.brought).toEqual([
      "tts.kokoro:82m-q8",
      "tts.kokoro:voices",
      "asr.moonshine:base",
      "vad.silero:v5",
    ]);
  });

  test("takes a whisper of the size that is named, else the one in use", async () => {
    await using w = await createWorld();
    expect((await w.ensure({ whisper: "tiny" }))[0]?.name).toBe("asr.whisper:tiny");
    expect((await w.ensure({ whisper: true }))[0]?.name).toBe("asr.whisper:base");
    expect(await w.ensure({ whisper: "auto" })).toEqual([
      { name: "asr.whisper:auto", status: "skipped", reason: expect.stringContaining("first used") },
    ]);
  });

  test("takes any provider's model, and refuses what names none", async () => {
    await using w = await createWorld();
    expect(await w.ensure({ providers: ["asr.whisper:tiny", "vad.silero"] })).toMatchObject([
      { name: "asr.whisper:tiny", status: "installed" },
      { name: "vad.silero:v5" },
    ]);
    expect((await failureOf(w.ensure({ providers: ["whisper"] }))).code).toBe("E_ARGS");
    expect((await failureOf(w.ensure({ providers: ["asr.none"] }))).code).toBe("E_NOT_FOUND");
    expect((await failureOf(w.ensure({}))).code).toBe("E_ARGS");
  });

  test("says of the wake word and the language pipeline how things are", async () => {
    await using w = await createWorld();
    expect(await w.ensure({ wakeword: true, spacy: true })).toEqual([
      { name: "wakeword", status: "skipped", reason: expect.stringContaining("transcript") },
      { name: "spacy", status: "skipped", reason: expect.stringContaining("troupe.toml") },
    ]);
  });

  test("brings distilbert to its fixed place, once", async () => {
    const files = { "model.safetensors": makeBytes(2000) };
    await using w = await createWorld({}, { "distilbert-base-uncased": { files } });
    const path = join(w.modelsRoot, "distilbert-base-uncased");
    expect(await w.ensure({ distilbert: true })).toEqual([{ name: "distilbert", status: "installed", path }]);
    expect(await w.ensure({ distilbert: true })).toEqual([{ name: "distilbert", status: "present", path }]);
  });

  test("a failure says what was done until then", async () => {
    await using w = await createWorld();
    const failure = await failureOf(w.ensure({ silero: true, distilbert: true }));
    expect([failure.code, failure["details"]]).toEqual([
      "E_NOT_FOUND",
      expect.objectContaining({
        operations: [{ name: "vad.silero:v5", status: "installed", path: expect.any(String) }],
      }),
    ]);
  });
});

describe("ensure --tinyllama", () => {
  const repository = "TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF";

  test("brings the usual file from the hub, and no other of the repository", async () => {
    const name = "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf";
    const files = { [name]: gguf(enough), "other.gguf": gguf(100) };
    await using w = await createWorld({}, { [repository]: { files, license: "apache-2.0" } });
    const path = join(w.modelsRoot, "llama-cpp", repository, name);
    expect(await w.ensure({ tinyllama: true })).toEqual([{ name: "tinyllama", status: "installed", path }]);
    expect(await readdir(join(w.modelsRoot, "llama-cpp", repository))).toEqual([name]);
    expect(await w.ensure({ tinyllama: true })).toEqual([{ name: "tinyllama", status: "present", path }]);
    expect((await w.registry.load()).get(repository)?.files).toHaveLength(1);
  }, 60_000);

  test("honours the file name and the address that are set", async () => {
    await using w = await createLibraryFixture({});
    const url = w.server.serve("/some/where.bin", gguf(enough));
    await using own = await createWorld({ fileName: "mine.gguf", url });
    const path = join(own.modelsRoot, "llama-cpp/unknown/mine/mine.gguf");
    expect(await own.ensure({ tinyllama: true })).toEqual([{ name: "tinyllama", status: "installed", path }]);
    expect((await own.registry.load()).get("unknown/mine")).toMatchObject({ library: "llama-cpp" });
    const failing = await createWorld({ fileName: "../mine.gguf", url });
    await using _failing = failing;
    expect((await failureOf(failing.ensure({ tinyllama: true }))).code).toBe("E_ARGS");
  }, 60_000);

  test.each([
    ["too small", gguf(1000)],
    ["no GGUF", makeBytes(enough)],
  ])(
    "a file that is %s is called .corrupt, without a record, and is E_VERIFY",
    async (_what, content) => {
      await using served = await createLibraryFixture({});
      const url = served.server.serve("/tiny.gguf", content);
      await using w = await createWorld({ fileName: "tiny.gguf", url });
      const failure = await failureOf(w.ensure({ tinyllama: true }));
      expect([failure.code, failure.message]).toEqual([
        "E_VERIFY",
        expect.stringContaining("TINY_LLAMA_URL"),
      ]);
      expect(await readdir(join(w.modelsRoot, "llama-cpp/unknown/tiny"))).toEqual(["tiny.gguf.corrupt"]);
      expect((await w.registry.load()).size).toBe(0);
    },
    60_000,
  );
});

describe("ensure --basic-cls", () => {
  test("writes the classifier once, registers it, and makes a changed one good", async () => {
    await using w = await createWorld();
    const path = join(w.modelsRoot, "basic_cls/classifier.json");
    const ensure = () => w.ensure({ basicCls: true });
    expect(await ensure()).toEqual([{ name: "basic_cls", status: "installed", path }]);
    expect(await ensure()).toEqual([{ name: "basic_cls", status: "present", path }]);
    expect(await w.library.verify()).toMatchObject([{ modelId: "basic_cls", status: "ok" }]);
    await Bun.write(path, "{}");
    expect((await w.library.verify())[0]?.status).toBe("bad");
    expect((await ensure())[0]?.status).toBe("installed");
    expect((await w.library.verify())[0]?.status).toBe("ok");
  });

  test("the classifier knows what it was never told word for word", () => {
    const text = JSON.stringify(trainTextClassifier(intentExamples));
    const classifier = parseTextClassifier(text, "classifier.json");
    const said = {
      "good evening": "greeting",
      "thank you very much": "thanks",
      "please stop that now": "stop",
      "could you repeat that please": "repeat",
      "what is the weather like tomorrow": "weather",
      "set a timer for five minutes": "timer",
      "please turn the volume up a bit": "louder",
      "tell me another story": "story",
      "what's your name, who are you": "identity",
      "goodbye my friend, see you tomorrow": "farewell",
    };
    const found = Object.keys(said).map((text) => [text, classifyText(classifier, text)?.label]);
    expect(Object.fromEntries(found)).toEqual(said);
    expect(classifyText(classifier, "xylophone quarks")).toBe(null);
    expect(classifyText(classifier, "hello")?.confidence).toBeGreaterThan(0.5);
    expect(() => parseTextClassifier("[]", "x.json")).toThrow("--basic-cls");
  });

  test("every example is found again", () => {
    const classifier = trainTextClassifier(intentExamples);
    const wrong = Object.entries(intentExamples).flatMap(([label, texts]) =>
      texts.filter((text) => classifyText(classifier, text)?.label !== label),
    );
    expect(wrong).toEqual([]);
  });
});
