// Languages by one letter, as the ids of Kokoro's voices begin and as its users ask for them.

/** Letter → BCP 47. */
export const languageOfLetter: Readonly<Record<string, string>> = {
  a: "en-US",
  b: "en-GB",
  e: "es",
  f: "fr-FR",
  h: "hi",
  i: "it",
  j: "ja",
  p: "pt-BR",
  z: "zh-CN",
};
