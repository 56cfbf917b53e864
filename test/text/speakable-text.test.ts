import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createTextReader, isSpeakable } from "../../src/text/speakable-text.ts";

/** What is said as running text: words parted by blanks, marks against the word they follow or open. */
function say(written: string, language = "en-US"): string {
  let text = "";
  for (const { spoken, isPunctuation } of createTextReader(language).read(written)) {
    const opens = spoken === "(" || spoken === "“";
    const isGlued = text === "" || /[(“]$/.test(text) || (isPunctuation && !opens && spoken !== "—");
    text += isGlued ? spoken : ` ${spoken}`;
  }
  return text;
}

/** Written → spoken, a line each. */
function expectReadings(language: string, readings: Record<string, string>): void {
  const spoken = Object.fromEntries(Object.keys(readings).map((text) => [text, say(text, language)]));
  expect(spoken).toEqual(readings);
}

describe("English", () => {
  test("reads money", () => {
    expectReadings("en-US", {
      "$12.50": "twelve dollars and fifty cents",
      $1: "one dollar",
      "$0.99": "ninety-nine cents",
      "£3.01": "three pounds and one penny",
      "€5 million": "five million euros",
      $3bn: "three billion dollars",
      "$1,234.5": "one thousand two hundred thirty-four dollars and fifty cents",
      "USD 20": "twenty US dollars",
      "5 €": "five euros",
      "¥1000": "one thousand yen",
    });
  });

  test("reads numbers, with separators, points, signs and codes", () => {
    expectReadings("en-US", {
      "0": "zero",
      "42": "forty-two",
      "1,234,567": "one million two hundred thirty-four thousand five hundred sixty-seven",
      "3.14": "three point one four",
      "0.05": "zero point zero five",
      ".5": "point five",
      "-5": "minus five",
      "007": "zero zero seven",
      "12345678901234567890":
        "one two three four five six seven eight nine zero one two three four five six seven eight nine zero",
      "#7": "number seven",
      "No. 9": "number nine",
      "v1.2.3": "version one dot two dot three",
      "1,000": "one thousand",
    });
  });

  test("reads ordinals, fractions, ranges, ratios and percentages", () => {
    expectReadings("en-US", {
      "1st": "first",
      "22nd": "twenty-second",
      "30th": "thirtieth",
      "1/2": "one half",
      "3/4": "three quarters",
      "2/3": "two thirds",
      "24/7": "twenty-four seven",
      "5-10 km": "five to ten kilometers",
      "16:9": "sixteen to nine",
      "12.5%": "twelve point five percent",
      "2 + 2 = 4": "two plus two equals four",
      "2 * 3": "two times three",
    });
  });

  test("reads years, dates and times", () => {
    expectReadings("en-US", {
      "1984": "nineteen eighty-four",
      "1900": "nineteen hundred",
      "1905": "nineteen oh five",
      "2007": "two thousand seven",
      "2026": "twenty twenty-six",
      "the 1980s": "the nineteen eighties",
      "'90s": "nineties",
      "1914–1918": "nineteen fourteen to nineteen eighteen",
      "2026-11-20": "November twentieth, twenty twenty-six",
      "11/20/2026": "November twentieth, twenty twenty-six",
      "Nov. 3, 1999": "November third, nineteen ninety-nine",
      "3 November": "November third",
      "3:05 pm": "three oh five PM",
      "15:30": "fifteen thirty",
      "7 a.m.": "seven AM.",
      "12:00": "twelve o'clock",
      "99:99": "ninety-nine to ninety-nine",
    });
    expect(say("11/10/2026", "en-GB")).toBe("October eleventh, twenty twenty-six");
    expect(say("11/10/2026", "en-US")).toBe("November tenth, twenty twenty-six");
  });

  test("reads units, and only behind numbers", () => {
    expectReadings("en-US", {
      "1 km": "one kilometer",
      "5km/h": "five kilometers per hour",
      "20°C": "twenty degrees Celsius",
      "100 MB": "one hundred megabytes",
      "10x": "ten times",
      "6 ft": "six feet",
      "I am in m": "I am in m",
    });
  });

  test("reads telephone numbers digit by digit, with pauses", () => {
    expectReadings("en-US", {
      "555-1234": "five five five, one two three four",
      "+1 (555) 123-4567": "one, five five five, one two three, four five six seven",
    });
  });

  test("reads addresses, without the mark that ends the sentence", () => {
    expectReadings("en-US", {
      "See https://www.example.com/a_b-c.": "See example dot com slash a underscore b dash c.",
      "example.org": "example dot org",
      "Mail joe.b@ex-ample.org, please": "Mail joe dot b at ex dash ample dot org, please",
      "https://example.com/a/very/long/path/that/nobody/wants/to/hear/read/out": "example dot com",
      "index.ts": "index. ts",
    });
  });

  test("reads abbreviations, and rests where one ends the text", () => {
    expectReadings("en-US", {
      "Dr. Smith vs. Mr. Jones": "Doctor Smith versus Mister Jones",
      "tea, cake, etc.": "tea, cake, et cetera.",
      "e.g. this, i.e. that": "for example this, that is that",
      "the U.S. Army": "the U S Army",
      "J. Smith": "J Smith",
      "So am I. Then": "So am I. Then",
    });
  });
});

test("French reads its numbers, prices, dates and times", () => {
  expectReadings("fr-FR", {
    "71, 80, 81, 91, 99":
      "soixante et onze, quatre-vingts, quatre-vingt-un, quatre-vingt-onze, quatre-vingt-dix-neuf",
    "200, 201": "deux cents, deux cent un",
    "1 000 000": "un million",
    "80 000": "quatre-vingt mille",
    "1980": "mille neuf cent quatre-vingts",
    "3,14": "trois virgule quatorze",
    "2,05": "deux virgule zéro cinq",
    "12,50 €": "douze euros cinquante",
    "5 millions d'€": "cinq millions d'euros",
    "1,5 km": "un virgule cinq kilomètre",
    "21 h": "vingt et une heures",
    "15h30": "quinze heures trente",
    "12h00": "midi",
    "1er janvier 2026": "premier janvier deux mille vingt-six",
    "20/11/2026": "vingt novembre deux mille vingt-six",
    "1ère et 2e": "première et deuxième",
    "50 %": "cinquante pour cent",
    "M. Dupont et Mme Leroy": "Monsieur Dupont et Madame Leroy",
    "06 12 34 56 78": "zéro six, douze, trente-quatre, cinquante-six, soixante-dix-huit",
    "p. ex. ceci": "par exemple ceci",
  });
});

test("German and Spanish read theirs", () => {
  expectReadings("de-DE", {
    "21": "einundzwanzig",
    "101": "einhunderteins",
    "1.234,50 €": "eintausendzweihundertvierunddreißig Euro fünfzig",
    "2.000.000": "zwei Millionen",
    "1 Stunde": "eine Stunde",
    "15:30 Uhr": "fünfzehn Uhr dreißig",
    "am 3. Oktober 1990": "am dritten Oktober neunzehnhundertneunzig",
    "z. B. so": "zum Beispiel so",
    "1/3": "ein drittel",
  });
  expectReadings("es-ES", {
    "21 km": "veintiún kilómetros",
    "1.000.000": "un millón",
    "12,50 €": "doce euros con cincuenta céntimos",
    "1 de mayo de 2026": "primero de mayo de dos mil veintiséis",
    "a las 15:30": "a las quince y treinta",
    "Sr. López": "señor López",
  });
});

test("a language without rules of its own keeps its digits for its phonemiser", () => {
  expect(say("Ho 12 anni e 3,5 kg", "it")).toBe("Ho 12 anni e 3,5 kg");
  expect(say("你好，世界。我有3个", "zh-CN")).toBe("你好, 世界. 我有3个");
});

describe("what is for the eye", () => {
  test("markdown leaves its words", () => {
    expectReadings("en-US", {
      "# Title": "Title",
      "- **bold** item, _it_ and `code`": "bold item, it and code",
      "[a link](https://x.org/y) and ![a picture](b.png)": "a link and a picture",
      "> quoted": "quoted",
      "* one\n* two": "one two",
      "- [x] done": "done",
      "---": "",
      "~~gone~~ here": "gone here",
      snake_case: "snake case",
      "<b>loud</b> <!-- aside -->": "loud",
    });
  });

  test("code blocks are left out, also one that never closes", () => {
    expect(say("Before\n```js\nfoo(); // said?\n```\nafter")).toBe("Before after");
    expect(say("Before ```js\nfoo()")).toBe("Before");
  });

  test("tables keep their cells, and rules go", () => {
    expect(say("| a | b |\n|---|---|\n| 1 | 2 |")).toBe("a, b, one, two,");
  });

  test("emoji, flags, keycaps and their joiners go, digits and signs stay", () => {
    expect(say("Good 👍🏽 family 👨‍👩‍👧 in 🇫🇷 1️⃣ © 5 * 6")).toBe("Good family in copyright five times six");
  });

  test("controls, halves of surrogate pairs and soft hyphens go", () => {
    expect(say("a\u0000b \uD800c co\u00ADop \u200Bd\u202E")).toBe("a b c coop d");
  });

  test("pauses are not read", () => {
    expect(say("Wait [pause:500ms] here")).toBe("Wait here");
  });
});

test("punctuation of every script becomes the marks that a voice follows", () => {
  expect(say("Wait... what?! — yes - no “quoted” «aussi»")).toBe("Wait… what? yes — no “quoted” “aussi”");
  expect(say('"Hi" (he said)')).toBe("“Hi” (he said)");
});

test("each token knows the text that it stands for", () => {
  const text = "On 3 May, **Dr.** Lee paid $5 million.";
  const tokens = createTextReader("en-US").read(text);
  expect(tokens.map(({ start, end, spoken }) => [text.slice(start, end), spoken])).toEqual([
    ["On", "On"],
    ["3 May", "May third"],
    [",", ","],
    ["Dr.", "Doctor"],
    ["Lee", "Lee"],
    ["paid", "paid"],
    ["$5 million", "five million dollars"],
    [".", "."],
  ]);
});

test("a word without end is said in stretches, whole", () => {
  const word = "aé".repeat(1500);
  const tokens = createTextReader("en-US").read(word);
  expect(Math.max(...tokens.map(({ spoken }) => spoken.length))).toBeLessThanOrEqual(41);
  expect(tokens.map(({ spoken }) => spoken).join("")).toBe(word);
});

test("any text at all gives tokens in order, inside the text, never empty", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ unit: "grapheme" }),
          fc.string({ unit: "binary" }),
          fc.constantFrom("$5", "1/2", "*", "```", "[a](b)", "12:30", "e.g.", "\uD83D", "| ", "-", "1.234,5"),
        ),
      ),
      fc.constantFrom("en-US", "en-GB", "fr-FR", "de", "es", "it", "zh"),
      (parts, language) => {
        const text = parts.join(" ");
        let last = 0;
        for (const token of createTextReader(language).read(text)) {
          expect(token.spoken).not.toBe("");
          expect(token.start).toBeGreaterThanOrEqual(last);
          expect(token.end).toBeGreaterThanOrEqual(token.start);
          last = token.end;
        }
        expect(last).toBeLessThanOrEqual(text.length);
      },
    ),
    { numRuns: 400 },
  );
});

test("knows what can be said at all", () => {
  const texts = ["", "  \n", "🙂 👍", "---", "```\ncode\n```", "…!", "ok", "5", "好", "**a**"];
  expect(texts.filter((text) => isSpeakable(text))).toEqual(["ok", "5", "好", "**a**"]);
});
