import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { fitWindow } from "../../../../src/providers/llm/local/fit-window.ts";
import type { ReplyMessage } from "../../../../src/reply/port.ts";

const system: ReplyMessage = { role: "system", content: "You are Ada." };
const user = (content: string): ReplyMessage => ({ role: "user", content });
const assistant = (content: string): ReplyMessage => ({ role: "assistant", content });
const count = (messages: readonly ReplyMessage[]): number =>
  messages.reduce((sum, { content }) => sum + content.length, 0);
const textOf = (messages: readonly ReplyMessage[]): string =>
  messages
    .slice(1)
    .map(({ content }) => content[0])
    .join("");

/** Turns of 20 "tokens" each, called a to t, and a question of 10. */
const talk = (turns: number): ReplyMessage[] => [
  system,
  ..."abcdefghijklmnopqrst"
    .slice(0, turns)
    .split("")
    .flatMap((name) => [user(name.repeat(10)), assistant(name.toUpperCase().repeat(10))]),
  user("?".repeat(10)),
];

describe("the model's window", () => {
  test("what fits is left alone", () => {
    const messages = talk(20);
    expect(fitWindow(messages, count, count(messages))).toEqual({
      messages,
      droppedTurns: 0,
      tokenCount: count(messages),
    });
  });

  test("the oldest turns go first, whole, and four at a time", () => {
    const messages = talk(20);
    const total = count(messages);
    expect(textOf(fitWindow(messages, count, total - 1)?.messages ?? [])).toStartWith("eE");
    expect(textOf(fitWindow(messages, count, total - 80)?.messages ?? [])).toStartWith("eE");
    expect(textOf(fitWindow(messages, count, total - 81)?.messages ?? [])).toStartWith("iI");
  });

  test("so that the beginning of the prompt stays the same for four replies", () => {
    const limit = 200;
    const beginnings = Array.from({ length: 12 }, (_, i) => {
      const fitted = fitWindow(talk(8 + i), count, limit);
      return fitted?.messages[1]?.content[0];
    });
    expect(beginnings).toEqual([..."aeeeeiiiimmm"]);
  });

  test("the system prompt and the newest turn stay when all else goes", () => {
    const fitted = fitWindow(talk(20), count, 22);
    expect(fitted).toMatchObject({ messages: [system, user("?".repeat(10))], droppedTurns: 20 });
  });

  test("the newest turn keeps its calls and their results", () => {
    const newest: ReplyMessage[] = [
      user("weather?"),
      { role: "assistant", content: "", toolCalls: [{ callId: "1", name: "weather", arguments: "{}" }] },
      { role: "tool", callId: "1", name: "weather", content: "sunny" },
    ];
    const fitted = fitWindow([...talk(3), assistant("!"), ...newest], count, 30);
    expect(fitted?.messages).toEqual([system, ...newest]);
  });

  test("what cannot fit is undefined", () => {
    expect(fitWindow([system, user("?".repeat(100))], count, 50)).toBeUndefined();
    expect(fitWindow([system], count, 5)).toBeUndefined();
    expect(fitWindow([], count, 5)?.messages).toEqual([]);
  });

  test("a character that talks on by itself loses its oldest words", () => {
    const monologue = [system, ..."abcdef".split("").map((name) => assistant(name.repeat(10)))];
    expect(textOf(fitWindow(monologue, count, 45)?.messages ?? [])).toBe("ef");
  });

  test("whatever the conversation, what is left fits, is its end, and has its beginning", () => {
    const role = fc.constantFrom("user" as const, "assistant" as const);
    const message = fc.record({ role, content: fc.string({ maxLength: 30 }) });
    const seed = Date.now() % 2 ** 31;
    console.log(`fit-window seed ${seed}`);
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), fc.nat(400), (spoken, limit) => {
        const messages: ReplyMessage[] = [system, ...spoken];
        const fitted = fitWindow(messages, count, limit);
        const lastUser = messages.findLastIndex((each) => each.role === "user");
        const newest = messages.slice(lastUser < 0 ? -1 : lastUser);
        const least = count(spoken.length > 0 ? [system, ...newest] : messages);
        if (!fitted) return least > limit;
        const { messages: kept, tokenCount } = fitted;
        const tail = kept.slice(1);
        return (
          tokenCount === count(kept) &&
          tokenCount <= limit &&
          kept[0] === system &&
          tail.every((each, i) => each === messages[messages.length - tail.length + i]) &&
          (spoken.length === 0 || newest.every((each) => kept.includes(each)))
        );
      }),
      { seed, numRuns: 300 },
    );
  });
});
