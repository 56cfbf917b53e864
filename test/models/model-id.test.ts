import { expect, test } from "bun:test";
import { formatModelId, parseOwnerRepo } from "../../src/models/model-id.ts";
import { failureOf } from "../support/failure-of.ts";

test.each([
  ["ada/one", "ada", "one"],
  ["Qwen/Qwen2.5-0.5B-Instruct-GGUF", "Qwen", "Qwen2.5-0.5B-Instruct-GGUF"],
  ["gpt2", null, "gpt2"],
  [" ada/one\n", "ada", "one"],
  ["https://huggingface.co/ada/one", "ada", "one"],
  ["https://hf.co/gpt2/", null, "gpt2"],
  ["_a/b_", "_a", "b_"],
])("%p is an id", (text, owner, repo) => {
  expect(parseOwnerRepo(text)).toEqual({ owner, repo });
  expect(formatModelId({ owner, repo })).toBe(owner === null ? repo : `${owner}/${repo}`);
});

test.each([
  "",
  "/",
  "ada/",
  "/one",
  "ada/one/main",
  "https://huggingface.co/ada/one/tree/main",
  "https://huggingface.co/datasets/ada/one",
  "https://example.com/ada/one",
  "..",
  "ada/..",
  "../one",
  "ada/a..b",
  "ada/a--b",
  "-ada/one",
  "ada/one-",
  ".ada/one",
  "ada/one.",
  "ada/one.git",
  "ada\\one",
  "ada/o ne",
  "ada/o\u0000ne",
  "ada/ône",
  `ada/${"x".repeat(93)}`,
])("%p is none: E_ARGS", async (text) => {
  const attempt = Promise.try(() => parseOwnerRepo(text));
  expect(await failureOf(attempt)).toMatchObject({ code: "E_ARGS" });
});
