// Written numbers → words, by a language's own rules. "1,234.5" in English is "1 234,5" in French.
import type { SpokenLanguage } from "./spoken-language.ts";

/** A number as it was written, taken apart. */
export interface WrittenNumber {
  /** Digits before the decimal separator, without group separators. */
  whole: string;
  /** Digits behind it, or "". */
  decimals: string;
  value: number;
}

/** Longer runs of digits are no quantities but codes, and are read digit by digit; cardinals end at 10^15. */
const maxWholeDigits = 15;

/**
 * Source of a regular expression for a number in this language, without a sign and without capturing groups. Groups of
 * three are joined by the separator that is not the decimal one, by an apostrophe, a no-break or a thin space, and
 * outside English by a space.
 */
export function numberPattern({ decimalSeparator }: SpokenLanguage): string {
  const isEnglish = decimalSeparator === ".";
  const group = isEnglish ? "[,\u00A0\u202F’']" : "[. \u00A0\u202F’']";
  // A point is a decimal point everywhere when it cannot part groups of three.
  const decimals = isEnglish ? "(?:\\.\\d+)?" : "(?:,\\d+|\\.\\d{1,2}(?!\\d)|\\.\\d{4,})?";
  return `(?:\\d{1,3}(?:${group}\\d{3})+(?!\\d)|\\d+)${decimals}`;
}

export function parseNumber(written: string, { decimalSeparator }: SpokenLanguage): WrittenNumber {
  let separatorAt = written.lastIndexOf(decimalSeparator);
  if (separatorAt < 0 && decimalSeparator === "," && /\.(?:\d{1,2}|\d{4,})$/.test(written)) {
    separatorAt = written.lastIndexOf(".");
  }
  const digitsOf = (text: string): string => text.replace(/\D/g, "");
  const whole = digitsOf(separatorAt < 0 ? written : written.slice(0, separatorAt));
  const decimals = separatorAt < 0 ? "" : digitsOf(written.slice(separatorAt));
  return { whole, decimals, value: Number(`${whole || "0"}.${decimals || "0"}`) };
}

export function spellNumber(number: WrittenNumber, language: SpokenLanguage): string {
  const { whole, decimals } = number;
  const isCode =
    whole.length > maxWholeDigits || (whole.length > 1 && whole.startsWith("0") && decimals === "");
  const words = isCode ? spellDigits(whole, language) : language.cardinal(Number(whole));
  return decimals === "" ? words : `${words} ${language.decimals(decimals)}`;
}

export function spellDigits(digits: string, language: SpokenLanguage): string {
  return [...digits].map((digit) => language.cardinal(Number(digit))).join(" ");
}
