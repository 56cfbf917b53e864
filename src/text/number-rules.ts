// Reading out what has digits in it: money, measures, dates, times, ranges, fractions, telephone numbers and plain
// numbers. Order matters: the first rule that matches and reads has it.
import { numberPattern, parseNumber, spellDigits, spellNumber } from "./number-words.ts";
import { alternatives, type ReadingRule } from "./reading-rule.ts";
import type { Currency, SpokenLanguage } from "./spoken-language.ts";

const notInWord = "(?<![\\p{L}\\p{N}.,])";
const wordEnds = "(?![\\p{L}\\p{N}])";

export function createNumberRules(language: SpokenLanguage): ReadingRule[] {
  const number = numberPattern(language);
  const sticky = (source: string, flags = ""): RegExp => new RegExp(source, `uy${flags}`);
  const spell = (written: string): string => spellNumber(parseNumber(written, language), language);
  const units = alternatives(Object.keys(language.units));
  return [
    ...createDateRules(language, sticky),
    ...createTimeRules(language, sticky),
    ...createMoneyRules(language, number, sticky),
    {
      // 1.2.3, 192.168.0.1, v2.0
      pattern: sticky(`${notInWord}(?:[vV](\\d+(?:\\.\\d+)+)|\\d+(?:\\.\\d+){2,})${wordEnds}`),
      read: ([written, version]) => {
        if (new RegExp(`^(?:${number})$`, "u").test(written)) return undefined;
        const parts = (version ?? written).split(".").map(spell).join(` ${language.words.dot} `);
        return version === undefined ? parts : `version ${parts}`;
      },
    },
    createPhoneRule(language, sticky),
    {
      // 5-10 km, 1914–1918, 3 - 4 %
      pattern: sticky(
        `${notInWord}(${number})\\s?[-–—]\\s?(${number})(?:\\s?(${units}))?${wordEnds}(?![-–—]\\d)`,
      ),
      read: ([, from = "", to = "", unit]) => {
        const ends = [from, to].map((written) => readYear(written, language) ?? spell(written));
        const range = ends.join(` ${language.words.to} `);
        const counted = unit === undefined ? undefined : language.units[unit];
        return counted ? language.count(range, 2, counted) : range;
      },
    },
    {
      // the 1980s, the '90s
      pattern: sticky(`(?<![\\p{L}\\p{N}.,])(?:(\\d{3}0)['’]?|['’](\\d0))s${wordEnds}`),
      read: ([, long, short = ""]) => {
        const words = long === undefined ? language.cardinal(Number(short)) : readYear(long, language);
        return words?.endsWith("y") ? `${words.slice(0, -1)}ies` : words && `${words}s`;
      },
    },
    {
      // 20 km, 5%, 37 °C, 10x
      pattern: sticky(`${notInWord}(${number})(?:\\s?(${units})|x)${wordEnds}`),
      read: ([, written = "", unit = "x"]) => {
        const counted = language.units[unit];
        const parsed = parseNumber(written, language);
        return counted && language.count(spellNumber(parsed, language), parsed.value, counted);
      },
    },
    {
      pattern: sticky(`${notInWord}(\\d+)(${language.ordinalEnding.source})`, "i"),
      read: ([, digits = "", ending]) =>
        digits.length > 9 ? undefined : language.ordinal(Number(digits), ending),
    },
    {
      // 3/4, but 24/7 is two numbers
      pattern: sticky("(?<![\\p{L}\\p{N}./])(\\d{1,3})/(\\d{1,3})(?![\\p{N}/])"),
      read: ([, top = "", bottom = ""]) =>
        Number(top) > 0 && Number(top) < Number(bottom) && Number(bottom) <= 20
          ? language.fraction(Number(top), Number(bottom))
          : `${spell(top)} ${spell(bottom)}`,
    },
    {
      // 16:9
      pattern: sticky(`${notInWord}(\\d{1,3}):(\\d{1,3})(?![\\p{L}\\p{N}:])`),
      read: ([, a = "", b = ""]) => `${spell(a)} ${language.words.to} ${spell(b)}`,
    },
    {
      pattern: sticky(`${notInWord}\\d{4}(?![\\p{L}\\p{N}]|[.,]\\d)`),
      read: ([written]) => readYear(written, language),
    },
    {
      pattern: sticky(`(?:#|[Nn][°º]\\s?|№\\s?|\\bNo\\.\\s?|\\bNr\\.\\s?)(?=\\d)`),
      read: () => language.words.number,
    },
    {
      pattern: sticky(`(?<![\\p{L}\\p{N}])[-−](?=[$€£¥]?\\d)`),
      read: () => language.words.minus,
    },
    {
      pattern: sticky(`(?<!\\d)[.,]\\d+${wordEnds}`),
      read: ([written]) => language.decimals(written.slice(1)),
    },
    { pattern: sticky(number), read: ([written]) => spell(written) },
  ];
}

