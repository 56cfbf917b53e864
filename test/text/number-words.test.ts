import { describe, expect, test } from "bun:test";
import { english } from "../../src/text/languages/english.ts";
import { french } from "../../src/text/languages/french.ts";
import { german } from "../../src/text/languages/german.ts";
import { spanish } from "../../src/text/languages/spanish.ts";
import { spokenLanguageOf } from "../../src/text/languages/by-tag.ts";
import { numberPattern, parseNumber, spellNumber } from "../../src/text/number-words.ts";
import { parseCountables, type SpokenLanguage } from "../../src/text/spoken-language.ts";

const all: Record<string, SpokenLanguage> = { english, french, german, spanish };

function expectCardinals(language: SpokenLanguage, expected: Record<number, string>): void {
  const found = Object.fromEntries(
    Object.keys(expected).map((value) => [value, language.cardinal(Number(value))]),
  );
  expect(found).toEqual(expected);
}

describe("cardinals", () => {
  test("in English", () => {
    expectCardinals(english, {
      0: "zero",
      11: "eleven",
      20: "twenty",
      99: "ninety-nine",
      100: "one hundred",
      110: "one hundred ten",
      999: "nine hundred ninety-nine",
      1000: "one thousand",
      1001: "one thousand one",
      12_000: "twelve thousand",
      1_000_000: "one million",
      2_000_000_003: "two billion three",
      999_999_999_999_999: english.cardinal(999_999_999_999_999),
    });
    expect(english.cardinal(999_999_999_999_999)).toStartWith(
      "nine hundred ninety-nine trillion nine hundred",
    );
  });

  test("in French, with its seventies, its et and its plurals", () => {
    expectCardinals(french, {
      0: "zéro",
      17: "dix-sept",
      21: "vingt et un",
      22: "vingt-deux",
      61: "soixante et un",
      70: "soixante-dix",
      71: "soixante et onze",
      77: "soixante-dix-sept",
      80: "quatre-vingts",
      81: "quatre-vingt-un",
      90: "quatre-vingt-dix",
      91: "quatre-vingt-onze",
      99: "quatre-vingt-dix-neuf",
      100: "cent",
      101: "cent un",
      180: "cent quatre-vingts",
      200: "deux cents",
      202: "deux cent deux",
      1000: "mille",
      1001: "mille un",
      2000: "deux mille",
      80_000: "quatre-vingt mille",
      200_000: "deux cent mille",
      1_000_000: "un million",
      200_000_000: "deux cents millions",
      1_000_000_000: "un milliard",
    });
  });

  test("in German, in one word below a million", () => {
    expectCardinals(german, {
      0: "null",
      1: "eins",
      16: "sechzehn",
      17: "siebzehn",
      21: "einundzwanzig",
      30: "dreißig",
      100: "einhundert",
      101: "einhunderteins",
      1000: "eintausend",
      21_000: "einundzwanzigtausend",
      1_000_000: "eine Million",
      2_000_001: "zwei Millionen eins",
      1_000_000_000: "eine Milliarde",
      3_000_000_000: "drei Milliarden",
    });
  });

  test("in Spanish, with its accents and its un before thousands", () => {
    expectCardinals(spanish, {
      0: "cero",
      16: "dieciséis",
      21: "veintiuno",
      22: "veintidós",
      31: "treinta y uno",
      100: "cien",
      101: "ciento uno",
      500: "quinientos",
      700: "setecientos",
      900: "novecientos",
      1000: "mil",
      21_000: "veintiún mil",
      1_000_000: "un millón",
      2_000_000: "dos millones",
      1_000_000_000: "mil millones",
    });
  });

  for (const [name, language] of Object.entries(all)) {
    test(`are distinct, clean words in ${name}`, () => {
      const values = [
        ...Array.from({ length: 2500 }, (_, i) => i),
        10_000,
        99_999,
        123_456,
        1_234_567,
        987_654_321,
      ];
      const words = values.map((value) => language.cardinal(value));
      expect(new Set(words).size).toBe(values.length);
      for (const text of words) expect(text).toMatch(/^\p{L}+(?:[ -]\p{L}+)*$/u);
      expect(words.join(" ")).not.toContain("undefined");
    });
  }
});

test("ordinals", () => {
  const first = (language: SpokenLanguage): string[] =>
    [1, 2, 3, 5, 8, 9, 12, 20, 21].map((n) => language.ordinal(n));
  expect(first(english)).toEqual([
    "first",
    "second",
    "third",
    "fifth",
    "eighth",
    "ninth",
    "twelfth",
    "twentieth",
    "twenty-first",
  ]);
  expect(first(french)).toEqual([
    "premier",
    "deuxième",
    "troisième",
    "cinquième",
    "huitième",
    "neuvième",
    "douzième",
    "vingtième",
    "vingt et unième",
  ]);
  expect([french.ordinal(4), french.ordinal(80), french.ordinal(1, "ère")]).toEqual([
    "quatrième",
    "quatre-vingtième",
    "première",
  ]);
  expect([1, 3, 7, 8, 20, 21].map((n) => german.ordinal(n))).toEqual([
    "erste",
    "dritte",
    "siebte",
    "achte",
    "zwanzigste",
    "einundzwanzigste",
  ]);
  expect([1, 3, 10, 21].map((n) => spanish.ordinal(n))).toEqual([
    "primero",
    "tercero",
    "décimo",
    "veintiuno",
  ]);
});

test("written numbers are taken apart by the separators of their language", () => {
  const parse = (written: string, language: SpokenLanguage): [boolean, string, string] => {
    const isNumber = new RegExp(`^(?:${numberPattern(language)})$`, "u").test(written);
    const { whole, decimals } = parseNumber(written, language);
    return [isNumber, whole, decimals];
  };
  expect(parse("1,234,567.89", english)).toEqual([true, "1234567", "89"]);
  expect(parse("1 234,5", french)).toEqual([true, "1234", "5"]);
  expect(parse("1\u202F234\u202F567", french)).toEqual([true, "1234567", ""]);
  expect(parse("1.234.567,89", german)).toEqual([true, "1234567", "89"]);
  expect(parse("3.14", german)).toEqual([true, "3", "14"]);
  expect(parse("1,2,3", english)[0]).toBe(false);
  expect(spellNumber(parseNumber("0042", english), english)).toBe("zero zero four two");
  expect(spellNumber(parseNumber("2,50", french), french)).toBe("deux virgule cinquante");
});

test("a language is found by its tag, and the region decides the order of a date", () => {
  expect(spokenLanguageOf("fr-CA")?.cardinal(1)).toBe("un");
  expect([spokenLanguageOf("en-US")?.isMonthFirst, spokenLanguageOf("en-GB")?.isMonthFirst]).toEqual([
    true,
    false,
  ]);
  expect(spokenLanguageOf("tlh")).toBeUndefined();
  expect(spokenLanguageOf("constructor")).toBeUndefined();
});

test("countables are written in short", () => {
  expect(parseCountables("ft = foot|feet; h hr = *heure; km = kilometer")).toEqual({
    ft: { one: "foot", many: "feet", isFeminine: false },
    h: { one: "heure", many: "heures", isFeminine: true },
    hr: { one: "heure", many: "heures", isFeminine: true },
    km: { one: "kilometer", many: "kilometers", isFeminine: false },
  });
});
