// `[pause:500ms]` and `[pause:1.5s]` in a text: silence where the author wants it.

export interface TextStretch {
  kind: "text";
  text: string;
}

export interface PauseStretch {
  kind: "pause";
  /** The mark as it was written. */
  text: string;
  durationMs: number;
}

/** Longer ones are taken for a slip and shortened. */
export const maxPauseMs = 30_000;

const mark = /\[pause:\s*(\d+(?:\.\d+)?)\s*(ms|s)\s*\]/gi;

export function hasPause(text: string): boolean {
  return text.search(mark) >= 0;
}

/** The text and its pauses in order; joined, their texts are the text. */
export function splitPauses(text: string): (TextStretch | PauseStretch)[] {
  const stretches: (TextStretch | PauseStretch)[] = [];
  let from = 0;
  for (const match of text.matchAll(mark)) {
    const [written, amount, unit = ""] = match;
    if (match.index > from) stretches.push({ kind: "text", text: text.slice(from, match.index) });
    const durationMs = Number(amount) * (unit.toLowerCase() === "s" ? 1000 : 1);
    stretches.push({ kind: "pause", text: written, durationMs: Math.min(durationMs, maxPauseMs) });
    from = match.index + written.length;
  }
  if (from < text.length) stretches.push({ kind: "text", text: text.slice(from) });
  return stretches;
}
