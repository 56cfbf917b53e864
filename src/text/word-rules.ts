// Reading out what has letters in it: addresses, abbreviations, words.
import { alternatives, type ReadingRule } from "./reading-rule.ts";
import type { SpokenLanguage } from "./spoken-language.ts";

const topLevelDomains =
  "com|org|net|edu|gov|io|dev|app|ai|me|info|eu|uk|us|de|fr|es|it|nl|be|ch|at|ca|au|jp|cn|in|br|ru|pl|se|no|fi|dk";
const host = `[\\p{L}\\p{N}-]+(?:\\.[\\p{L}\\p{N}-]+)*\\.(?:${topLevelDomains})(?![\\p{L}\\p{N}-])`;
const inAddress = "[^\\s<>\"')\\]]";
const stop = "[.,;:!?…]";
/** A longer path is not listened to; the host says where it leads. */
const maxPathChars = 40;
/** Soft hyphens and joiners stand inside words and are not said. */
const invisible = /[\u00AD\u200B-\u200D\u2060\uFEFF]/g;

/** Mail and web addresses, abbreviations: what would otherwise be taken for words and numbers. */
export function createAddressRules(language: SpokenLanguage): ReadingRule[] {
  const { words } = language;
  const spellAddress = (address: string): string =>
    address
      .replace(/@/g, ` ${words.at} `)
      .replace(/\./g, ` ${words.dot} `)
      .replace(/\/+/g, ` ${words.slash} `)
      .replace(/_+/g, ` ${words.underscore} `)
      .replace(/-+/g, ` ${words.dash} `)
      .replace(/[^\p{L}\p{N}']+/gu, " ")
      .trim();
  return [
    {
      pattern: /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/uy,
      read: ([mail]) => spellAddress(mail),
    },
    {
      // The mark that ends the sentence is no part of the address.
      pattern: new RegExp(
        `(?<![\\p{L}\\p{N}@.])(?:https?:\\/\\/(?:www\\.)?(${inAddress}+(?<!${stop}))|(?:www\\.)?(${host}(?:\\/${inAddress}*(?<!${stop}))?))`,
        "uy",
      ),
      read: ([, withScheme, bare]) => {
        const [site = "", ...path] = (withScheme ?? bare ?? "").split("/");
        const rest = path.join("/").replace(/\/$/, "");
        return spellAddress(rest === "" || rest.length > maxPathChars ? site : `${site}/${rest}`);
      },
    },
    ...createAbbreviationRules(language),
    {
      // U.S., not the end of a sentence
      pattern: /(?<![\p{L}\p{N}.])(?:\p{Lu}\.){2,}/uy,
      read: ([letters]) => [...letters.replace(/\./g, "")].join(" "),
    },
    {
      // J. Smith; "So am I. Then" is two sentences.
      pattern: /(?<![\p{L}\p{N}.])(?!I)\p{Lu}\.(?=\s\p{Lu}\p{Ll})/uy,
      read: ([letter]) => letter.slice(0, 1),
    },
  ];
}

/** Words as they are written. */
export function createWordRules(language: SpokenLanguage | undefined): ReadingRule[] {
  const word: ReadingRule = {
    // An apostrophe or a hyphen inside belongs to the word; letters and digits mixed (MP3, B2B) are said apart.
    pattern:
      /(?:\p{L}|['’](?=\p{L}))(?:[\p{L}\p{M}\p{N}\u00AD\u200B-\u200D\u2060\uFEFF]|['’‑-](?=[\p{L}\p{N}]))*['’]?/uy,
    read: ([written]) =>
      written
        .replace(invisible, "")
        .replace(/’/g, "'")
        .replace(/‑/g, "-")
        .replace(/(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/gu, language ? " " : "")
        .replace(/\p{N}+/gu, (digits) => readDigits(digits, language)),
  };
  // Without a language of our own the phonemiser reads the digits.
  const digits: ReadingRule = { pattern: /\p{N}+(?:[.,]\p{N}+)*/uy, read: ([written]) => written };
  return language ? [word] : [word, digits];
}

function readDigits(digits: string, language: SpokenLanguage | undefined): string {
  if (!language || !/^[0-9]{1,9}$/.test(digits)) return digits;
  return language.cardinal(Number(digits));
}

function createAbbreviationRules({ abbreviations }: SpokenLanguage): ReadingRule[] {
  const known = Object.keys(abbreviations);
  // "p. ex." is written with and without the blank.
  const source = alternatives(known).replace(/\\\.(?=\p{L})/gu, "\\.\\s?");
  const find = (written: string): string | undefined => {
    const folded = written.replace(/\s/g, "");
    const key =
      known.find((k) => k === folded) ?? known.find((k) => k.toLowerCase() === folded.toLowerCase());
    return key === undefined ? undefined : abbreviations[key];
  };
  return [
    {
      pattern: new RegExp(`(?<![\\p{L}\\p{N}.])(?:${source})(?![\\p{L}\\p{N}])`, "uy"),
      read: ([written]) => find(written),
    },
  ];
}
