// The conversation as the page shows it: a pure reducer over what the socket and the player say.
import { type CaptionWord, findHeardEnd } from "./captions.ts";

export interface ToolUse {
  name: string;
  outcome: string;
}

export interface Turn {
  /** The item's id on the server. */
  id: string;
  speaker: "user" | "character";
  text: string;
  /** Heard, but the recogniser may still change its mind about it. Follows `text`. */
  draft: string;
  /** When each word sounds. Empty for what has no sound, and once all of it has been heard. */
  words: readonly CaptionWord[];
  state: "live" | "done" | "interrupted";
  /** It was said aloud, by either side. */
  isSpoken: boolean;
  /** The text from this index on was never heard. */
  cutAt?: number;
  tools: readonly ToolUse[];
}

export interface Conversation {
  turns: readonly Turn[];
  /** Turns of long ago that are no longer kept. */
  droppedTurns: number;
  /** `spoken`: the user has finished, and no answer has begun yet. */
  user: "quiet" | "speaking" | "spoken";
  responseId: string | undefined;
  /** The message that the running response writes. */
  answerId: string | undefined;
  /** Used before the answer had its first word. */
  earlyTools: readonly ToolUse[];
  /** Items whose sound plays or waits to be played. */
  sounding: readonly string[];
  error: string | undefined;
  notice: string | undefined;
}

export const emptyConversation: Conversation = {
  turns: [],
  droppedTurns: 0,
  user: "quiet",
  responseId: undefined,
  answerId: undefined,
  earlyTools: [],
  sounding: [],
  error: undefined,
  notice: undefined,
};

export type ConversationAction =
  | { type: "user-speech-start" }
  | { type: "user-speech-stop" }
  /** An answer has been asked for. */
  | { type: "answer-await" }
  /** Nothing came of what the user seemed to say. */
  | { type: "user-speech-cancel" }
  | { type: "user-text"; id: string; delta: string }
  | { type: "user-draft"; id: string; stable: string; draft: string }
  | { type: "user-text-end"; id: string; text: string }
  | { type: "response-start"; responseId: string }
  | { type: "response-end"; failure: string | undefined }
  | { type: "item-start"; id: string }
  | { type: "item-text"; id: string; delta: string }
  | { type: "item-words"; id: string; words: readonly CaptionWord[] }
  | { type: "item-end"; id: string }
  /** The user broke in; `heardMs` of the item's sound had been heard. */
  | { type: "item-cut"; id: string; heardMs: number }
  | { type: "tool-run"; name: string; outcome: string }
  | { type: "sound"; items: readonly string[] }
  | { type: "error"; message: string }
  | { type: "notice"; message: string }
  | { type: "dismiss" }
  /** The whole of it, as the server keeps it: also what was said before this page was there. */
  | { type: "recall"; turns: readonly Turn[] }
  | { type: "disconnect" };

/** A talk of hours stays light; what is older is on nobody's screen. */
const keptTurns = 200;

export type Activity = "idle" | "listening" | "thinking" | "speaking";

/** What goes on, in one word. */
export function readActivity({ user, sounding, responseId }: Conversation): Activity {
  if (user === "speaking") return "listening";
  if (sounding.length > 0) return "speaking";
  return user === "spoken" || responseId !== undefined ? "thinking" : "idle";
}

export function reduceConversation(state: Conversation, action: ConversationAction): Conversation {
  switch (action.type) {
    case "user-speech-start":
      return { ...state, user: "speaking", error: undefined };
    case "user-speech-stop":
    case "answer-await":
      return { ...state, user: "spoken" };
    case "user-speech-cancel":
      return { ...state, user: "quiet" };
    case "user-text":
      return updateTurn(state, action.id, "user", (turn) => ({
        ...turn,
        text: turn.text + action.delta,
        isSpoken: true,
      }));
    case "user-draft":
      return updateTurn(state, action.id, "user", (turn) =>
        turn.state === "live" ? { ...turn, text: action.stable, draft: action.draft, isSpoken: true } : turn,
      );
    case "user-text-end":
      return endUserTurn(state, action.id, action.text);
    case "response-start":
      return {
        ...state,
        user: state.user === "spoken" ? "quiet" : state.user,
        responseId: action.responseId,
        answerId: undefined,
        earlyTools: [],
        error: undefined,
      };
    case "response-end":
      return {
        ...withEarlyTools(state),
        responseId: undefined,
        answerId: undefined,
        earlyTools: [],
        error: action.failure ?? state.error,
      };
    case "item-start": {
      const { earlyTools } = state;
      const started = updateTurn(state, action.id, "character", (turn) => ({ ...turn, tools: earlyTools }));
      return { ...started, answerId: action.id, earlyTools: [] };
    }
    case "item-text":
      return updateLive(state, action.id, (turn) => ({ ...turn, text: turn.text + action.delta }));
    case "item-words":
      return updateLive(state, action.id, (turn) => ({
        ...turn,
        words: [...turn.words, ...action.words],
        isSpoken: true,
      }));
    case "item-end":
      return updateLive(state, action.id, (turn) => ({
        ...turn,
        state: "done",
        words: state.sounding.includes(turn.id) ? turn.words : [],
      }));
    case "item-cut":
      return cutTurn(state, action.id, action.heardMs);
    case "tool-run": {
      const tool = { name: action.name, outcome: action.outcome };
      if (state.answerId === undefined) return { ...state, earlyTools: [...state.earlyTools, tool] };
      return updateLive(state, state.answerId, (turn) => ({ ...turn, tools: [...turn.tools, tool] }));
    }
    case "sound":
      return endSound({ ...state, sounding: action.items });
    case "error":
      return { ...state, error: action.message, user: "quiet" };
    case "notice":
      return { ...state, notice: action.message };
    case "dismiss":
      return { ...state, error: undefined, notice: undefined };
    case "disconnect": {
      // What was on its way will not come any more.
      const turns = state.turns
        .filter((turn) => turn.text !== "")
        .map((turn) => (turn.state === "live" ? { ...turn, state: "done" as const, draft: "" } : turn));
      return { ...emptyConversation, turns, droppedTurns: state.droppedTurns, error: state.error };
    }
    case "recall":
      return recallTurns(state, action.turns);
  }
}

