import { describe, expect, test } from "bun:test";
import type { AssetDefinition } from "../../../src/assets/asset-schema.ts";
import { selectUnpack } from "../../../src/assets/provider/archive-format.ts";
import type { ModelEntry } from "../../../src/assets/provider/model-entry.ts";
import {
  listModelIds,
  type ModelOverrides,
  modelPath,
  type ModelPlanning,
  planModel,
  type ProviderModelsDescription,
} from "../../../src/assets/provider/plan-models.ts";
import {
  describeProviderAssets,
  mergeProviderAssets,
  type ProviderAssets,
} from "../../../src/assets/provider/provider-assets.ts";

const sha256 = "ab".repeat(32);
const oneFile: AssetDefinition = {
  name: "silero-vad",
  files: [{ path: "silero_vad.onnx", sizeBytes: 9, sha256 }],
  sources: [{ type: "http", url: "https://origin.example/silero_vad.onnx" }],
};
const twoFiles: AssetDefinition = {
  ...oneFile,
  name: "moonshine-tiny",
  files: [
    { path: "encoder.onnx", sizeBytes: 9, sha256 },
    { path: "decoder.onnx", sizeBytes: 9, sha256 },
  ],
};

function planning(
  own: Partial<ProviderAssets> & { catalogued?: ProviderModelsDescription["catalogued"] },
  overrides: Partial<ModelOverrides> = {},
  rest: Partial<ProviderModelsDescription> = {},
): ModelPlanning {
  const { catalogued, ...assets } = own;
  return {
    provider: {
      kind: "asr",
      id: "whisper",
      assets: describeProviderAssets("whisper", assets),
      catalogued,
      ...rest,
    },
    overrides: { isMoved: false, ...overrides },
    modelsRoot: "/models",
    builtIn: new Map([oneFile, twoFiles].map((asset) => [asset.name, asset])),
  };
}
const planOf = (entry: ModelEntry, own: Partial<ProviderAssets> = {}) =>
  planModel(planning({ ...own, model_urls: { base: entry } }), "base");
const definitionOf = (entry: ModelEntry, own: Partial<ProviderAssets> = {}) => {
  const { by } = planOf(entry, own);
  return by.kind === "catalogue" ? by.definition : undefined;
};

describe("a provider's description", () => {
  test("has a default for everything: its own directory, no extension, no credentials, the runtime cache, no urls", () => {
    expect(describeProviderAssets("my_tts")).toEqual({
      file_extension: "",
      directory_name: "my_tts",
      credential_patterns: [],
      cache_types: ["runtime"],
      model_urls: {},
    });
  });

  test("is overridden key by key, and its models by their ids", () => {
    const own = describeProviderAssets("x", {
      file_extension: ".onnx",
      model_urls: { a: "auto", b: "auto" },
    });
    expect(mergeProviderAssets(own, { directory_name: "y", model_urls: { b: "local", c: "local" } })).toEqual(
      {
        ...own,
        directory_name: "y",
        model_urls: { a: "auto", b: "local", c: "local" },
      },
    );
  });
});

describe("a model's path", () => {
  test("is <models_root>/<directory_name>/<model_id><file_extension>, overrides and all", () => {
    expect(modelPath(planning({}), "base")).toBe("/models/whisper/base");
    expect(modelPath(planning({ file_extension: ".pt", directory_name: "ears" }), "large-v3")).toBe(
      "/models/ears/large-v3.pt",
    );
  });

  test("is where a setting of old says", () => {
    const old = { downloadRoot: "/old/root", modelPaths: { mine: "/elsewhere/mine.onnx" } };
    expect(modelPath(planning({ file_extension: ".pt" }, old), "base")).toBe("/old/root/base.pt");
    expect(modelPath(planning({}, old), "mine")).toBe("/elsewhere/mine.onnx");
    expect(planModel(planning({}, old), "mine").by).toEqual({ kind: "user" });
    expect(listModelIds(planning({ model_urls: { base: "auto" } }, old))).toEqual(["base", "mine"]);
  });

  test.each([
    "",
    ".",
    "..",
    ".hidden",
    "/etc",
    "a/b",
    "a\\b",
    "a\0b",
    "~",
    "~root",
    "a~",
    "C:x",
    "a\nb",
    "x.",
  ])("refuses the id and the directory %j", (name) => {
    expect(() => modelPath(planning({}), name)).toThrow(expect.objectContaining({ code: "E_ARGS" }));
    expect(() => modelPath(planning({ directory_name: name }), "base")).toThrow(
      expect.objectContaining({ code: "E_ARGS" }),
    );
  });

  test("of an id that every object has is no surprise", () => {
    for (const id of ["constructor", "__proto__", "toString"]) {
      expect(planModel(planning({ catalogued: {} }), id)).toEqual({
        id,
        path: `/models/whisper/${id}`,
        by: { kind: "library" },
      });
    }
  });
});