/** 1100 to 2099 without separators are years; people say "nineteen eighty-four" also of a thousand and some things. */
function readYear(written: string, language: SpokenLanguage): string | undefined {
  return /^(?:1[1-9]|20)\d\d$/.test(written) ? language.year(Number(written)) : undefined;
}

type Sticky = (source: string, flags?: string) => RegExp;

function createMoneyRules(language: SpokenLanguage, number: string, sticky: Sticky): ReadingRule[] {
  const signs = alternatives(Object.keys(language.currencies));
  const magnitudes = alternatives(Object.keys(language.magnitudes));
  const read = (written: string, magnitude: string | undefined, currency: Currency): string => {
    const parsed = parseNumber(written, language);
    const spoken = magnitude === undefined ? undefined : language.magnitudes[magnitude];
    if (spoken !== undefined) {
      const amount = { words: spellNumber(parsed, language), value: parsed.value, cents: 0 };
      return language.money({ ...amount, magnitude: spoken }, currency);
    }
    const isPrice = parsed.decimals.length === 1 || parsed.decimals.length === 2;
    const cents = isPrice ? Number(parsed.decimals.padEnd(2, "0")) : 0;
    const words = spellNumber(isPrice ? { ...parsed, decimals: "" } : parsed, language);
    return language.money({ words, value: isPrice ? Number(parsed.whole) : parsed.value, cents }, currency);
  };
  return [
    {
      pattern: sticky(
        `(?<![\\p{L}\\p{N}])(${signs})\\s?(${number})(?:\\s?(${magnitudes})(?![\\p{L}\\p{N}]))?`,
      ),
      read: ([, sign = "", written = "", magnitude]) => {
        const currency = language.currencies[sign];
        return currency && read(written, magnitude, currency);
      },
    },
    {
      pattern: sticky(`${notInWord}(${number})(?:\\s?(${magnitudes}))?\\s?(?:d['’])?(${signs})${wordEnds}`),
      read: ([, written = "", magnitude, sign = ""]) => {
        const currency = language.currencies[sign];
        return currency && read(written, magnitude, currency);
      },
    },
  ];
}

function createDateRules(language: SpokenLanguage, sticky: Sticky): ReadingRule[] {
  const names = [...language.months, ...language.monthAbbreviations];
  const month = `(${alternatives(names)})\\.?`;
  const monthOf = (name: string): number => {
    const find = (list: readonly string[]): number =>
      list.findIndex((known) => known.toLowerCase() === name.toLowerCase());
    const full = find(language.months);
    return 1 + (full >= 0 ? full : find(language.monthAbbreviations));
  };
  const ordinal = `(?:${language.ordinalEnding.source}|\\.)?`;
  const readDate = (day: string, inYear: number, year: string | undefined): string | undefined => {
    const date = { day: Number(day), month: inYear, year: year === undefined ? undefined : Number(year) };
    return isCalendarDay(date.day, date.month) ? language.date(date) : undefined;
  };
  return [
    {
      pattern: sticky(`${notInWord}(\\d{4})-(\\d{2})-(\\d{2})(?![\\p{N}-])`),
      read: ([, year, inYear = "", day = ""]) => readDate(day, Number(inYear), year),
    },
    {
      pattern: sticky(`${notInWord}(\\d{1,2})([/.])(\\d{1,2})\\2(\\d{4})(?![\\p{N}])`),
      read: ([, first = "", separator, second = "", year]) =>
        language.isMonthFirst && separator === "/"
          ? (readDate(second, Number(first), year) ?? readDate(first, Number(second), year))
          : (readDate(first, Number(second), year) ?? readDate(second, Number(first), year)),
    },
    {
      // November 20th, 2026
      pattern: sticky(
        `(?<![\\p{L}])${month}\\s(\\d{1,2})${ordinal}(?![\\p{N}:]|\\.\\d)(?:,?\\s(\\d{4})(?![\\p{N}]))?`,
        "i",
      ),
      read: ([, name = "", day = "", year]) => readDate(day, monthOf(name), year),
    },
    {
      // 20 November 2026, le 1er mai, 3. Oktober
      pattern: sticky(
        `${notInWord}(\\d{1,2})${ordinal}\\s(?:of\\s|de\\s)?${month}(?![\\p{L}])(?:,?\\s(?:de\\s)?(\\d{4})(?![\\p{N}]))?`,
        "i",
      ),
      read: ([, day = "", name = "", year]) => readDate(day, monthOf(name), year),
    },
  ];
}

