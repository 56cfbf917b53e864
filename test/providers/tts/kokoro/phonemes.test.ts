import { describe, expect, test } from "bun:test";
import { createEspeakPhonemizer } from "../../../../src/providers/tts/kokoro/phonemes/espeak-phonemizer.ts";
import { createFreePhonemizer } from "../../../../src/providers/tts/kokoro/phonemes/free-phonemizer.ts";
import { encodePhoneme } from "../../../../src/providers/tts/kokoro/phonemes/kokoro-alphabet.ts";
import { buildPhonemeText } from "../../../../src/providers/tts/kokoro/phonemes/phoneme-text.ts";
import type { Phonemizer } from "../../../../src/providers/tts/kokoro/phonemes/phonemizer.ts";
import { alignWords } from "../../../../src/providers/tts/kokoro/phonemes/word-alignment.ts";
import { createTextReader } from "../../../../src/text/speakable-text.ts";

const espeak = await createEspeakPhonemizer();
const free = await createFreePhonemizer();

function spell(text: string, language: string, phonemizer: Phonemizer = espeak): string {
  return buildPhonemeText(createTextReader(language).read(text), phonemizer, language)
    .map(({ letter }) => letter)
    .join("");
}

/** Written word → its letters. */
function spellWords(text: string, language: string): [string, string][] {
  const tokens = createTextReader(language).read(text);
  const words = tokens.map(({ start, end }): [string, string] => [text.slice(start, end), ""]);
  for (const { letter, token } of buildPhonemeText(tokens, espeak, language)) {
    const word = words[token];
    if (word) word[1] += letter;
  }
  return words;
}

describe("English", () => {
  test("is spelled in the model's alphabet, American and British", () => {
    expect(spell("Hello world, this is a better button.", "en-US")).toBe(
      "həlˈO wˈɜɹld, ðɪs ɪz ɐ bˈɛTəɹ bˈʌtᵊn.",
    );
    expect(spell("Hello, the water near the fire.", "en-GB")).toBe("həlˈQ, ðə wˈɔːtə nˌɪə ðə fˈIə.");
  });

  test("has little words as the model learned them", () => {
    expect(spell("I'm a fool, am I? An ape", "en-US")).toBe("ˌIm ɐ fˈul, ɐm ˌI? ɐn ˈAp");
    expect(spell("le I de", "fr-FR")).not.toContain("ˌI");
  });

  test("keeps its punctuation where the voice needs it", () => {
    expect(spell('He said: "Go (now)!" — and went...', "en-US")).toBe("hi sˈɛd: “ɡˈO (nˈW)!” — ænd wˈɛnt…");
  });

  test("puts a blank between words that eSpeak joins, and knows which is which", () => {
    expect(spellWords("in the house of the man", "en-US")).toEqual([
      ["in", "ɪn"],
      ["the", "ðə"],
      ["house", "hˈWs"],
      ["of", "ʌv"],
      ["the", "ðə"],
      ["man", "mˈæn"],
    ]);
    expect(spell("in the house", "en-US")).toBe("ɪn ðə hˈWs");
  });

  test("of a price all phonemes belong to the price", () => {
    const words = new Map(spellWords("for $12.50 a day", "en-US"));
    expect(words.get("$12.50")).toBe("twˈɛlvdˈɑləɹzændfˈɪftisˈɛnts");
    expect(words.get("day")).toBe("dˈA");
  });

  test("of the free phonemiser differs in detail only", () => {
    expect(spell("Hello there, how are you?", "en-US", free)).toBe("həlˈO ðɛɹ, hˈW ɑɹ ju?");
    expect(spell("the nurse read a well-known record", "en-US", free)).toBe(
      "ðə nˈɜɹs ɹˈid ɐ wˈɛl nˈOn ɹˈɛkəɹd",
    );
  });
});

describe("other languages", () => {
  test("French, with its liaisons", () => {
    expect(spell("Les amis, bonjour !", "fr-FR")).toBe("lez amˈi, bɔ̃ʒˈuʁ!");
    expect(spellWords("les amis", "fr-FR")).toEqual([
      ["les", "lez"],
      ["amis", "amˈi"],
    ]);
  });

  test("Spanish, Italian, Portuguese and Hindi by eSpeak", () => {
    expect(spell("mucho", "es")).toBe("mˈuʧo");
    expect(spell("grazie", "it")).toBe("ɡrˈaʦje");
    expect(spell("tudo bem", "pt-BR")).toContain("tˈudʊ");
    expect(spell("नमस्ते", "hi")).toBe("nəmˈʌsteː");
  });

  test("Chinese with its tones and Japanese with its readings, by the free phonemiser", () => {
    expect(spell("你好，世界！", "zh-CN", free)).toBe("ni↓ xɑʊ↓, ʂɨ↘ ʨiɛ↘!");
    expect(spell("今日は、東京。", "ja", free)).toBe("kjoːwa, toːkjoː.");
    expect(espeak.canSpeak("zh-CN")).toBe(false);
  });

  test("a language that nobody speaks is E_ARGS", () => {
    expect(() => espeak.translate("word", "tlh")).toThrow("no phonemes for the language tlh");
  });
});

test("words of any length come through whole", () => {
  const words = Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? "water" : "of")).join(" ");
  expect(espeak.translate(words, "en-US").flat().length).toBeGreaterThan(300 * 2);
  const letters = spell("ba".repeat(1500), "en-US").replace(/[^bæəɑ]/g, "");
  expect(letters.length).toBeGreaterThan(2000);
});

test("single phonemes become the letters of the alphabet", () => {
  const spelled = (language: string, units: string): string =>
    units
      .split(" ")
      .map((unit) => encodePhoneme(unit, language))
      .join(" ");
  expect(spelled("en-US", "ˈeɪ tʃ dʒ ɜː iː ɚ ɾ əl n̩ ɑːɹ ʔ aɪɚ")).toBe("ˈA ʧ ʤ ɜɹ i əɹ T ᵊl ᵊn ɑɹ t Iəɹ");
  expect(spelled("en-GB", "əʊ eə iː ɒ ɑː")).toBe("Q ɛː iː ɒ ɑː");
  expect(spelled("fr-FR", "ɑ̃ ʁ œ̃ ç ts")).toBe("ɑ̃ ʁ œ̃ ç ʦ");
});

describe("alignment", () => {
  const units = (words: string): string[][] => words.split(" ").map((word) => [...word]);
  const align = (spoken: string, alone: string): string => {
    const words = units(alone);
    return alignWords(words.length, units(spoken), (word) => words[word] ?? []).join("");
  };

  test("is plain where the groups are the words", () => {
    expect(align("ab c", "xx y")).toBe("001");
  });

  test("finds the border inside joined words, also where they changed", () => {
    expect(align("abcd e", "ab cd e")).toBe("00112");
    expect(align("aBcd e", "ab cd e")).toBe("00112");
    expect(align("abd", "ab cd")).toBe("001");
    expect(align("abxcd", "ab cd")).toMatch(/^00[01]11$/);
  });

  test("gives a word that came in several groups all of them", () => {
    expect(align("a b cd", "ab cd")).toBe("0011");
  });

  test("never goes back", () => {
    const indices = alignWords(
      3,
      [["a", "b", "a", "b", "c", "a"]],
      (word) => [["a", "b"], ["c"], ["a"]][word] ?? [],
    );
    expect(indices).toEqual(indices.toSorted((a, b) => a - b));
    expect(indices).toHaveLength(6);
  });
});
