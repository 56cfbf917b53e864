import { describe, expect, test } from "bun:test";
import type { Item, MessageItem } from "../../src/session/items.ts";
import { fitMessages, planCondensing, tellConversation } from "../../src/session/memory.ts";
import { estimateTokens } from "../../src/reply/estimate-tokens.ts";
import type { ReplyMessage } from "../../src/reply/port.ts";
import { openStepped } from "../support/stepped-session.ts";

const message = (id: string, role: MessageItem["role"], text: string): Item => ({
  type: "message",
  id,
  role,
  status: "completed",
  parts: [{ type: role === "assistant" ? "output-text" : "input-text", text }],
  toolRuns: [],
});
/** 100 tokens with what every message costs. */
const words = "a".repeat(4 * 96);
const turns = (count: number): Item[] =>
  Array.from({ length: count }, (_, i) => [
    message(`u${i}`, "user", words),
    message(`a${i}`, "assistant", words),
  ]).flat();

describe("when a history is put in short", () => {
  test("one that fits is left alone", () => {
    expect(planCondensing(turns(3), null, 800)).toBeNull();
  });

  test("the oldest turns go, whole, until two fifths are left", () => {
    const plan = planCondensing(turns(4), null, 1000);
    expect(plan?.itemIds).toEqual(["u0", "a0", "u1", "a1"]);
    expect(plan?.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
  });

  test("the last turn of the user's stays, however long it is", () => {
    const plan = planCondensing(turns(2), null, 10);
    expect(plan?.itemIds).toEqual(["u0", "a0"]);
    expect(planCondensing(turns(1), null, 10)).toBeNull();
  });

  test("no more goes at once than the model itself can be told", () => {
    const first = planCondensing(turns(40), null, 1000);
    expect(first?.itemIds.at(-1)).toBe("a4");
    const memory = { summary: words, itemIds: first?.itemIds ?? [] };
    const second = planCondensing(turns(40), memory, 1000);
    expect(second?.messages).toHaveLength(1 + 2 * 4);
    expect(second?.itemIds.slice(-2)).toEqual(["u8", "a8"]);
  });

  test("of a message that is more than all that can be told its beginning is put in short", () => {
    const items = [message("u0", "user", `It begins. ${"and on ".repeat(9000)}`), ...turns(2).slice(1)];
    const plan = planCondensing(items, null, 1000);
    expect(plan?.itemIds).toEqual(["u0", "a0"]);
    const sizes = plan?.messages.map(({ content }) => estimateTokens(content)) ?? [];
    expect(sizes[0]).toBeWithin(400, 510);
    expect(sizes[1]).toBe(96);
    expect(plan?.messages[0]?.content).toStartWith("It begins.");
  });

  test("a call and its result stay together", () => {
    const call: Item = {
      type: "call",
      id: "c",
      status: "completed",
      callId: "1",
      name: "f",
      arguments: words,
    };
    const output: Item = { type: "call-output", id: "o", status: "completed", callId: "1", output: words };
    const items = [message("u0", "user", words), call, output, ...turns(3).slice(2)];
    const ids = planCondensing(items, null, 800)?.itemIds ?? [];
    expect(ids).toEqual(["u0", "c", "o", "u1", "a1"]);
  });

  test("instructions of the client's are no part of what is put in short", () => {
    const items = [message("s", "system", "Whisper."), ...turns(4)];
    expect(planCondensing(items, null, 1000)?.itemIds).not.toContain("s");
  });

  test("a summary goes into the next one, and what it stands for is counted no more", () => {
    const memory = { summary: "They met.", itemIds: ["u0", "a0", "u1", "a1"] };
    expect(planCondensing(turns(4), memory, 1000)).toBeNull();
    const plan = planCondensing(turns(7), memory, 1000);
    expect(plan?.itemIds.slice(0, 5)).toEqual(["u0", "a0", "u1", "a1", "u2"]);
    expect(plan?.messages[0]?.content).toContain("They met.");
    expect(plan?.messages).toHaveLength(1 + 2 * 4);
  });
});

describe("what the model is told", () => {
  test("the summary first, then the turns that it does not stand for", () => {
    const told = tellConversation(turns(3), { summary: "They met.", itemIds: ["u0", "a0", "u1", "a1"] });
    expect(told.map(({ role }) => role)).toEqual(["system", "user", "assistant"]);
    expect(told[0]?.content).toBe("What was said before, in short: They met.");
  });

  const told: ReplyMessage[] = [
    { role: "system", content: words },
    { role: "user", content: words },
    { role: "assistant", content: "", toolCalls: [{ callId: "1", name: "f", arguments: words }] },
    { role: "tool", callId: "1", name: "f", content: words },
    { role: "user", content: words },
    { role: "assistant", content: words },
    { role: "user", content: words },
  ];

  test("a history within its budget is told whole", () => {
    expect(fitMessages(told, 800)).toBe(told);
  });

  test("the oldest turns are left out; instructions and the last turn stay", () => {
    expect(fitMessages(told, 410)).toEqual([told[0], told[4], told[5], told[6]] as ReplyMessage[]);
    expect(fitMessages(told, 5)).toEqual([told[0], told[6]] as ReplyMessage[]);
  });
});

describe("a session whose history is full", () => {
  const speakTo = (session: ReturnType<typeof openStepped>, id: string): void => {
    session.command({ type: "create-item", item: message(id, "user", words) });
    session.command({ type: "create-response", wish: { outputModality: "text" } });
    session.tell({ type: "reply-text", responseId: session.responseId(), text: words });
    session.endReply();
  };
  const open = () => openStepped({ turnDetection: null }, { historyTokens: 500 });

  test("asks for a summary between turns, once at a time, and tells it with the next reply", () => {
    const session = open();
    speakTo(session, "one");
    expect(session.effects("condense")).toEqual([]);
    speakTo(session, "two");
    speakTo(session, "three");
    const [plan, ...others] = session.effects("condense");
    expect(others).toEqual([]);
    expect(plan?.itemIds).toContain("one");
    session.tell({ type: "condensed", memory: { summary: "They met.", itemIds: plan?.itemIds ?? [] } });
    session.command({ type: "create-item", item: message("four", "user", "And now?") });
    session.command({ type: "create-response", wish: { outputModality: "text" } });
    const told = session.plans().at(-1);
    expect(told?.messages[0]?.content).toContain("They met.");
    expect(told?.messages.at(-1)?.content).toBe("And now?");
    expect(told?.historyTokens).toBe(500);
  });

  test("is full sooner the more its instructions take, so that nothing is left out before it is put in short", () => {
    const session = openStepped({ turnDetection: null }, { historyTokens: 800 });
    session.command({ type: "update-session", patch: { instructions: words.repeat(4) } });
    speakTo(session, "one");
    expect(session.effects("condense")).toEqual([]);
    speakTo(session, "two");
    // With these instructions there is hardly room for both; without them there would be for four.
    expect(session.effects("condense")[0]?.itemIds).toContain("one");
  });

  test("tries again at the next turn when nothing came of it", () => {
    const session = open();
    for (const id of ["one", "two"]) speakTo(session, id);
    session.tell({ type: "condensed", memory: null });
    expect(session.state.memory).toBeNull();
    speakTo(session, "three");
    expect(session.effects("condense")).toHaveLength(2);
  });

  test("what is deleted is not remembered in a summary either", () => {
    const session = open();
    for (const id of ["one", "two"]) speakTo(session, id);
    const [plan] = session.effects("condense");
    const memory = { summary: "They met.", itemIds: plan?.itemIds ?? [] };
    session.tell({ type: "condensed", memory });
    expect(session.state.memory).toEqual(memory);
    session.command({ type: "delete-item", itemId: "one" });
    expect(session.state.memory).toBeNull();
    session.tell({ type: "condensed", memory });
    expect(session.state.memory).toBeNull();
  });

  test("a client that leaves in the middle of a sentence has heard what was played by then", () => {
    const session = openStepped({ turnDetection: null });
    session.command({ type: "create-item", item: message("u", "user", "Tell me.") });
    session.command({ type: "create-response", wish: {} });
    session.speak("Once upon a time there was a lighthouse", 3900);
    session.at(1000).tell({ type: "close", reason: "client" });
    const [, item] = session.state.items;
    const part = item?.type === "message" ? item.parts[0] : undefined;
    expect(part).toMatchObject({ type: "output-audio", heardMs: 1000 });
    expect(tellConversation(session.state.items, null).at(-1)?.content).toBe("Once upon");
  });
});
