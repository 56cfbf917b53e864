// From YAML text to entries: places, exact values, and texts that no one should trust.
import { describe, expect, test } from "bun:test";
import { readEntries } from "../../scripts/migrate/read-entries.ts";
import { AppError } from "../../src/base/errors.ts";
import { cpuMs } from "../support/cpu-time.ts";

const read = (text: string) => readEntries(new TextEncoder().encode(text), "voices.yaml");

function failureOf(text: string | Uint8Array): AppError {
  try {
    readEntries(typeof text === "string" ? new TextEncoder().encode(text) : text, "voices.yaml");
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("entries of a voices.yaml", () => {
  test("each has its number and the line of its first key", () => {
    expect(read("# head\n\n- name: A\n  good: true\n-\n  name: B\n")).toEqual([
      { number: 1, line: 3, fields: { name: "A", good: true } },
      { number: 2, line: 6, fields: { name: "B" } },
    ]);
    expect(read("[]")).toEqual([]);
  });

  test("texts are exact: escapes, lone surrogates, blocks, Windows lines, a byte order mark", () => {
    const [entry] = read('\ufeff- name: "\\ud800\\x00\\u2028"\r\n  text: |\r\n    one\r\n    two\r\n');
    expect(entry?.fields).toEqual({ name: "\ud800\0\u2028", text: "one\ntwo\n" });
  });

  test("aliases and merge keys bring in what they name", () => {
    const [, , merged] = read("- &a {name: A, mood: {x: 1}}\n- *a\n- <<: *a\n  name: C\n");
    expect(merged?.fields).toEqual({ name: "C", mood: { x: 1 } });
  });

  test("a key called __proto__ is a key like any other", () => {
    const [entry] = read("- {name: A, __proto__: {x: 1}}");
    expect(JSON.stringify(entry?.fields)).toBe('{"name":"A","__proto__":{"x":1}}');
  });

  test.each([
    ["a number that would lose digits", "12345678901234567890", "lose digits"],
    ["a number that is none", ".nan", "NaN"],
    ["a value with a strange tag", "!!python/object x", "tag"],
    ["bytes", "!!binary aGVsbG8=", "type"],
    ["a list as a key", "{? [a] : 1}", "keys must be plain words"],
    ["an alias of nothing", "*nobody", "nobody"],
    ["an alias that holds itself", "&x [*x]", "values"],
  ])("%s is the fault of its entry alone", (_, value, message) => {
    const entries = read(`- name: A\n  x: ${value}\n- name: B\n`);
    expect(entries[0]).toEqual({ number: 1, line: 1, fault: expect.stringContaining(message) });
    expect(entries[1]?.fields).toEqual({ name: "B" });
  });

  test("an entry that is no map is a fault", () => {
    expect(read("- just text\n- name: B\n")[0]).toMatchObject({
      line: 1,
      fault: expect.stringContaining("map"),
    });
  });

  test("a key that is given twice is refused, with its place", () => {
    expect(failureOf("- name: A\n  good: true\n  name: B\n")).toMatchObject({
      code: "E_SCHEMA",
      message: expect.stringContaining("line 3, column 3: the key name is given twice"),
    });
  });

  test.each([
    ["broken YAML", "- name: [\n- x"],
    ["two documents", "- name: A\n---\n- name: B\n"],
    ["a map instead of a list", "name: A\n"],
    ["nothing at all", ""],
    ["tabs as indentation", "- name: A\n\tgood: true\n"],
    ["nesting without end", "[".repeat(30_000)],
    ["deep but closed nesting", `- x: ${"[".repeat(30_000)}${"]".repeat(30_000)}`],
  ])("%s is E_SCHEMA", (_, text) => {
    expect(failureOf(text).code).toBe("E_SCHEMA");
  });

  test("bytes that are not UTF-8 are E_SCHEMA, and more than 2 MiB is E_QUOTA", () => {
    expect(failureOf(new Uint8Array([45, 32, 0xff, 0xfe])).code).toBe("E_SCHEMA");
    expect(failureOf(`- name: ${"x".repeat(2 * 1024 * 1024)}`)).toMatchObject({
      code: "E_QUOTA",
      message: expect.stringContaining("2097152"),
    });
  });

  test("aliases that multiply are stopped early", () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const inner = level === 0 ? "x" : `*l${level - 1}`;
      return `  k${level}: &l${level} [${Array.from({ length: 9 }, () => inner).join(", ")}]`;
    });
    const startMs = cpuMs();
    const [entry] = read(`- name: A\n${levels.join("\n")}\n`);
    expect(entry?.fault).toBeDefined();
    expect(cpuMs() - startMs).toBeLessThan(2000);
  });
});
