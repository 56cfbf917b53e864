// The small pure parts of the reply room.
import { describe, expect, test } from "bun:test";
import { estimateTokens } from "../../src/reply/estimate-tokens.ts";
import { pairToolMessages } from "../../src/reply/paired-messages.ts";
import { redact } from "../../src/reply/redact.ts";
import { createThinkingFilter } from "../../src/reply/thinking-filter.ts";
import type { ReplyMessage } from "../../src/reply/port.ts";

describe("the thinking filter", () => {
  const filter = (...pieces: string[]): string => {
    const thinking = createThinkingFilter();
    return pieces.map((piece) => thinking.push(piece)).join("") + thinking.finish();
  };

  test.each<[string[], string]>([
    [["Hello"], "Hello"],
    [["<think>a</think>Hello"], "Hello"],
    [["\n<think>a", "b</think>", "\n\n", "Hello ", "you"], "Hello you"],
    [[..."<think>a</think> Hello"], "Hello"],
    [["<thin"], "<thin"],
    [["<", "b>bold"], "<b>bold"],
    [["  indented"], "  indented"],
    [["<think>never closed"], ""],
    [["<think>a</think>"], ""],
    [["Hello <think>b</think>"], "Hello <think>b</think>"],
    [["<think>a</think>Hi <think>b</think>"], "Hi <think>b</think>"],
    [["<think>a</thinkk></think>Hi"], "Hi"],
    [[], ""],
  ])("%j is spoken as %j", (pieces, spoken) => {
    expect(filter(...pieces)).toBe(spoken);
  });

  test("what was held back is given once, however often it is asked for", () => {
    const thinking = createThinkingFilter();
    expect([thinking.push("<th"), thinking.finish(), thinking.push("at"), thinking.finish()]).toEqual([
      "",
      "<th",
      "at",
      "",
    ]);
  });

  test("however a text is cut, the same is spoken", () => {
    const text = "<think>\nWell < then </thin </think>\n Good <think> evening";
    const seed = Date.now() % 1_000_000;
    let state = seed;
    for (let round = 0; round < 200; round++) {
      const pieces: string[] = [];
      for (let at = 0; at < text.length; ) {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        const size = 1 + (state % 7);
        pieces.push(text.slice(at, at + size));
        at += size;
      }
      expect(filter(...pieces), `seed ${seed}`).toBe("Good <think> evening");
    }
  });
});

describe("redact", () => {
  test("takes out the key and everything that looks like one", () => {
    const text = "key my-secret-1 or sk-abc***wxyz or Bearer abcdefgh.ijk= failed";
    expect(redact(text, ["my-secret-1"])).toBe("key [key] or [key] or [key] failed");
  });

  test("leaves words alone, even when the key is one of a few letters", () => {
    expect(redact("the x model is a task-oriented one", ["x", undefined])).toBe(
      "the x model is a task-oriented one",
    );
  });

  test("gives one short line", () => {
    const text = redact(`a\n\n b ${"c".repeat(1000)}`, []);
    expect(text).toStartWith("a b ccc");
    expect(text).toHaveLength(300);
    expect(text).toEndWith("…");
  });
});

describe("estimateTokens", () => {
  test.each([
    ["", 0],
    ["one two three", 4],
    ["four letters each", 5],
    ["日本語です", 4],
  ])("%j is about %i", (text, count) => {
    expect(estimateTokens(text)).toBe(count);
  });
});

describe("pairToolMessages", () => {
  const call = (callId: string): ReplyMessage => ({
    role: "assistant",
    content: "",
    toolCalls: [{ callId, name: "clock", arguments: "{}" }],
  });
  const result = (callId: string, content = "12:34"): ReplyMessage => ({
    role: "tool",
    callId,
    name: "clock",
    content,
  });

  test("leaves a whole conversation as it is", () => {
    const messages: ReplyMessage[] = [
      { role: "user", content: "?" },
      call("a"),
      result("a"),
      call("b"),
      result("b"),
    ];
    expect(pairToolMessages(messages)).toEqual(messages);
  });

  test("moves a late result to its call, and the last of two results holds", () => {
    const user: ReplyMessage = { role: "user", content: "!" };
    expect(pairToolMessages([call("a"), user, result("a"), result("a", "12:35")])).toEqual([
      call("a"),
      result("a", "12:35"),
      user,
    ]);
  });

  test("answers a call that was cancelled, and drops a result without a call", () => {
    const [, made, ...rest] = pairToolMessages([call("a"), result("b")]);
    expect(made).toMatchObject({ role: "tool", callId: "a", name: "clock" });
    expect(rest).toEqual([]);
  });
});
