// What turns words into phonemes. Two stand behind it: eSpeak NG for every language, and a freely licensed one for English.

/** One phoneme in IPA with its stress mark before it: "ˈoʊ", "t", "ɑ̃". */
export type PhonemeUnit = string;

export interface Phonemizer {
  /** Name for records and messages. */
  readonly id: "espeak" | "phonemize";
  /** BCP 47 primary subtags that it speaks. */
  canSpeak(languageTag: string): boolean;
  /**
   * Words as they are said after one another, parted by blanks and without punctuation → phonemes of each word. Words may
   * come out joined ("of the") or taken apart. Throws E_ARGS for a language that it does not speak.
   */
  translate(words: string, languageTag: string): PhonemeUnit[][];
}