function isCalendarDay(day: number, month: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

function createTimeRules(language: SpokenLanguage, sticky: Sticky): ReadingRule[] {
  const halfOf = (written: string | undefined): "am" | "pm" | undefined =>
    written === undefined ? undefined : /^a/i.test(written) ? "am" : "pm";
  const half = "(?:\\s?([ap]\\.?m\\b\\.?))";
  const readTime = (hour: string, minute: string, written?: string): string | undefined =>
    Number(hour) > 24 || Number(minute) > 59
      ? undefined
      : language.time({ hour: Number(hour) % 24, minute: Number(minute), half: halfOf(written) });
  return [
    {
      pattern: sticky(`${notInWord}(\\d{1,2}):(\\d{2})(?::(\\d{2}))?(?:\\sUhr\\b|${half})?${wordEnds}`, "i"),
      read: ([, hour = "", minute = "", second, written]) => {
        const time = readTime(hour, minute, written);
        if (time === undefined || second === undefined) return time;
        return `${time} ${spellNumber(parseNumber(String(Number(second)), language), language)}`;
      },
    },
    {
      pattern: sticky(`${notInWord}(\\d{1,2})${half}${wordEnds}`, "i"),
      read: ([, hour = "", written]) => readTime(hour, "0", written),
    },
    {
      // 15h30, 8 h 05, 20h
      pattern: sticky(`${notInWord}(\\d{1,2})\\s?h\\s?(\\d{2})${wordEnds}`),
      read: ([, hour = "", minute = ""]) => readTime(hour, minute),
    },
  ];
}

/** Seven digits and more in groups of two to four: read digit by digit, with a pause between the groups. */
function createPhoneRule(language: SpokenLanguage, sticky: Sticky): ReadingRule {
  const groups = "(?:\\+\\d{1,3}[ .-]?)?(?:\\(\\d{1,4}\\)[ .-]?)?\\d{1,4}(?:[ .-]\\d{2,4}){1,5}";
  return {
    pattern: sticky(`(?<![\\p{L}\\p{N}.,-])${groups}(?![\\p{L}\\p{N}]|[.,-]\\d)`),
    read: ([written]) => {
      const digits = written.replace(/\D/g, "");
      const isGrouped = new RegExp(`^(?:${numberPattern(language)})$`, "u").test(written);
      const isRange = /^\d{1,4}[ .-]\d{1,4}$/.test(written) && digits.length < 7;
      const isYears = /^(?:1\d|20)\d\d-(?:1\d|20)\d\d$/.test(written);
      if (digits.length < 7 || isGrouped || isRange || isYears) return undefined;
      const groups = written.match(/\d+/g) ?? [];
      // On the Continent pairs are said as numbers: zéro six, douze, trente-quatre.
      const arePairs = language.decimalSeparator === "," && groups.every((group) => group.length === 2);
      return groups
        .map((group) =>
          arePairs && !group.startsWith("0")
            ? language.cardinal(Number(group))
            : spellDigits(group, language),
        )
        .join(", ");
    },
  };
}
