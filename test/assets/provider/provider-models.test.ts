// Models of providers on their way through the real store, from a server on loopback.
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { AssetDefinition } from "../../../src/assets/asset-schema.ts";
import { mergeCatalogues } from "../../../src/assets/catalogue/merge-catalogues.ts";
import type { ModelEntry } from "../../../src/assets/provider/model-entry.ts";
import type { ModelOrigin, ModelOverrides, ModelPlanning } from "../../../src/assets/provider/plan-models.ts";
import { describeProviderAssets, type ProviderAssets } from "../../../src/assets/provider/provider-assets.ts";
import {
  createProviderModels,
  listDefinitions,
  listUserModels,
} from "../../../src/assets/provider/provider-models.ts";
import { failureOf } from "../../support/failure-of.ts";
import { serveHub } from "../../support/hub-server.ts";
import { createStoreFixture, makeBytes, readBytes, sha256 } from "../store-fixture.ts";

const weights = makeBytes(4000, 3);
const other = makeBytes(4000, 4);

async function createWorld() {
  const f = await createStoreFixture(() => []);
  const modelsRoot = join(f.folder.path, "models");
  const url = f.server.serve("/weights.onnx", weights);
  const builtIn: AssetDefinition = {
    name: "silero-vad",
    files: [{ path: "silero_vad.onnx", sizeBytes: weights.length, sha256: sha256(weights) }],
    sources: [{ type: "http", url }],
  };
  const open = (
    own: Partial<ProviderAssets>,
    more: {
      overrides?: Partial<ModelOverrides>;
      describeModel?: (id: string) => ModelOrigin;
      namesOf?: (id: string) => string[];
    } = {},
  ) => {
    const planning: ModelPlanning = {
      provider: {
        kind: "vad",
        id: "silero",
        assets: describeProviderAssets("silero", { file_extension: ".onnx", ...own }),
        catalogued: { v5: "silero-vad" },
        describeModel: more.describeModel,
      },
      overrides: { isMoved: false, ...more.overrides },
      modelsRoot,
      builtIn: new Map([[builtIn.name, builtIn]]),
    };
    const store = f.open(mergeCatalogues([builtIn], listDefinitions(planning)), { modelsRoot });
    const oldFolders = [join(f.folder.path, "old")];
    return {
      planning,
      store,
      ...createProviderModels(store, { planning, oldFolders, namesOf: more.namesOf }),
    };
  };
  return { ...f, modelsRoot, url, open };
}

