import { expect, test } from "bun:test";
import { matchesPattern, selectByPatterns } from "../../../src/assets/sources/name-pattern.ts";

test.each([
  ["a.gguf", "*.gguf", true],
  ["sub/a.gguf", "*.gguf", true], // unlike a shell's glob
  ["a.ggufx", "*.gguf", false],
  ["a.bin", "?.bin", true],
  ["ab.bin", "?.bin", false],
  ["onnx/m.onnx", "onnx/", true],
  ["onnx2/m.onnx", "onnx/", false],
  ["q4.bin", "q[3-5].bin", true],
  ["q6.bin", "q[3-5].bin", false],
  ["q6.bin", "q[!3-5].bin", true],
  ["]x", "[]]x", true],
  ["[x", "[x", true],
  ["a+b(1).bin", "a+b(1).bin", true],
  ["aXb", "a.b", false],
  ["a\\b", "a\\b", true],
] as const)("%s against %s: %p", (name, pattern, expected) => {
  expect(matchesPattern(name, pattern)).toBe(expected);
});

test("what is allowed and not ignored is left", () => {
  const names = ["a.json", "b.json", "c.bin"];
  const select = (patterns: { allow?: string[]; ignore?: string[] }) =>
    selectByPatterns(names, (n) => n, patterns);
  expect(select({})).toEqual(names);
  expect(select({ allow: ["*.json"], ignore: ["b*"] })).toEqual(["a.json"]);
  expect(select({ allow: [] })).toEqual([]);
});
