// What the graph says while its ranges are measured, and what it says to be judged by. In the model's letters, so that
// preparation needs no phonemiser and gives the same on every machine.

export interface CalibrationSentence {
  voice: string;
  letters: string;
}

/** High and low voices, two languages, every vowel, plosives and hisses; one and a half seconds each. */
export const calibrationSentences: readonly CalibrationSentence[] = [
  { voice: "af_heart", letters: "həlˈO ðˈɛɹ, hˈW ɑɹ ju?" },
  { voice: "am_michael", letters: "I əm nˌɑt ʃˈʊɹ əbˌWt ðˈæt!" },
  { voice: "bf_emma", letters: "sˈɛvən ʃˈɪps sˈAld tə pˈaɹɪs." },
  { voice: "bm_george", letters: "wˌɒt ə lˈʌvli, kwˈIət ˈiːvnɪŋ." },
  { voice: "af_bella", letters: "zˈOi θˈɔt ɪt wʌz ʤˈYfᵊl." },
  { voice: "ff_siwis", letters: "bɔ̃ʒˈuʁ, kɛl bˈɛl ʒuʁnˈe!" },
];

/** Other words in other voices, one of them shouting. */
export const checkSentences: readonly CalibrationSentence[] = [
  { voice: "am_fenrir", letters: "nˈO! stˈɑp ɪt! nˈɛvəɹ dˈu ðæt əɡˈɛn!" },
  { voice: "af_sky", letters: "jˈɛstəɹdˌA ʃi ˈæskt wˈɛðəɹ ðA hæd sˈin ɪt." },
];
