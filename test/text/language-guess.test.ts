import { expect, test } from "bun:test";
import { guessLanguage } from "../../src/text/language-guess.ts";
import { spokenSentences } from "../support/spoken-sentences.ts";

test("tells the languages of its table apart by their little words", () => {
  const sentences: Record<string, string> = {
    "Hello, how are you today?": "en",
    "Bonjour, comment allez-vous aujourd'hui ?": "fr",
    "C’est une belle journée, n’est-ce pas ?": "fr",
    "Bonjour !": "fr",
    "Hola, ¿cómo está usted?": "es",
    "Guten Morgen, wie geht es dir?": "de",
    "Ciao, come stai? Questo è molto bello.": "it",
    "Olá, você está bem?": "pt",
  };
  const found = Object.fromEntries(Object.keys(sentences).map((text) => [text, guessLanguage(text)]));
  expect(found).toEqual(sentences as typeof found);
});

test("tells other scripts by their letters", () => {
  const sentences = [
    "你好，世界",
    "今日はいい天気",
    "नमस्ते दुनिया",
    "Привет, мир",
    "the word 你好 means hello",
  ];
  expect(sentences.map((text) => guessLanguage(text))).toEqual(["zh", "ja", "hi", "ru", "en"]);
});

test("has no opinion without evidence", () => {
  const unsure = [
    "",
    "42",
    "Paris!",
    "OK.",
    "Kokoro Moonshine Silero",
    "Straße nach Bern",
    "Restaurant, menu, café",
  ];
  expect(unsure.map((text) => guessLanguage(text))).toEqual(unsure.map(() => undefined));
});

test("English sentences are English or nothing, never another language", () => {
  const guesses = new Set(spokenSentences.map((text) => guessLanguage(text)));
  expect([...guesses].filter((guess) => guess !== undefined)).toEqual(["en"]);
});

test("a foreign word in an English sentence does not make it foreign", () => {
  const english = ["She said bonjour to me and left.", "We met at the café de la Paix in the morning."];
  expect(english.map((text) => guessLanguage(text))).toEqual(["en", "en"]);
});