describe("a model is brought", () => {
  test("by the catalogue, where the project says nothing else", async () => {
    await using w = await createWorld();
    const models = w.open({ model_urls: { v5: "auto" } });
    expect(await models.list()).toEqual([
      {
        id: "v5",
        path: join(w.assetsDir, "model/silero-vad/latest/silero_vad.onnx"),
        isInstalled: false,
        isAsset: true,
      },
    ]);
    const path = await models.ensure("v5");
    expect(await models.list()).toEqual([{ id: "v5", path: path ?? "", isInstalled: true, isAsset: true }]);
  });

  test("from the URL of the project, to the overridden place, under the name that its provider asks for", async () => {
    await using w = await createWorld();
    const url = w.server.serve("/mine.bin", other);
    const models = w.open({ directory_name: "ears", file_extension: ".bin", model_urls: { v5: { url } } });
    const path = join(w.modelsRoot, "ears/v5.bin");
    expect(await models.ensure("v5")).toBe(path);
    expect(await models.store.getPath("silero-vad")).toBe(path);
    expect(await readBytes(path)).toEqual(other);
    expect(await models.list()).toEqual([{ id: "v5", path, isInstalled: true, isAsset: true }]);
    expect(w.server.requests.map(({ path: asked }) => asked)).not.toContain("/weights.onnx");
  });

  test("as a pack, all of it or nothing", async () => {
    await using w = await createWorld();
    const files = { "a.onnx": w.url, "sub/b.bin": w.server.serve("/b.bin", other) };
    const models = w.open({ file_extension: "", model_urls: { pack: { files } } });
    const path = await models.ensure("pack");
    expect(path).toBe(join(w.modelsRoot, "silero/pack"));
    expect(await readBytes(join(path ?? "", "sub/b.bin"))).toEqual(other);

    const half = { ...files, "c.json": `${w.server.origin}/missing.json` };
    const broken = w.open({ file_extension: "", model_urls: { half: { files: half } } });
    expect((await failureOf(broken.ensure("half"))).code).toBe("E_NOT_FOUND");
    expect(await readdir(join(w.modelsRoot, "silero"))).toEqual(["pack"]);
  });

  test("out of an archive, told by its URL or by its magic", async () => {
    await using w = await createWorld();
    const archive = await new Bun.Archive({ "weights/w.bin": weights, "readme.txt": "hello" }).bytes();
    const urls = { byName: w.server.serve("/m.tar", archive), byMagic: w.server.serve("/download", archive) };
    const model_urls: Record<string, ModelEntry> = {
      byName: { url: urls.byName, checksum: sha256(archive), size: archive.length },
      byMagic: { url: urls.byMagic },
      whole: { url: urls.byName, extract: false },
    };
    const models = w.open({ file_extension: "", model_urls });
    for (const id of ["byName", "byMagic"]) {
      expect(await readBytes(join((await models.ensure(id)) ?? "", "weights/w.bin"))).toEqual(weights);
    }
    expect(await readBytes(join((await models.ensure("whole")) ?? "", "m.tar"))).toEqual(archive);
  });

  test("with its checksum and size proved before it has its name", async () => {
    await using w = await createWorld();
    const wrong: Record<string, ModelEntry> = {
      digest: { url: w.url, checksum: "0".repeat(64) },
      size: { url: w.url, size: 17 },
      archive: { url: w.url, extract: true },
    };
    const models = w.open({ model_urls: wrong });
    for (const id of Object.keys(wrong)) expect((await failureOf(models.ensure(id))).code).toBe("E_VERIFY");
    expect((await models.list()).map(({ isInstalled }) => isInstalled)).toEqual([false, false, false]);
  });

  test("from another URL that is no other model: model_url keeps the manifest", async () => {
    await using w = await createWorld();
    const over = (url: string) => ({ overrides: { modelUrl: { url, modelId: "v5" } } });
    const mirror = w.server.serve("/mirror.onnx", weights);
    const path = await w.open({ model_urls: { v5: "auto" } }, over(mirror)).ensure("v5");
    expect(await readBytes(path ?? "")).toEqual(weights);
    expect(w.server.requests.map(({ path: asked }) => asked)).toEqual(["/mirror.onnx"]);

    await using fresh = await createWorld();
    const liar = fresh.server.serve("/liar.onnx", other);
    const error = await failureOf(fresh.open({ model_urls: { v5: "auto" } }, over(liar)).ensure("v5"));
    expect(error).toMatchObject({ code: "E_VERIFY", details: { expected: sha256(weights) } });
  });

  test("from where the provider says, when nobody else does", async () => {
    await using w = await createWorld();
    serveHub(w.server, {
      "ann/tiny": { files: { "config.json": weights, "onnx/w.onnx": other, "w.pt": other } },
    });
    const models = w.open(
      { file_extension: "", model_urls: { tiny: "auto" } },
      {
        describeModel: (id) => ({
          sources: [{ type: "hf", repoId: `ann/${id}`, allowPatterns: ["*.json", "onnx/*"] }],
        }),
      },
    );
    expect(models.origin("tiny")).toBe("request");
    const path = await models.ensure("tiny");
    expect(path).toBe(join(w.modelsRoot, "silero/tiny"));
    expect((await readdir(path ?? "", { recursive: true })).sort()).toEqual([
      "config.json",
      "onnx",
      "onnx/w.onnx",
    ]);
    expect((await models.list())[0]?.isInstalled).toBe(true);
  });

  test("and not at all when the user has put it elsewhere", async () => {
    await using w = await createWorld();
    await w.folder.write("old/tiny/config.json", "{}");
    const describeModel = () => ({ sources: [{ type: "http" as const, url: w.url }] });
    const models = w.open({ file_extension: "", model_urls: { tiny: "auto" } }, { describeModel });
    expect(await models.ensure("tiny")).toBe(join(w.folder.path, "old/tiny"));
    expect(w.fetchCount()).toBe(0);
    expect(await models.ensure("tiny", { forceDownload: true })).toBe(join(w.modelsRoot, "silero/tiny"));
  });
});

describe("a model that the user brings", () => {
  test("is E_NOT_FOUND with its place until it is there", async () => {
    await using w = await createWorld();
    const models = w.open({ model_urls: { v5: "local" } });
    const path = join(w.modelsRoot, "silero/v5.onnx");
    expect([...listUserModels(models.planning)]).toEqual([["silero-vad", "v5"]]);
    const error = await failureOf(models.ensure("v5"));
    expect([error.code, error.message]).toEqual(["E_NOT_FOUND", expect.stringContaining(path)]);
    await Bun.write(path, "");
    expect((await failureOf(models.ensure("v5"))).code).toBe("E_NOT_FOUND");
    await Bun.write(path, "x");
    expect(await models.ensure("v5")).toBe(path);
    expect(w.fetchCount()).toBe(0);
  });

  test("is found where settings of old and programs of old put it", async () => {
    await using w = await createWorld();
    const mine = await w.folder.write("anywhere/mine.bin", "x");
    const inRoot = await w.folder.write("root/a.onnx", "x");
    const inOld = await w.folder.write("old/long-name-b.onnx", "x");
    const models = w.open(
      { model_urls: { a: "local", b: "local" } },
      {
        overrides: { downloadRoot: join(w.folder.path, "root"), modelPaths: { v5: mine } },
        namesOf: (id) => [`long-name-${id}.onnx`],
      },
    );
    expect(await Promise.all(["v5", "a", "b"].map((id) => models.ensure(id)))).toEqual([mine, inRoot, inOld]);
    expect((await models.list()).every(({ isInstalled }) => isInstalled)).toBe(true);
    expect(models.folders).toEqual([
      join(w.folder.path, "root"),
      join(w.modelsRoot, "silero"),
      join(w.folder.path, "old"),
    ]);
  });

  test("or that the provider's library brings is nobody's to fetch", async () => {
    await using w = await createWorld();
    const models = w.open({ model_urls: { lib: "auto" } });
    expect(await models.ensure("lib")).toBeNull();
    expect(await models.ensure("never-heard-of")).toBeNull();
    expect(w.fetchCount()).toBe(0);
  });
});
