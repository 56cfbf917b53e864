// What was heard and what is known, made comparable.

/** Lower case, no accents, no punctuation but the apostrophe. */
export const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll("’", "'")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\p{L}\p{N}']+/gu, " ")
    .trim();
