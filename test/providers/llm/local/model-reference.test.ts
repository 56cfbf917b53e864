import { describe, expect, test } from "bun:test";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { AppError } from "../../../../src/base/errors.ts";
import { parseModelReference } from "../../../../src/providers/llm/local/model-reference.ts";

describe("the name of a local model", () => {
  test.each([
    ["acme/tiny", "acme/tiny", undefined],
    ["acme/tiny.v1-instruct", "acme/tiny.v1-instruct", undefined],
    ["acme/tiny:Q4_K_M", "acme/tiny", "Q4_K_M"],
    ["acme/tiny:tiny-q4.gguf", "acme/tiny", "tiny-q4.gguf"],
    ["acme/tiny:onnx/model_q4.onnx", "acme/tiny", "onnx/model_q4.onnx"],
    ["tiny", "tiny", undefined],
  ])("%s is an id", (text, id, selector) => {
    expect(parseModelReference(text)).toEqual({ kind: "id", id, selector });
  });

  test.each([
    ["/models/tiny.gguf", "/models/tiny.gguf"],
    ["./tiny", resolve("tiny")],
    ["../tiny", resolve("../tiny")],
    ["~/models/tiny", join(homedir(), "models/tiny")],
    ["models/tiny.GGUF", resolve("models/tiny.GGUF")],
  ])("%s is a path", (text, path) => {
    expect(parseModelReference(text)).toEqual({ kind: "path", path });
  });

  test.each([
    "",
    "a/b/c",
    "acme/..",
    "acme/tiny:",
    "acme/tiny:../../secret",
    "acme tiny",
    "acme/tiny:a:b",
    ".",
  ])("%j is neither, and E_ARGS says what would be", (text) => {
    const parse = (): unknown => parseModelReference(text);
    expect(parse).toThrow(AppError);
    expect(parse).toThrow(/owner\/repo/);
  });
});
