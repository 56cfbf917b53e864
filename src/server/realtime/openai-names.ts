// Names that OpenAI's clients send by habit, and what they mean here.

/** Stock clients name one of OpenAI's models when their user names none: they want whoever is there. */
export function isOpenAiModel(model: string): boolean {
  return /^(gpt-|chatgpt-|o\d)/.test(model);
}
