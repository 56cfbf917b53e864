import { expect, test } from "bun:test";
import { isGgufRepo, resolveInstallRoot } from "../../src/models/install-place.ts";
import { requiresAcceptance } from "../../src/models/licenses/license-terms.ts";

const root = (modelId: string, more: object = {}) =>
  resolveInstallRoot({ modelsRoot: "/m", modelId, files: [{ path: "model.bin" }], ...more });

test("each library has its folder, and a plain id one level less", () => {
  expect(root("a/b")).toEqual({ path: "/m/transformers/a/b", library: "transformers" });
  expect(root("b")).toEqual({ path: "/m/transformers/b", library: "transformers" });
  expect(root("a/b", { files: [{ path: "x.GgUf" }] })).toEqual({
    path: "/m/llama-cpp/a/b",
    library: "llama-cpp",
  });
  expect(root("a/b", { library: "llama-cpp" }).path).toBe("/m/llama-cpp/a/b");
  expect(root("a/b", { dest: "/elsewhere" })).toEqual({ path: "/elsewhere", library: "transformers" });
  expect(root("distilbert-base-uncased").path).toBe("/m/distilbert-base-uncased");
});

test("a repository is GGUF by any file of it, in any case", () => {
  expect(isGgufRepo([{ path: "README.md" }, { path: "a/B.GGUF" }])).toBe(true);
  expect(isGgufRepo([{ path: "gguf" }, { path: "x.gguf.txt" }])).toBe(false);
});

test("no library but the known ones, and no id that is none", () => {
  expect(() => root("a/b", { library: "onnx" })).toThrow("llama-cpp, transformers");
  expect(() => root("../b")).toThrow("owner/repo");
});

test("licences that ask for nothing but their notice are free of acceptance, and so is none", () => {
  const free = [
    null,
    "apache-2.0",
    "MIT",
    "bsd",
    "bsd-3-clause",
    "bsd-3-clause-clear",
    "isc",
    "mit, apache-2.0",
    "none",
  ];
  expect(free.filter(requiresAcceptance)).toEqual([]);
  const strict = ["llama3.2", "gemma", "other", "cc-by-nc-4.0", "openrail", "mit, gemma", "unknown"];
  expect(strict.filter((license) => !requiresAcceptance(license))).toEqual([]);
});
