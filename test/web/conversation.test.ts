import { describe, expect, test } from "bun:test";
import {
  type Conversation,
  type ConversationAction,
  emptyConversation,
  readActivity,
  reduceConversation,
  type Turn,
} from "../../src/web/conversation.ts";

const play = (actions: ConversationAction[], from: Conversation = emptyConversation): Conversation =>
  actions.reduce(reduceConversation, from);
const brief = ({ turns }: Conversation) =>
  turns.map(({ speaker, text, state }) => `${speaker} ${state}: ${text}`);

const words = [
  { text: "It is ", startMs: 0, endMs: 400 },
  { text: "noon.", startMs: 400, endMs: 900 },
];
const spokenAnswer: ConversationAction[] = [
  { type: "response-start", responseId: "r1" },
  { type: "item-start", id: "a1" },
  { type: "item-text", id: "a1", delta: "It is noon." },
  { type: "item-words", id: "a1", words },
  { type: "sound", items: ["a1"] },
];

describe("a conversation that was kept", () => {
  const kept = (count: number): Turn[] =>
    Array.from({ length: count }, (_, i) => ({
      id: `k${i}`,
      speaker: i % 2 === 0 ? "user" : "character",
      text: `words ${i}`,
      draft: "",
      words: [],
      state: "done",
      isSpoken: false,
      tools: [],
    }));

  test("is shown from its beginning to one who has not seen it", () => {
    const state = play([{ type: "recall", turns: kept(3) }]);
    expect(brief(state)).toEqual(["user done: words 0", "character done: words 1", "user done: words 2"]);
    expect(state.droppedTurns).toBe(0);
  });

  test("that is known changes nothing: what was cut here is better known here", () => {
    const here = play([...spokenAnswer, { type: "item-cut", id: "a1", heardMs: 450 }]);
    const [answer] = here.turns;
    const server = { ...kept(1)[0]!, id: "a1", speaker: "character", text: "It is" } as const;
    expect(play([{ type: "recall", turns: [server] }], here)).toBe(here);
    // Also when something was added to it elsewhere.
    const more = play([{ type: "recall", turns: [server, ...kept(1)] }], here);
    expect(more.turns[0]).toBe(answer);
    expect(brief(more)).toEqual(["character interrupted: It is noon.", "user done: words 0"]);
  });

  test("of hours is shown as far as any talk is", () => {
    const state = play([{ type: "recall", turns: kept(250) }]);
    expect([state.turns.length, state.turns[0]?.text, state.droppedTurns]).toEqual([200, "words 50", 50]);
  });
});

describe("a spoken question", () => {
  test("grows with what is sure, shows what is not, is settled, and is answered", () => {
    const heard = play([
      { type: "user-speech-start" },
      { type: "user-draft", id: "u1", stable: "What is", draft: " the dime" },
    ]);
    expect(heard.turns).toMatchObject([{ text: "What is", draft: " the dime", state: "live" }]);
    const answered = play(
      [
        { type: "user-speech-stop" },
        { type: "user-text", id: "u1", delta: "" },
        { type: "user-text-end", id: "u1", text: "What is the time?" },
        ...spokenAnswer,
        { type: "item-end", id: "a1" },
        { type: "response-end", failure: undefined },
      ],
      heard,
    );
    expect(brief(answered)).toEqual(["user done: What is the time?", "character done: It is noon."]);
    expect(answered.turns[0]?.draft).toBe("");
  });

  test("that was a cough leaves nothing behind", () => {
    const state = play([
      { type: "user-speech-start" },
      { type: "user-draft", id: "u1", stable: "", draft: "hm" },
      { type: "user-speech-stop" },
      { type: "user-text", id: "u1", delta: "" },
      { type: "user-text-end", id: "u1", text: " " },
    ]);
    expect(state.turns).toEqual([]);
    expect(readActivity(state)).toBe("idle");
  });

  test("is not changed by a draft that comes late", () => {
    const state = play([
      { type: "user-text-end", id: "u1", text: "Noon?" },
      { type: "user-draft", id: "u1", stable: "No", draft: "on" },
    ]);
    expect(state.turns[0]).toMatchObject({ text: "Noon?", draft: "" });
  });
});

test("who waits for an answer sees it being thought of, until it begins or fails", () => {
  const waiting = play([{ type: "answer-await" }]);
  expect(readActivity(waiting)).toBe("thinking");
  expect(readActivity(play([{ type: "error", message: "No." }], waiting))).toBe("idle");
  expect(readActivity(play(spokenAnswer, waiting))).toBe("speaking");
});

