// The engine that cannot hang agrees with the usual one wherever both can go.
import { describe, expect, test } from "bun:test";
import { compileLinearPattern } from "../../../../src/characters/cards/parts/linear-pattern.ts";
import { cpuMs } from "../../../support/cpu-time.ts";

const plenty = () => ({ left: 50_000_000 });
const matches = (source: string, flags: string, text: string): boolean | undefined =>
  compileLinearPattern(source, flags)?.(text, plenty());

describe("a linear pattern", () => {
  test.each([
    ["ser(?:pent|pents)", "i", ["the SERPENT", "serum"]],
    ["^the\\b", "", ["the end", "then", "at the"]],
    ["end$", "m", ["the end\nof", "ending"]],
    ["a.c", "", ["abc", "a\nc"]],
    ["a.c", "s", ["a\nc"]],
    ["[^a-c\\]]{2,3}x", "", ["ddx", "dx", "]]x", "ddddx"]],
    ["\\d{4}-\\d\\d", "", ["in 1871-05", "187-05"]],
    ["(a|b)*c", "", ["ababc", "c", "ab"]],
    ["colou?r", "", ["color", "colour", "colouur"]],
    ["(?<year>18\\d\\d)", "", ["1871", "1971"]],
    ["\\p{Lu}\\p{Ll}+", "u", ["Élan", "élan"]],
    ["👍{2}", "u", ["👍👍", "👍"]],
    ["a{,2}|x{y}", "", ["a{,2}", "x{y}", "aa"]],
    ["\\/\\*\\x41\\u0042", "", ["/*AB", "/*AC"]],
    ["\\Bend", "", ["weekend", "end"]],
    ["", "", ["", "x"]],
    ["a||b", "", ["z"]],
    ["(?:)+x", "", ["x"]],
    ["(a*)*b", "", ["aab", "aa"]],
    ["x{0}y", "", ["y", "x"]],
  ])("%p with flags %p agrees with the usual engine", (source, flags, texts) => {
    for (const text of texts) {
      expect({ text, is: matches(source, flags, text) }).toEqual({
        text,
        is: new RegExp(source, flags).test(text),
      });
    }
  });

  test("random patterns agree with the usual engine on random texts", () => {
    let state = Math.floor(Math.random() * 2 ** 31);
    console.log(`linear-pattern seed ${state}`);
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const pick = (from: readonly string[]): string => from[random(from.length)] ?? "";
    const pattern = (depth: number): string => {
      const kind = random(depth > 3 ? 3 : 8);
      if (kind < 3) return pick(["a", "b", "ab", ".", "[ab]", "[^a]", "\\w", "\\b", "^", "$", "\\s", "c"]);
      if (kind === 3)
        return `(?:${pattern(depth + 1)})${pick(["*", "+", "?", "{2}", "{1,2}", "{0,}", "*?"])}`;
      if (kind === 4) return `(${pattern(depth + 1)}|${pattern(depth + 1)})`;
      return pattern(depth + 1) + pattern(depth + 1);
    };
    for (let round = 0; round < 3000; round++) {
      const source = pattern(0);
      const flags = pick(["", "i", "s", "m", "im"]);
      for (let count = 0; count < 4; count++) {
        const text = Array.from({ length: random(9) }, () => pick(["a", "b", "c", " ", "\n", "A"])).join("");
        const is = matches(source, flags, text);
        if (is !== new RegExp(source, flags).test(text)) {
          throw new Error(`/${source}/${flags} on ${JSON.stringify(text)}: ${is}`);
        }
      }
    }
  });

  test.each([
    ["a look ahead", "a(?=b)"],
    ["a look behind", "(?<!a)b"],
    ["a reference back", "(a)\\1"],
    ["a named reference back", "(?<x>a)\\k<x>"],
    ["a broken pattern", "a("],
    ["a pattern that repeats itself into the millions", "((a{500}){500}){500}"],
    ["nesting without end", `${"(".repeat(5000)}${")".repeat(5000)}`],
  ])("%s is none", (_, source) => {
    expect(compileLinearPattern(source, "")).toBeUndefined();
  });

  test("unknown flags are none", () => {
    expect(compileLinearPattern("a", "x")).toBeUndefined();
    expect(compileLinearPattern("a", "v")).toBeUndefined();
  });

  test.each([
    ["(a+)+$", "a".repeat(5000)],
    ["(a|aa)+$", "a".repeat(5000)],
    ["(.*a){20}", "a".repeat(4000)],
    ["(x+x+)+y", "x".repeat(5000)],
    ["^(([a-z])+.)+[A-Z]([a-z])+$", "a".repeat(5000)],
  ])("%p, which hangs the usual engine, does not", (source, tail) => {
    const startMs = cpuMs();
    compileLinearPattern(source, "")?.(`${tail}!`, plenty());
    expect(cpuMs() - startMs).toBeLessThan(1000);
  });

  test("stops when its steps are used up, and says no", () => {
    const budget = { left: 1000 };
    const pattern = compileLinearPattern("(a|b|c|d)*z", "");
    expect(pattern?.(`${"abcd".repeat(10_000)}z`, budget)).toBe(false);
    expect(budget.left).toBeLessThan(0);
    expect(pattern?.("abcdz", plenty())).toBe(true);
  });
});
