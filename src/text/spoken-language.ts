// What must be known of a language to read out its digits and signs; languages/ has the ones that are.

/** Something counted: a unit, a currency. */
export interface Countable {
  one: string;
  many: string;
  isFeminine?: boolean;
}

export interface Currency extends Countable {
  cent: Countable;
}

export interface SpokenDate {
  day: number;
  /** 1 to 12 */
  month: number;
  year?: number | undefined;
}

export interface SpokenTime {
  /** 0 to 23 */
  hour: number;
  minute: number;
  /** Written with am or pm. */
  half?: "am" | "pm" | undefined;
}

export interface SpokenLanguage {
  /** Whole numbers from 0 to 10^15 − 1. */
  cardinal(value: number): string;
  /** `ending` is what was written behind the digits, and may tell the gender. */
  ordinal(value: number, ending?: string): string;
  /** Four digits that stand for a year. */
  year(value: number): string;
  /** The digits behind the decimal point, with the word for it. */
  decimals(digits: string): string;
  fraction(top: number, bottom: number): string;
  /** The number in `words`, agreeing with what is counted. `value` decides between one and many. */
  count(words: string, value: number, counted: Countable): string;
  /** `cents` from 0 to 99; `magnitude` is the spoken million or billion behind the number. */
  money(
    amount: { words: string; value: number; cents: number; magnitude?: string },
    currency: Currency,
  ): string;
  date(date: SpokenDate): string;
  time(time: SpokenTime): string;
  /** What a sign between words is called. An empty string: it is not spoken. */
  symbols: Readonly<Record<string, string>>;
  words: {
    minus: string;
    /** Between the ends of a range. */
    to: string;
    /** Before "#5". */
    number: string;
    dot: string;
    at: string;
    slash: string;
    dash: string;
    underscore: string;
  };
  currencies: Readonly<Record<string, Currency>>;
  /** Written behind a number: "m", "million". */
  magnitudes: Readonly<Record<string, string>>;
  units: Readonly<Record<string, Countable>>;
  /** Full names, January first, as the language writes them. */
  months: readonly string[];
  /** Without their dot. */
  monthAbbreviations: readonly string[];
  /** 11/20/2026 rather than 20/11/2026. */
  isMonthFirst: boolean;
  /** "." or ",": what parts whole and fraction. The other of the two, blanks and apostrophes group digits. */
  decimalSeparator: "." | ",";
  /** Written behind digits to make an ordinal. */
  ordinalEnding: RegExp;
  /** With their dots. */
  abbreviations: Readonly<Record<string, string>>;
}

/** "km = kilometre; ft = foot | feet" → countables by their sign. Without a plural, "s" is added. A "*" marks feminines. */
export function parseCountables(text: string): Record<string, Countable> {
  const countables: Record<string, Countable> = {};
  for (const entry of text.split(";")) {
    const [signs = "", forms = ""] = entry.split("=").map((part) => part.trim());
    const [one = "", many = `${one}s`] = forms
      .replace("*", "")
      .split("|")
      .map((form) => form.trim());
    const counted = { one, many, isFeminine: forms.includes("*") };
    for (const sign of signs.split(/\s+/)) countables[sign] = counted;
  }
  return countables;
}