test("the activity follows speech, thought and sound", () => {
  const activities: string[] = [];
  let state = emptyConversation;
  for (const action of [
    { type: "user-speech-start" },
    { type: "user-speech-stop" },
    { type: "response-start", responseId: "r" },
    { type: "sound", items: ["a"] },
    { type: "response-end", failure: undefined },
    { type: "sound", items: [] },
  ] as ConversationAction[]) {
    state = reduceConversation(state, action);
    activities.push(readActivity(state));
  }
  expect(activities).toEqual(["listening", "thinking", "thinking", "speaking", "speaking", "idle"]);
});

describe("an answer", () => {
  test("keeps its words' times until it has been heard to the end, and not longer", () => {
    const made = play([
      ...spokenAnswer,
      { type: "item-end", id: "a1" },
      { type: "response-end", failure: undefined },
    ]);
    expect(made.turns[0]?.words).toHaveLength(2);
    expect(reduceConversation(made, { type: "sound", items: [] }).turns[0]?.words).toEqual([]);
  });

  test("that ran dry in the middle is not over", () => {
    const state = play([...spokenAnswer, { type: "sound", items: [] }]);
    expect(state.turns[0]).toMatchObject({ state: "live", words });
  });

  test("that was broken in on keeps what was heard, and takes no more", () => {
    const state = play([
      ...spokenAnswer,
      { type: "item-cut", id: "a1", heardMs: 500 },
      { type: "sound", items: [] },
      { type: "item-text", id: "a1", delta: " And more." },
      { type: "item-words", id: "a1", words: [{ text: " And more.", startMs: 900, endMs: 1500 }] },
      { type: "item-cut", id: "a1", heardMs: 0 },
      { type: "item-end", id: "a1" },
    ]);
    expect(state.turns[0]).toMatchObject({
      text: "It is noon.",
      cutAt: "It is".length,
      state: "interrupted",
    });
  });

  test("that was stopped before its first word leaves nothing behind", () => {
    const state = play([
      { type: "response-start", responseId: "r" },
      { type: "item-start", id: "a1" },
      { type: "item-cut", id: "a1", heardMs: 0 },
      { type: "response-end", failure: undefined },
    ]);
    expect(state.turns).toEqual([]);
  });

  test("without sound that was stopped stays as it was read", () => {
    const state = play([
      { type: "response-start", responseId: "r" },
      { type: "item-start", id: "a1" },
      { type: "item-text", id: "a1", delta: "Once upon" },
      { type: "item-cut", id: "a1", heardMs: 0 },
    ]);
    expect(state.turns[0]).toMatchObject({ text: "Once upon", state: "interrupted" });
    expect(state.turns[0]?.cutAt).toBeUndefined();
  });

  test("that failed says why, and the next answer clears it", () => {
    const failed = play([
      { type: "response-start", responseId: "r" },
      { type: "response-end", failure: "The engine stopped." },
    ]);
    expect(failed.error).toBe("The engine stopped.");
    expect(reduceConversation(failed, { type: "response-start", responseId: "r2" }).error).toBeUndefined();
  });

  test("shows the tools it used at its own turn, also those that ran before its first word", () => {
    const state = play([
      ...spokenAnswer,
      { type: "item-end", id: "a1" },
      { type: "response-end", failure: undefined },
      { type: "response-start", responseId: "r2" },
      { type: "tool-run", name: "roll_dice", outcome: "ok" },
      { type: "item-start", id: "a2" },
      { type: "tool-run", name: "tell_time", outcome: "timeout" },
    ]);
    expect(state.turns.map(({ tools }) => tools.map(({ name }) => name))).toEqual([
      [],
      ["roll_dice", "tell_time"],
    ]);
  });

  test("of tools alone is shown as well", () => {
    const state = play([
      { type: "response-start", responseId: "r2" },
      { type: "tool-run", name: "roll_dice", outcome: "ok" },
      { type: "response-end", failure: undefined },
    ]);
    expect(state.turns).toMatchObject([{ state: "done", tools: [{ name: "roll_dice" }] }]);
  });
});

test("a line that went down keeps what was said, and nothing hangs in the air", () => {
  const state = play([
    { type: "user-text-end", id: "u1", text: "Hello?" },
    ...spokenAnswer,
    { type: "user-speech-start" },
    { type: "user-draft", id: "u2", stable: "", draft: "" },
    { type: "disconnect" },
  ]);
  expect(brief(state)).toEqual(["user done: Hello?", "character done: It is noon."]);
  expect([readActivity(state), state.responseId, state.sounding]).toEqual(["idle", undefined, []]);
});

test("a talk of hours stays light, and says that its beginning is gone", () => {
  const state = play(
    Array.from({ length: 1000 }, (_, i) => ({ type: "user-text-end", id: `u${i}`, text: `turn ${i}` })),
  );
  expect(state.turns).toHaveLength(200);
  expect(state.droppedTurns).toBe(800);
  expect(state.turns.at(-1)?.text).toBe("turn 999");
});
