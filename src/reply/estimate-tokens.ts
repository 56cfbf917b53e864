// Token counts where nobody counts: before a model is asked, and after one that says nothing of its usage.

/**
 * Tokenizers differ: four characters of ASCII, or one and a half of other scripts, are about one token to all of them. An
 * estimate, for limits and display, not for bills.
 */
export function estimateTokens(text: string): number {
  let ascii = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 128) ascii++;
  return Math.ceil(ascii / 4 + (text.length - ascii) / 1.5);
}