/** What this page has seen of it, it knows better: which words were cut off, which tools ran. */
function recallTurns(state: Conversation, kept: readonly Turn[]): Conversation {
  const turns = kept.slice(-keptTurns);
  const seen = new Map(state.turns.map((turn) => [turn.id, turn]));
  if (turns.every(({ id }) => seen.has(id))) return state;
  return {
    ...state,
    turns: turns.map((turn) => seen.get(turn.id) ?? turn),
    droppedTurns: Math.max(state.droppedTurns, kept.length - turns.length),
  };
}

/** A cough leaves no turn behind. */
function endUserTurn(state: Conversation, id: string, text: string): Conversation {
  if (text.trim() !== "") {
    return updateTurn(state, id, "user", (turn) => ({ ...turn, text, draft: "", state: "done" }));
  }
  const user = state.user === "spoken" ? "quiet" : state.user;
  return { ...state, user, turns: state.turns.filter((turn) => turn.id !== id) };
}

function cutTurn(state: Conversation, id: string, heardMs: number): Conversation {
  const turn = state.turns.find((known) => known.id === id);
  if (!turn || turn.state === "interrupted") return state;
  // A sound without one word yet: there is nothing to show of it.
  if (turn.text === "" && turn.tools.length === 0) {
    return { ...state, turns: state.turns.filter((known) => known !== turn) };
  }
  const { words, ...rest } = turn;
  const cut = words.length > 0 ? { cutAt: findHeardEnd(turn.text, words, heardMs) } : {};
  return updateTurn(state, id, "character", () => ({ ...rest, ...cut, words: [], state: "interrupted" }));
}

/** Once a finished turn has been heard to its end, its word times have done their work. */
function endSound(state: Conversation): Conversation {
  const isOver = (turn: Turn): boolean =>
    turn.words.length > 0 && turn.state === "done" && !state.sounding.includes(turn.id);
  if (!state.turns.some(isOver)) return state;
  return { ...state, turns: state.turns.map((turn) => (isOver(turn) ? { ...turn, words: [] } : turn)) };
}

/** Tools of an answer without a word are shown at a turn of their own. */
function withEarlyTools(state: Conversation): Conversation {
  const { earlyTools, responseId } = state;
  if (earlyTools.length === 0) return state;
  return updateTurn(state, responseId ?? "tools", "character", (turn) => ({
    ...turn,
    state: "done",
    tools: earlyTools,
  }));
}

/** Nothing is added to a turn that has been cut or has ended: what comes late is not heard. */
function updateLive(state: Conversation, id: string, change: (turn: Turn) => Turn): Conversation {
  if (!state.turns.some((turn) => turn.id === id)) return state;
  return updateTurn(state, id, "character", (turn) => (turn.state === "live" ? change(turn) : turn));
}

function updateTurn(
  state: Conversation,
  id: string,
  speaker: Turn["speaker"],
  change: (turn: Turn) => Turn,
): Conversation {
  const index = state.turns.findIndex((turn) => turn.id === id);
  const known = state.turns[index];
  if (known) {
    const changed = change(known);
    return changed === known ? state : { ...state, turns: state.turns.with(index, changed) };
  }
  const turn = change({
    id,
    speaker,
    text: "",
    draft: "",
    words: [],
    state: "live",
    isSpoken: false,
    tools: [],
  });
  const surplus = Math.max(0, state.turns.length + 1 - keptTurns);
  return {
    ...state,
    turns: [...state.turns.slice(surplus), turn],
    droppedTurns: state.droppedTurns + surplus,
  };
}
