// Ends a text before the first of some strings, which may come in pieces.

export interface StopStrings {
  /** The part that is certain to be before any stop; `isStopped` once one was found. */
  push(text: string): string;
  /** What was held back, when nothing more comes. */
  finish(): string;
  readonly isStopped: boolean;
}

export function createStopStrings(stops: readonly string[]): StopStrings {
  const wanted = stops.filter((stop) => stop !== "");
  let held = "";
  let isStopped = false;
  return {
    push(text) {
      if (isStopped) return "";
      held += text;
      const found = wanted.map((stop) => held.indexOf(stop)).filter((index) => index >= 0);
      const end = found.length > 0 ? Math.min(...found) : undefined;
      isStopped = end !== undefined;
      const safe = end ?? held.length - Math.max(0, ...wanted.map((stop) => countOpening(held, stop)));
      const said = held.slice(0, safe);
      held = isStopped ? "" : held.slice(safe);
      return said;
    },
    finish() {
      const rest = held;
      held = "";
      return rest;
    },
    get isStopped() {
      return isStopped;
    },
  };
}

/** How many characters at the end of `text` may be the beginning of `mark`. */
export function countOpening(text: string, mark: string): number {
  for (let length = Math.min(text.length, mark.length - 1); length > 0; length--) {
    if (text.endsWith(mark.slice(0, length))) return length;
  }
  return 0;
}
