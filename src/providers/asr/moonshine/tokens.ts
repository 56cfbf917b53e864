// Moonshine's vocabulary is Llama's with 768 special tokens behind it. Tokens become words here, and each word keeps
// its tokens, so that a later pass over more audio can begin from them.
import type { LlamaTokenizer } from "llama-tokenizer-js";
import type { HeardWord } from "../../../speech/speech-decoder.ts";

export const startToken = 1;
export const endToken = 2;
const firstSpecialToken = 32_000;
/** Llama's mark for the space before a word. */
const wordMark = "▁";

/** Words in order; special tokens are left out. */
export function groupTokens(tokenizer: LlamaTokenizer, tokens: readonly number[]): HeardWord[] {
  const groups: number[][] = [];
  for (const token of tokens) {
    if (token <= endToken || token >= firstSpecialToken) continue;
    const group = groups.at(-1);
    if (!group || tokenizer.vocabById[token]?.startsWith(wordMark)) groups.push([token]);
    else group.push(token);
  }
  return groups.flatMap((group) => {
    const text = tokenizer.decode(group, false, false).trim();
    return text === "" ? [] : [{ text, tokens: group }];
  });
}
