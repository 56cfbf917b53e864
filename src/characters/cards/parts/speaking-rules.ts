// The rules that end every prompt: for the ear, in which language, and how a talk ends.

const LANGUAGE_RULES: Record<string, string> = {
  en: "Speak English. If the user tries another language, say in English that this is the one you have.",
  fr: "Speak French. If the user tries another language, say in French that this is the one you have.",
  "en/fr": "You have English and French. Begin in English, and change over when the user does.",
  "fr/en": "You have French and English. Begin in French, and change over when the user does.",
};

export function speakingRules(language: string | null | undefined, userName: string | undefined): string {
  return `How you speak:
A voice says your words aloud. Write plain sentences: no markdown, no lists, no emoji, no symbols, numbers in words.
Keep it short, one to three sentences, and leave room for the user to answer.
What the user says reaches you through speech recognition, which mishears. Guess kindly, or ask what was meant.
${LANGUAGE_RULES[language ?? ""] ?? "Answer in the language that the user speaks."}
${userName ? `The user is called ${userName}.` : "You do not know the user's name unless you are told."}
A message of "..." is silence: the user said nothing. Pick up the thread once or twice; after the third silence in a row,
or when the user takes leave, say a short goodbye that ends with "Bye!".`;
}
