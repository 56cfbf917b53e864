import { describe, expect, test } from "bun:test";
import {
  buildCaption,
  type Conversation,
  type ConversationAction,
  emptyConversation,
  reduceConversation,
  type Turn,
} from "../../src/web/conversation.ts";

const play = (actions: ConversationAction[], from: Conversation = emptyConversation): Conversation =>
  actions.reduce(reduceConversation, from);

describe("the page's conversation", () => {
  test("a spoken question grows, is settled, and is answered", () => {
    const state = play([
      { type: "user-speech-start" },
      { type: "user-speech-stop" },
      { type: "user-text", id: "u1", delta: "What is" },
      { type: "user-text", id: "u1", delta: " the time" },
      { type: "user-text", id: "u1", text: "What is the time?" },
      { type: "response-start", responseId: "r1" },
      { type: "item-start", id: "a1" },
      { type: "item-text", id: "a1", delta: "It is" },
      { type: "item-text", id: "a1", delta: " noon." },
      { type: "item-end", id: "a1", text: undefined, isInterrupted: false },
      { type: "response-end", failure: undefined },
    ]);
    expect(state.turns.map(({ speaker, text, state: turnState }) => [speaker, text, turnState])).toEqual([
      ["user", "What is the time?", "done"],
      ["character", "It is noon.", "done"],
    ]);
    expect([state.activity, state.responseId]).toEqual(["idle", undefined]);
  });

  test("the activity follows speech, thought and sound", () => {
    const activities: string[] = [];
    let state = emptyConversation;
    for (const action of [
      { type: "user-speech-start" },
      { type: "user-speech-stop" },
      { type: "response-start", responseId: "r" },
      { type: "sound-start" },
      { type: "response-end", failure: undefined },
      { type: "sound-end" },
    ] as ConversationAction[]) {
      state = reduceConversation(state, action);
      activities.push(state.activity);
    }
    expect(activities).toEqual(["listening", "thinking", "thinking", "speaking", "speaking", "idle"]);
  });

  test("a failed answer says why, and the next answer clears it", () => {
    const failed = play([
      { type: "response-start", responseId: "r" },
      { type: "response-end", failure: "the engine stopped" },
    ]);
    expect(failed.error).toBe("the engine stopped");
    expect(reduceConversation(failed, { type: "response-start", responseId: "r2" }).error).toBeUndefined();
  });

  test("a tool is shown at the answer that used it", () => {
    const state = play([
      { type: "item-start", id: "a1" },
      { type: "tool-run", name: "roll_dice", outcome: "ok" },
    ]);
    expect(state.turns[0]?.tools).toEqual([{ name: "roll_dice", outcome: "ok" }]);
  });
});

const turn = (text: string, words: [string, number, number][]): Turn => ({
  id: "a",
  speaker: "character",
  text,
  words: words.map(([word, startMs, endMs]) => ({ text: word, startMs, endMs })),
  state: "live",
  tools: [],
});

describe("captions", () => {
  const spoken = turn("It is noon, friend.", [
    ["It", 0, 100],
    ["is", 100, 200],
    ["noon,", 200, 500],
    ["friend.", 600, 900],
  ]);

  test("what has been said, what sounds and what comes are told apart", () => {
    expect(buildCaption(spoken, 250).map((piece) => [piece.text, piece.part])).toEqual([
      ["It", "said"],
      [" is", "said"],
      [" noon,", "now"],
      [" friend.", "next"],
    ]);
  });

  test("the pieces give back the text, whatever the words are", () => {
    const odd = turn("Well — “three point five”… maybe!", [
      ["Well", 0, 1],
      ["nowhere", 1, 2],
      ["point", 2, 3],
    ]);
    for (const playedMs of [undefined, 0, 2, 99]) {
      const text = buildCaption(odd, playedMs)
        .map((piece) => piece.text)
        .join("");
      expect(text).toBe(odd.text);
    }
  });

  test("when nothing of it sounds any more, all of it is said", () => {
    expect(new Set(buildCaption(spoken, undefined).map((piece) => piece.part))).toEqual(new Set(["said"]));
  });
});
