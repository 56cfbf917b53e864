// Some local servers leave a reasoning model's thoughts in its answer, as <think>…</think> at its head. They are not
// to be spoken.

export interface ThinkingFilter {
  /** The part of the answer that is for the listener. Holds back what may yet be the tag's beginning. */
  push(text: string): string;
  /** What was held back, when it turns out to be no tag. An open thought is dropped. */
  finish(): string;
}

const opening = "<think>";
const closing = "</think>";

/** Takes out one block of thoughts at the head of an answer, and the blank space after it. */
export function createThinkingFilter(): ThinkingFilter {
  let state: "head" | "thinking" | "after" | "speaking" = "head";
  let held = "";

  const push = (text: string): string => {
    if (state === "speaking") return text;
    held += text;
    if (state === "head") {
      const start = held.trimStart();
      if (start.startsWith(opening)) {
        state = "thinking";
        held = start.slice(opening.length);
      } else if (opening.startsWith(start)) {
        return "";
      } else {
        state = "speaking";
        const all = held;
        held = "";
        return all;
      }
    }
    if (state === "thinking") {
      const end = held.indexOf(closing);
      if (end < 0) {
        // Only the tail can be the beginning of the closing tag.
        held = held.slice(-closing.length);
        return "";
      }
      state = "after";
      held = held.slice(end + closing.length);
    }
    held = held.trimStart();
    if (held !== "") state = "speaking";
    const spoken = held;
    held = "";
    return spoken;
  };

  return {
    push,
    finish() {
      const rest = state === "head" ? held : "";
      held = "";
      return rest;
    },
  };
}
