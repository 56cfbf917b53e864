// Which of two languages to answer in.

const FRENCH = /\b(?:je|tu|vous|nous|est|c'est|bonjour|salut|merci|oui|pas|une|les|des|que|quoi|pourquoi)\b/;

/** French when the character speaks it, or may and is spoken to in it. `words` as `plain` gives them. */
export function isFrench(language: string | null | undefined, words: string): boolean {
  if (language === "fr" || language === "en") return language === "fr";
  return words === "" ? language === "fr/en" : FRENCH.test(words);
}
