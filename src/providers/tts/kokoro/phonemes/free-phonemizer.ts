// The package `phonemize` (MIT): words → IPA for English, Chinese and Japanese, by dictionary and rules. Its English
// differs from eSpeak's in form: stress stands before the syllable, words of one syllable have none, and some signs differ.
import type { Phonemizer, PhonemeUnit } from "./phonemizer.ts";

const languages = new Set(["en", "zh", "ja"]);

/** True for a BCP 47 tag that is spoken here; needs nothing loaded. */
export function canPhonemize(languageTag: string): boolean {
  return languages.has(primaryOf(languageTag));
}

const primaryOf = (tag: string): string => tag.toLowerCase().split("-")[0] ?? "";

export async function createFreePhonemizer(): Promise<Phonemizer> {
  const [{ createPhonemizer }, english, chinese, japanese] = await Promise.all([
    import("phonemize/core"),
    import("phonemize/en-g2p"),
    import("phonemize/zh-g2p"),
    import("phonemize/ja-g2p"),
  ]);
  const eastern = [new chinese.default(), new japanese.default()];
  const american = createPhonemizer({ processors: [new english.default(), ...eastern] });
  const british = createPhonemizer({ processors: [new english.default({ dialect: "en-GB" }), ...eastern] });

  return {
    id: "phonemize",
    canSpeak: canPhonemize,
    translate(words, languageTag) {
      const language = primaryOf(languageTag);
      const phonemizer = languageTag.toLowerCase() === "en-gb" ? british : american;
      if (language !== "en") {
        return phonemizer
          .toIPA(words, { language, toneFormat: "arrow" })
          .split(/\s+/)
          .map((word) => (language === "zh" ? splitSyllable(word) : splitUnits(word)))
          .filter((units) => units.length > 0);
      }
      // A word at a time loses the homographs, so all go at once; hyphens part words and come back as units of their own.
      return phonemizer
        .phonemize(words, { returnArray: true, language: languageTag })
        .filter(({ phoneme }) => /\p{L}/u.test(phoneme))
        .map(({ phoneme, word }) => stressUnits(splitUnits(phoneme), word));
    },
  };
}

/** Longest first. ɝ and ɚ carry their r. */
const unitPattern = /[ˈˌ]|tʃ|dʒ|tɕʰ|tɕ|dʑ|ts|aɪ|aʊ|eɪ|oʊ|əʊ|ɔɪ|ɪə|eə|ʊə|\p{L}[\u0303\u0329]?ː?|ʰ/gu;
const spelled: Readonly<Record<string, string>> = { ɫ: "l", ɝ: "ɜː", g: "ɡ", ʌɪ: "aɪ", ɑ: "ɑː", ɔ: "ɔː" };
const vowel = /^[aɑæɐʌɔoəɚɛɜeiɪuʊɒ]/;

function splitUnits(ipa: string): PhonemeUnit[] {
  return (ipa.normalize("NFC").match(unitPattern) ?? []).map((unit) => spelled[unit] ?? unit);
}

/** Said without stress in running speech. */
const weak = new Set(
  (
    "a an the and or but nor of to in on at by for from with as if than that this these those is am are was were be " +
    "been being do does did has have had can could will would shall should may might must i you he she it we they me " +
    "him her us them my your his its our their who which there so not"
  ).split(" "),
);

/** Moves each stress mark onto its vowel, and stresses the first vowel of a word that has no stress. */
function stressUnits(units: readonly PhonemeUnit[], word: string): PhonemeUnit[] {
  const stressed: PhonemeUnit[] = [];
  let waiting = "";
  for (const unit of units) {
    if (unit === "ˈ" || unit === "ˌ") waiting = unit;
    else if (waiting !== "" && vowel.test(unit)) {
      stressed.push(waiting + unit);
      waiting = "";
    } else stressed.push(unit);
  }
  const hasStress = weak.has(word.toLowerCase()) || stressed.some((unit) => unit.startsWith("ˈ"));
  const first = hasStress ? -1 : stressed.findIndex((unit) => vowel.test(unit.replace(/^ˌ/, "")));
  return stressed.map((unit, i) => {
    if (i === first) return `ˈ${unit.replace(/^ˌ/, "")}`;
    return unit === "ɜː" ? "ɚ" : unit;
  });
}

/** "tɕʰu↘" → the letters of the model's Mandarin: one for an affricate, and an arrow for the tone (↓↗ is the third). */
function splitSyllable(syllable: string): PhonemeUnit[] {
  const [, sounds = "", tone = ""] = /^([^0-9↓↗↘→]*)[0-9]?([↓↗↘→]*)$/u.exec(syllable) ?? [];
  const letters = sounds.replace(/tɕ/g, "ʨ").replace(/ʈʂ/g, "ꭧ").replace(/ts/g, "ʦ");
  const isNeutral = /0/.test(syllable);
  const mark = tone.startsWith("↓") ? "↓" : tone;
  return [...letters, ...(isNeutral ? "" : mark)];
}
