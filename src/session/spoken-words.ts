// What counts as having said something: a cough that a recogniser writes as "Ahem." and an "mm-hm" do not.

/** Sounds that say "I am listening", or nothing; English, German and French recognisers write them so. */
const sounds =
  /^(m+|h?m+h?m*|m+h+m*|mhm|h+m+|u+h+|uhhuh|huh|a+h+|o+h+|e+h+|e+r+m?|e+u+h+|u+m+|a+h?em|(ha|he|hi|ho)+h?|ach|uff|ugh|phew|tsk|psst|sh+)$/;

/** Words that somebody means; what stands in brackets describes a noise. */
export function countWords(text: string): number {
  const spoken = text.toLowerCase().replaceAll(/[([*][^)\]*]*[)\]*]/g, " ");
  const words = spoken.split(/\s+/).map((word) => word.replaceAll(/[^\p{L}\p{N}]/gu, ""));
  return words.filter((word) => word !== "" && !sounds.test(word)).length;
}
