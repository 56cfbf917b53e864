// When each written word is heard, from the model's own durations: "$12" lasts as long as "twelve dollars".
import type { WordTime } from "../../../speech/ports.ts";
import type { SpeakableToken } from "../../../text/speakable-text.ts";

export interface TokenTime {
  /** Index of the token. */
  token: number;
  startMs: number;
  endMs: number;
}

/**
 * One entry for each stretch without blanks of `text` that is spoken at all, in order, not overlapping. A token over
 * several of them ("$5 million") is shared out by length; several tokens in one ("snake_case") are joined.
 */
export function placeWords(
  text: string,
  tokens: readonly SpeakableToken[],
  times: readonly TokenTime[],
): WordTime[] {
  const spoken = times.flatMap((time) => {
    const token = tokens[time.token];
    return token && !token.isPunctuation ? [{ ...token, ...time }] : [];
  });
  const words: WordTime[] = [];
  let first = 0;
  let lastEndMs = 0;
  for (const match of text.matchAll(/\S+/g)) {
    const [start, end] = [match.index, match.index + match[0].length];
    while ((spoken[first]?.end ?? Infinity) <= start) first++;
    let range: { startMs: number; endMs: number } | undefined;
    for (let i = first; (spoken[i]?.start ?? Infinity) < end; i++) {
      const part = spoken[i];
      if (!part) break;
      const msPerChar = (part.endMs - part.startMs) / (part.end - part.start);
      const fromMs = part.startMs + Math.max(0, start - part.start) * msPerChar;
      const toMs = part.startMs + Math.min(part.end - part.start, end - part.start) * msPerChar;
      range = { startMs: range?.startMs ?? fromMs, endMs: toMs };
    }
    if (!range) continue;
    const startMs = Math.max(lastEndMs, Math.round(range.startMs));
    lastEndMs = Math.max(startMs, Math.round(range.endMs));
    words.push({ text: match[0], startMs, endMs: lastEndMs });
  }
  return words;
}
