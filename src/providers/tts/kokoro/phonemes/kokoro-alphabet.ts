// eSpeak's IPA → the alphabet that Kokoro 1.0 was trained on: one letter for a diphthong or an affricate, and for
// English a coarser set of vowels without length marks (the model's own front end is described in its repository as
// EN_PHONES; hexgrad/Kokoro-82M, model card "Training Details"). kokoro-js feeds plain IPA, which the model takes too.
import type { PhonemeUnit } from "./phonemizer.ts";

const joined: Readonly<Record<string, string>> = {
  aɪ: "I",
  aʊ: "W",
  eɪ: "A",
  oʊ: "O",
  əʊ: "Q",
  ɔɪ: "Y",
  dʒ: "ʤ",
  tʃ: "ʧ",
  ts: "ʦ",
  dz: "ʣ",
};

const english: Readonly<Record<string, string>> = {
  ɚ: "əɹ",
  ɐ: "ə",
  r: "ɹ",
  x: "k",
  ç: "k",
  ɬ: "l",
  ʔ: "t",
  n̩: "ᵊn",
  l̩: "ᵊl",
  m̩: "ᵊm",
  əl: "ᵊl",
  aɪɚ: "Iəɹ",
  aɪə: "Iə",
  aʊɚ: "Wəɹ",
  aʊə: "Wə",
  e: "A",
};
const american: Readonly<Record<string, string>> = {
  ...english,
  ɾ: "T",
  ɜː: "ɜɹ",
  ɪə: "iə",
  o: "ɔ",
};
const british: Readonly<Record<string, string>> = {
  ...english,
  iə: "ɪə",
  eə: "ɛː",
  ᵻ: "ɪ",
  o: "ɔ",
};

/**
 * Little words as the model learned them. A diphthong without stress is over in 25 ms and not heard: "I would" became
 * "would" in every voice before the pronoun had its mark.
 */
const englishWords: Readonly<Record<string, string>> = {
  i: "ˌI",
  "i'm": "ˌIm",
  "i'll": "ˌIl",
  "i've": "ˌIv",
  "i'd": "ˌId",
  a: "ɐ",
  an: "ɐn",
  am: "ɐm",
};

/** The letters of a whole word where they are not those of its phonemes. */
export function encodeWord(word: string, languageTag: string): string | undefined {
  if (!languageTag.toLowerCase().startsWith("en")) return undefined;
  const folded = word.toLowerCase();
  return Object.hasOwn(englishWords, folded) ? englishWords[folded] : undefined;
}

const stressMarks = /^[ˈˌ]+/;

/** The letters of Kokoro's alphabet for one phoneme. What the vocabulary does not know is dropped later. */
export function encodePhoneme(unit: PhonemeUnit, languageTag: string): string {
  const tag = languageTag.toLowerCase();
  const stress = stressMarks.exec(unit)?.[0] ?? "";
  // Nasal vowels are a letter and a tilde in the vocabulary; other marks are not in it, and ç is one letter.
  const sound = unit
    .slice(stress.length)
    .normalize("NFD")
    .replace(/c\u0327/g, "ç")
    .replace(/(?![\u0303\u0329])\p{Mn}/gu, "")
    .replace(/g/g, "ɡ");
  if (!tag.startsWith("en")) return stress + (joined[sound] ?? sound.replace(/-/g, ""));
  const isBritish = tag === "en-gb";
  const table = isBritish ? british : american;
  const rhotic = /^(.+)ɹ$/.exec(sound);
  if (rhotic?.[1] !== undefined) return stress + encodeEnglish(rhotic[1], table, isBritish) + "ɹ";
  return stress + encodeEnglish(sound, table, isBritish);
}

function encodeEnglish(sound: string, table: Readonly<Record<string, string>>, isBritish: boolean): string {
  const whole = table[sound] ?? joined[sound];
  if (whole !== undefined) return whole;
  const plain = sound.replace(/\u0303/g, "").replace(/(.)\u0329/g, "ᵊ$1");
  const short = isBritish ? plain : plain.replace(/ː/g, "");
  return [...short].map((letter) => (letter === "e" ? "A" : (table[letter] ?? letter))).join("");
}
