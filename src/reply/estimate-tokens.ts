// Token counts where nobody counts: scripted replies, and servers that leave `usage` out.

/**
 * Words, times four thirds: about what byte-pair vocabularies make of English prose. An estimate, for display and limits,
 * not for bills. Scripts without spaces count one token for each character.
 */
export function estimateTokens(text: string): number {
  let count = 0;
  for (const word of text.match(/\S+/g) ?? []) {
    const dense = word.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu);
    count += dense ? dense.length : 4 / 3;
  }
  return Math.ceil(count);
}
