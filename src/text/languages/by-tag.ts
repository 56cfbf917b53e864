// Which language is read out how. One that is not here is spoken as it is written: its phonemiser reads the digits.
import type { SpokenLanguage } from "../spoken-language.ts";
import { english } from "./english.ts";
import { french } from "./french.ts";
import { german } from "./german.ts";
import { spanish } from "./spanish.ts";

const languages: Readonly<Record<string, SpokenLanguage>> = {
  en: english,
  fr: french,
  de: german,
  es: spanish,
};

/** By BCP 47 tag; the region decides only the order of a date: en-US begins with the month. */
export function spokenLanguageOf(tag: string): SpokenLanguage | undefined {
  const [language = "", region] = tag.toLowerCase().split("-");
  const spoken = Object.hasOwn(languages, language) ? languages[language] : undefined;
  return spoken && language === "en" ? { ...spoken, isMonthFirst: region !== "gb" } : spoken;
}
