// The macros of cards, as they are meant and as they are abused.
import { describe, expect, test } from "bun:test";
import { fillMacros } from "../../../../src/characters/cards/parts/fill-macros.ts";
import { seeded } from "../../../../src/characters/cards/parts/seeded.ts";
import { cpuMs } from "../../../support/cpu-time.ts";

const now = new Date(2026, 4, 4, 15, 7);
const fill = (text: string, more: Partial<Parameters<typeof fillMacros>[1]> = {}): string =>
  fillMacros(text, { char: "Rose", user: "Eve", now, random: seeded("1"), ...more });

describe("macros", () => {
  test.each([
    ["{{char}} and {{user}}", "Rose and Eve"],
    ["{{CHAR}}, {{ User }}, <BOT>, <user>, <char>", "Rose, Eve, Rose, Eve, Rose"],
    ["a{{// a {{user}} comment}}b{{comment: more}}c{{hidden_key:key}}d", "abcd"],
    ["{{reverse:abc {{char}}}}", "esoR cba"],
    ["{{reverse:👍é}}", "é👍"],
    ["{{random:same}}{{pick:same}}{{random::same}}", "samesamesame"],
    ["{{random:one\\, two}}", "one, two"],
    ["{{noop}}{{newline}}{{weekday}}", "\nMonday"],
    ["{{date}}, {{time}}", "May 4, 2026, 3:07 PM"],
    ["{{unknown}} {{unknown:{{char}}}} {{", "{{unknown}} {{unknown:Rose}} {{"],
    ["}} {x} {{char", "}} {x} {{char"],
    ["{{roll:potato}} {{roll:0}}", "{{roll:potato}} {{roll:0}}"],
    ["no macros < at all", "no macros < at all"],
  ])("%p becomes %p", (text, filled) => {
    expect(fill(text)).toBe(filled);
  });

  test("random draws anew, by the seed; every choice comes", () => {
    const drawn = Array.from({ length: 60 }, (_, seed) =>
      fill("{{random:a,b,c}}{{random::x::y}}", { random: seeded(`${seed}`) }),
    );
    expect(new Set(drawn).size).toBe(6);
    expect(fill("{{random:a,b,c}}")).toBe(fill("{{random:a,b,c}}"));
  });

  test("a pick is the same each time the prompt is made, and differs from place to place", () => {
    const text = Array.from({ length: 30 }, () => "{{pick:a,b,c}}").join("");
    expect(fill(text, { random: seeded("2") })).toBe(fill(text, { random: seeded("3") }));
    expect(new Set(fill(text)).size).toBe(3);
  });

  test.each([
    ["6", 1, 6],
    ["d6", 1, 6],
    ["2d6", 2, 12],
    [" 3D4 + 10", 13, 22],
    ["1d1-5", -4, -4],
  ])("a roll of %p is from %p to %p", (dice, least, most) => {
    const rolls = Array.from({ length: 300 }, (_, seed) =>
      Number(fill(`{{roll:${dice}}}`, { random: seeded(`${seed}`) })),
    );
    expect(Math.min(...rolls)).toBe(least);
    expect(Math.max(...rolls)).toBe(most);
  });

  test("the original prompt stands where it is asked for, once, with its own macros filled", () => {
    expect(fill("{{original}} Then {{original}}.", { original: "You are {{char}}." })).toBe(
      "You are Rose. Then .",
    );
    expect(fill("{{original}}")).toBe("");
  });

  test("what a macro stands for is not filled again", () => {
    expect(fill("{{user}} {{random:x}}", { user: "{{char}}" })).toBe("{{char}} x");
    expect(fill("{{reverse:}}resu{{}}", {})).toBe("resu{{}}");
  });

  test.each([
    ["opening braces", "{{".repeat(250_000)],
    ["nested macros", `${"{{reverse:a".repeat(40_000)}${"}}".repeat(40_000)}`],
    ["nested unknown macros", `${"{{x:".repeat(120_000)}${"}}".repeat(120_000)}`],
    ["one endless macro", `{{random:${"a,".repeat(400_000)}}}`],
    ["a macro full of spaces", `{{${" ".repeat(3900)}}}`.repeat(50)],
    ["a die full of spaces", `{{roll:${" ".repeat(3900)}1}}`.repeat(50)],
  ])("%s cost no more than a fraction of a prompt's time", (_, text) => {
    const startMs = cpuMs();
    fill(text);
    expect(cpuMs() - startMs).toBeLessThan(1000);
  });
});
