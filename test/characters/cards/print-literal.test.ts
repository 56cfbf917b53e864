// Data as source: every value comes back, and the formatter and the linter find nothing to change.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  type PlainData,
  printDeclaration,
  printLiteral,
  printText,
} from "../../../src/characters/cards/print-literal.ts";
import { createCheckedProject } from "../../support/source-checks.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

/** mulberry32 */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function createData(random: () => number): (depth?: number) => PlainData {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const letters = [..."abcdef ghijk lmno \"'`$\\{}/*é名日本語ñ\n\t\r👍🏽ｱＡ①…—«☕ا"].concat(
    ["👨‍👩‍👧", "\ud800", "\u202e", "\u00a0", "\u2028", "${", "한글", "e\u0301", "क्षि", "🇫🇷", "❤️", "\u200d"],
    ["🏴\u{e0067}\u{e007f}", "*/", "</script>", "\u0000", "\ufeff"],
  );
  const text = (max: number, from = letters): string =>
    Array.from({ length: Math.floor(random() * max) }, () => pick(from)).join("");
  // A joiner between what is never joined has no width that all agree on, and short keys go by theirs.
  const keyLetters = letters.filter((letter) => letter !== "\u200d");
  const key = (): string =>
    pick([
      "a",
      "text",
      "texts",
      "x-y",
      "1",
      "",
      "class",
      "é",
      "名",
      "__proto__",
      "constructor",
      text(12, keyLetters),
    ]);
  const create = (depth = 0): PlainData => {
    const kind = random();
    if (depth > 4 || kind < 0.45) return text(random() < 0.3 ? 140 : 30);
    if (kind < 0.55) return pick([0, -0, 1, -1, 1e21, 1.5e-7, 12345.678, 4444444444]);
    if (kind < 0.62) return pick([true, false, null]);
    const length = Math.floor(random() * 6);
    if (kind < 0.72) return Array.from({ length: length * 6 }, () => Math.floor(random() * 1e5) - 100);
    if (kind < 0.84) return Array.from({ length }, () => create(depth + 1));
    return Object.fromEntries(Array.from({ length }, () => [key(), create(depth + 1)]));
  };
  return create;
}

describe("literals", () => {
  test("random data comes back, formatted and linted", async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`print-literal seed ${seed}`);
    const create = createData(createRandom(seed));
    const values = Array.from({ length: 400 }, () => create());
    const sources = values.map((value, index) => {
      // Without an annotation, TypeScript itself stumbles over keys such as "constructor" in lists of objects.
      const prefix = `export const V${index}: unknown =`;
      return `${prefix}${printLiteral(value, prefix)};\n`;
    });
    await using project = await createCheckedProject();
    const path = join(project.folder, "values.ts");
    await Bun.write(path, sources.join("\n"));
    const module = (await import(path)) as Record<string, unknown>;
    for (const [index, value] of values.entries()) {
      // Strict equality knows -0; JSON text knows an own __proto__.
      expect(module[`V${index}`]).toStrictEqual(value as unknown);
      expect(JSON.stringify(module[`V${index}`])).toBe(JSON.stringify(value));
    }
    expect(await project.complaints()).toBe("");
  });

  test("short keys are those of few columns, whatever they are written with", async () => {
    const keys = [
      "ab",
      "abc",
      "名",
      "名a",
      "👍",
      "👍🏽",
      "👨‍👩‍👧",
      "a👍",
      "🇫🇷",
      "❤",
      "❤️",
      "a❤",
      "a❤️",
      "e\u0301a",
      "한글",
    ];
    const long = "x".repeat(120);
    const sources = keys.map((key, index) => printDeclaration(`export const V${index}`, { [key]: long }));
    await using project = await createCheckedProject();
    await Bun.write(join(project.folder, "values.ts"), sources.join("\n"));
    expect(await project.complaints()).toBe("");
  });

  test("every UTF-16 unit comes back, quoted and in a text with lines", async () => {
    const units = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
    const inLines = (unit: string): string => `${"a line\n".repeat(6)}${unit}{${unit}`;
    const sources = units.map((unit) => `[${printText(unit)}, ${printText(inLines(unit))}],`);
    await using temp = await createTempFolder();
    const path = await temp.write("units.ts", `export const units = [\n${sources.join("\n")}\n];\n`);
    const { units: back } = (await import(path)) as { units: string[][] };
    const lost = units.filter((unit, at) => back[at]?.[0] !== unit || back[at]?.[1] !== inLines(unit));
    expect(lost).toEqual([]);
  });

  test("what cannot be seen, or turns the line round, is escaped; letters of all scripts stay", () => {
    expect(printText("a\u202eb\u200bc\u00a0d\ufeffe\u2028")).toBe(
      '"a\\u202eb\\u200bc\\u00a0d\\ufeffe\\u2028"',
    );
    expect(printText("é 名 한글 ا 👩‍💻")).toBe('"é 名 한글 ا 👩‍💻"');
  });

  test("texts with lines are template literals, short ones and those without are not", () => {
    const text = `Dear \${you},\n\`ticks\` and \\ slashes\r\n${"and more ".repeat(5)}`;
    expect(printText(text)).toBe(
      `\`Dear \\\${you},\n\\\`ticks\\\` and \\\\ slashes\\r\n${"and more ".repeat(5)}\``,
    );
    expect(printText("a\nb")).toBe('"a\\nb"');
    expect(printText('say "hi"')).toBe(`'say "hi"'`);
  });

  test("small objects stay on one line", () => {
    expect(printLiteral({ type: "smalltalk" }, "x =")).toBe(' { type: "smalltalk" }');
    expect(printLiteral({ a: { b: 1 } }, "x =")).toBe(" {\n  a: { b: 1 },\n}");
    expect(printLiteral({}, "x =")).toBe(" {}");
  });
});