describe("a model's entry", () => {
  const place = {
    path: "/models/whisper/base",
    isFile: false,
    kind: "provider" as const,
    library: "whisper",
  };

  test("that is a URL is one file under the very name, or in the very folder without extension", () => {
    const entry = { url: "https://a.example/weights-v9.bin" };
    expect(definitionOf(entry)).toMatchObject({ place, sources: [{ type: "http", url: entry.url }] });
    expect(definitionOf(entry, { file_extension: ".onnx" })).toMatchObject({
      place: { ...place, path: "/models/whisper/base.onnx", isFile: true },
    });
  });

  test("with size, checksum and description keeps them", () => {
    const entry = { url: "https://a.example/w.onnx", size: 7, checksum: sha256, description: "small" };
    expect(definitionOf(entry)).toMatchObject({ sizeBytes: 7, checksum: sha256, description: "small" });
  });

  test("of several files is a folder that is whole or not there", () => {
    const files = { "a.onnx": "https://a.example/1", "b.json": "https://a.example/2" };
    expect(definitionOf({ files })).toMatchObject({ place, sources: [{ type: "http", files }] });
  });

  test("auto is the catalogue's, the provider's own source, or its library's", () => {
    const catalogued = { base: "silero-vad" };
    expect(planModel(planning({ catalogued, model_urls: { base: "auto" } }), "base").by).toEqual({
      kind: "catalogue",
      name: "silero-vad",
    });
    const describeModel = () => ({ sources: [{ type: "hf" as const, repoId: "ann/base" }] });
    expect(
      planModel(planning({ model_urls: { base: "auto" } }, {}, { describeModel }), "base").by,
    ).toMatchObject({
      kind: "request",
      definition: { place, sources: [{ repoId: "ann/base" }] },
    });
    expect(planOf("auto").by).toEqual({ kind: "library" });
  });

  test("local is the user's", () => {
    expect(planOf("local").by).toEqual({ kind: "user" });
    const catalogued = { base: "silero-vad" };
    expect(planModel(planning({ catalogued, model_urls: { base: "local" } }), "base").by).toEqual({
      kind: "user",
    });
  });

  test("in place of what this program brings has its name, so that the engine gets it", () => {
    const url = "https://a.example/x.onnx";
    const own = {
      catalogued: { base: "silero-vad" },
      file_extension: ".onnx",
      model_urls: { base: { url } },
    };
    expect(planModel(planning(own), "base").by).toMatchObject({
      kind: "catalogue",
      name: "silero-vad",
      definition: { name: "silero-vad", place: { path: "/models/whisper/base.onnx", isFile: true } },
    });
  });

  test("of a directory that is overridden moves what this program brings, manifest and all", () => {
    const own = {
      catalogued: { base: "moonshine-tiny" },
      directory_name: "ears",
      model_urls: { base: "auto" as const },
    };
    expect(planModel(planning(own, { isMoved: true }), "base").by).toMatchObject({
      definition: { ...twoFiles, place: { ...place, path: "/models/ears/base" } },
    });
  });

  test("has a name that no other provider's has, whatever its id", () => {
    const name = (id: string) => {
      const { by } = planModel(planning({ model_urls: { [id]: { url: "https://a.example/x" } } }), id);
      return by.kind === "catalogue" ? by.name : undefined;
    };
    expect(name("base")).toBe("asr-whisper-base");
    expect(name("large v3")).toBe("asr-whisper-large_20_v3");
  });
});

describe("model_url", () => {
  const url = "http://127.0.0.1:9/mirror.onnx";
  const modelUrl = { url, modelId: "base" };

  test("replaces the one URL, and keeps size, checksum and format", () => {
    const entry = {
      url: "https://a.example/x.zip",
      size: 5,
      checksum: sha256,
      format: "zip" as const,
      extract: true,
    };
    const { by } = planModel(planning({ model_urls: { base: entry } }, { modelUrl }), "base");
    expect(by).toMatchObject({
      definition: {
        sizeBytes: 5,
        checksum: sha256,
        unpack: { format: "zip" },
        sources: [{ type: "http", url }],
      },
    });
  });

  test("of what this program brings keeps the manifest, and the place", () => {
    const own = { catalogued: { base: "silero-vad" }, model_urls: { base: "auto" as const } };
    expect(planModel(planning(own, { modelUrl }), "base").by).toEqual({
      kind: "catalogue",
      name: "silero-vad",
      definition: { ...oneFile, sources: [{ type: "http", url }] },
    });
  });

  test("of a model of several files is E_SCHEMA, which names the way", () => {
    const pack: ModelEntry = { files: { a: "https://a.example/a" } };
    for (const own of [
      { model_urls: { base: pack } },
      { catalogued: { base: "moonshine-tiny" }, model_urls: { base: "auto" as const } },
    ]) {
      expect(() => planModel(planning(own, { modelUrl }), "base")).toThrow(
        expect.objectContaining({
          code: "E_SCHEMA",
          message: expect.stringContaining("assets.model_urls.base.files"),
        }),
      );
    }
  });
});

describe("an archive is told", () => {
  const url = (name: string) => `https://a.example/dl/${name}?token=x.zip`;
  test.each([
    ["by its URL", { url: url("m.tar.gz"), fileName: "m" }, "tar.gz"],
    ["by its URL", { url: url("M.ZIP"), fileName: "m.onnx" }, "zip"],
    ["by its URL", { url: url("m.tbz2"), fileName: "m" }, "tar.bz2"],
    ["by its URL, whose query is nothing of it", { url: url("m.onnx"), fileName: "m" }, undefined],
    ["by its magic where no name says anything", { url: url("latest"), fileName: "large-v3" }, "auto"],
    ["by its magic where it is promised", { url: url("m.bin"), fileName: "m", extract: true }, "any"],
    ["not where the provider wants it whole", { url: url("m.zip"), fileName: "m.zip" }, undefined],
    ["not of weights that are zip files inside", { url: url("latest"), fileName: "v3.pt" }, undefined],
    ["not where it is forbidden", { url: url("m.zip"), fileName: "m", extract: false }, undefined],
    ["by the format that is said", { url: url("m"), fileName: "m", format: "tar" as const }, "tar"],
  ])("%s", (_, hints, expected) => {
    expect(selectUnpack(hints)).toBe(expected as ReturnType<typeof selectUnpack>);
  });

  test("by the file's own name, where the URL says nothing", () => {
    expect(selectUnpack({ url: url("latest"), fileName: "small.zip", extract: true })).toBe("zip");
  });
});
