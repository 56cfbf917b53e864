// Tokens to text, as they come. A token may hold a part of a character, and what it looks like may depend on the one before.

export interface IncrementalText {
  /** The text that this token completes; "" while a character is open. */
  push(token: number): string;
  /** What never became a character. */
  finish(): string;
}

/** The last tokens that are decoded along with a new one, so that spaces between words come out right. */
const contextTokens = 4;
/** A character has at most 4 bytes; more open bytes are no character to come. */
const maxOpenTokens = 8;

export function createIncrementalText(decode: (tokens: readonly number[]) => string): IncrementalText {
  let before: number[] = [];
  let open: number[] = [];

  const flush = (): string => {
    const known = decode(before);
    const all = decode([...before, ...open]);
    before = [...before, ...open].slice(-contextTokens);
    open = [];
    return all.slice(known.length);
  };

  return {
    push(token) {
      open.push(token);
      // Bytes that are no character yet decode to the replacement character.
      const isOpen = decode([...before, ...open]).endsWith("\uFFFD") && open.length < maxOpenTokens;
      return isOpen ? "" : flush();
    },
    finish: () => (open.length > 0 ? flush() : ""),
  };
}
