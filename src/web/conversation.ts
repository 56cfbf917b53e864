// The conversation as the page shows it: a pure reducer over what the socket and the player say.

export interface CaptionWord {
  text: string;
  startMs: number;
  endMs: number;
}

export interface Turn {
  /** The item's id on the server. */
  id: string;
  speaker: "user" | "character";
  text: string;
  /** With times as they sound; empty for typed and unspoken turns. */
  words: readonly CaptionWord[];
  /** Characters of `text` that have been heard; the whole of it once done. */
  state: "live" | "done" | "interrupted";
  tools: readonly { name: string; outcome: string }[];
}

export interface Conversation {
  turns: readonly Turn[];
  /** What goes on: shown as one word, and spoken to screen readers. */
  activity: "idle" | "listening" | "thinking" | "speaking";
  responseId: string | undefined;
  error: string | undefined;
  notice: string | undefined;
}

export const emptyConversation: Conversation = {
  turns: [],
  activity: "idle",
  responseId: undefined,
  error: undefined,
  notice: undefined,
};

export type ConversationAction =
  | { type: "user-speech-start" }
  | { type: "user-speech-stop" }
  | { type: "user-text"; id: string; delta?: string; text?: string }
  | { type: "response-start"; responseId: string }
  | { type: "response-end"; failure: string | undefined }
  | { type: "item-start"; id: string }
  | { type: "item-text"; id: string; delta: string }
  | { type: "item-words"; id: string; words: readonly CaptionWord[] }
  | { type: "item-end"; id: string; text: string | undefined; isInterrupted: boolean }
  | { type: "tool-run"; name: string; outcome: string }
  | { type: "sound-start" }
  | { type: "sound-end" }
  | { type: "error"; message: string }
  | { type: "notice"; message: string }
  | { type: "dismiss" }
  | { type: "reset" };

export function reduceConversation(state: Conversation, action: ConversationAction): Conversation {
  switch (action.type) {
    case "user-speech-start":
      return { ...state, activity: "listening" };
    case "user-speech-stop":
      return { ...state, activity: "thinking" };
    case "user-text":
      return updateTurn(state, action.id, "user", (turn) => ({
        ...turn,
        text: action.text ?? turn.text + (action.delta ?? ""),
        state: action.text === undefined ? "live" : "done",
      }));
    case "response-start":
      return { ...state, responseId: action.responseId, activity: "thinking", error: undefined };
    case "response-end":
      return {
        ...state,
        responseId: undefined,
        activity: state.activity === "thinking" ? "idle" : state.activity,
        error: action.failure ?? state.error,
      };
    case "item-start":
      return updateTurn(state, action.id, "character", (turn) => turn);
    case "item-text":
      return updateTurn(state, action.id, "character", (turn) => ({
        ...turn,
        text: turn.text + action.delta,
      }));
    case "item-words":
      return updateTurn(state, action.id, "character", (turn) => ({
        ...turn,
        words: [...turn.words, ...action.words],
      }));
    case "item-end":
      return updateTurn(state, action.id, "character", (turn) => ({
        ...turn,
        text: action.text ?? turn.text,
        state: action.isInterrupted ? "interrupted" : "done",
      }));
    case "tool-run": {
      const id = state.turns.findLast((turn) => turn.speaker === "character")?.id ?? "tools";
      const tool = { name: action.name, outcome: action.outcome };
      return updateTurn(state, id, "character", (turn) => ({ ...turn, tools: [...turn.tools, tool] }));
    }
    case "sound-start":
      return { ...state, activity: "speaking" };
    case "sound-end":
      return { ...state, activity: state.responseId === undefined ? "idle" : "thinking" };
    case "error":
      return { ...state, error: action.message, activity: "idle" };
    case "notice":
      return { ...state, notice: action.message };
    case "dismiss":
      return { ...state, error: undefined, notice: undefined };
    case "reset":
      return emptyConversation;
  }
}

function updateTurn(
  state: Conversation,
  id: string,
  speaker: Turn["speaker"],
  change: (turn: Turn) => Turn,
): Conversation {
  const index = state.turns.findIndex((turn) => turn.id === id);
  if (index >= 0) return { ...state, turns: state.turns.with(index, change(state.turns[index] as Turn)) };
  const turn: Turn = { id, speaker, text: "", words: [], state: "live", tools: [] };
  return { ...state, turns: [...state.turns, change(turn)] };
}

export interface CaptionPiece {
  text: string;
  /** `said`: heard; `now`: sounding; `next`: still to come; `cut`: never heard. */
  part: "said" | "now" | "next" | "cut";
}

/**
 * The turn's text cut at its words, each with whether it has been heard. `playedMs` is undefined when nothing of it sounds:
 * then all of a finished turn is said.
 */
export function buildCaption(turn: Turn, playedMs: number | undefined): CaptionPiece[] {
  if (turn.speaker === "user" || turn.words.length === 0) return [{ text: turn.text, part: "said" }];
  const pieces: CaptionPiece[] = [];
  let from = 0;
  for (const word of turn.words) {
    const at = turn.text.indexOf(word.text, from);
    if (at < 0) continue;
    const end = at + word.text.length;
    const part =
      playedMs === undefined
        ? "said"
        : playedMs >= word.endMs
          ? "said"
          : playedMs >= word.startMs
            ? "now"
            : "next";
    pieces.push({ text: turn.text.slice(from, end), part });
    from = end;
  }
  const tail = turn.text.slice(from);
  if (tail !== "") {
    // Punctuation after the last known word belongs to it; words without times yet are still to come.
    const isOnlyMarks = !/[\p{L}\p{N}]/u.test(tail);
    pieces.push({
      text: tail,
      part: playedMs === undefined || isOnlyMarks ? (pieces.at(-1)?.part ?? "said") : "next",
    });
  }
  return pieces;
}
