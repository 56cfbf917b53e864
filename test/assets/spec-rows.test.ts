import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { join, resolve } from "node:path";
import { specRows } from "./spec-rows.ts";

const root = resolve(import.meta.dir, "..");

/** What stands between quotes right after a bracket: titles of tests, and of the tables that they are made of. */
async function readTitles(): Promise<Set<string>> {
  const titles = new Set<string>();
  for await (const name of new Glob("**/*.test.ts").scan(root)) {
    const text = await Bun.file(join(root, name)).text();
    for (const [, double, backtick, single] of text.matchAll(
      /[([]\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`|'((?:[^'\\]|\\.)*)')\s*,/g,
    )) {
      titles.add((double ?? backtick ?? single ?? "").replaceAll('\\"', '"'));
    }
  }
  return titles;
}
const titles = await readTitles();

for (const [section, rows] of Object.entries(specRows)) {
  describe(`of ${section}`, () => {
    for (const [row, tests] of Object.entries(rows)) {
      test(`"${row}" has a test that is there`, () => {
        expect(tests.length).toBeGreaterThan(0);
        expect(tests.filter((title) => !titles.has(title))).toEqual([]);
      });
    }
  });
}
