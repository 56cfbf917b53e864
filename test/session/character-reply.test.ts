import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import type { Character, CharacterContext } from "../../src/characters/port.ts";
import type { ReplyEvent, ReplyModel, ReplyRequest, ReplyTool } from "../../src/reply/port.ts";
import { type CharacterReplyRequest, createReplyAsCharacter } from "../../src/session/character-reply.ts";
import { createFakeCharacter } from "../support/fake-services.ts";
import { createManualClock } from "../support/manual-clock.ts";

const dice = {
  name: "roll",
  description: "Rolls a die",
  parameters: { type: "object" },
  timeoutMs: 700,
};

function setUp(options: { hasModel?: boolean } = {}) {
  const requests: ReplyRequest[] = [];
  const model: ReplyModel = {
    id: "scripted",
    model: "m",
    async *reply(request) {
      requests.push(request);
      yield { type: "text-delta", text: "from the model" };
      yield { type: "finish", reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
    },
  };
  const clock = createManualClock();
  const replies = { current: () => (options.hasModel === false ? undefined : model) };
  const replyAsCharacter = createReplyAsCharacter({ replies, clock });
  const reply = async (character: Character, changes: Partial<CharacterReplyRequest> = {}) => {
    const events: ReplyEvent[] = [];
    const messages = [{ role: "user", content: "Hello" } as const];
    for await (const event of replyAsCharacter({ character, messages, ...changes })) events.push(event);
    return events.flatMap((event) => (event.type === "text-delta" ? event.text : [])).join("");
  };
  return { reply, requests };
}

describe("a character's reply", () => {
  test("the system prompt comes first, made from the conversation", async () => {
    const contexts: CharacterContext[] = [];
    const character = createFakeCharacter("Gertrude", {
      async makeSystemPrompt(context) {
        contexts.push(context);
        return "You are a landlady.";
      },
    });
    const { reply, requests } = setUp();
    expect(await reply(character, { userName: "Ann", seed: 7 })).toBe("from the model");
    expect(requests[0]?.messages).toEqual([
      { role: "system", content: "You are a landlady." },
      { role: "user", content: "Hello" },
    ]);
    expect(contexts).toEqual([
      {
        now: "2026-01-05T10:00:00.000Z",
        seed: 7,
        userName: "Ann",
        messages: [{ role: "user", content: "Hello" }],
      },
    ]);
  });

  test("instructions of the session replace the prompt, which is then not asked for", async () => {
    const character = createFakeCharacter("Gertrude", {
      makeSystemPrompt: () => Promise.reject(new AppError("E_CHARACTER", "broken")),
    });
    const { reply, requests } = setUp();
    await reply(character, { instructions: "Speak French." });
    expect(requests[0]?.messages[0]).toEqual({ role: "system", content: "Speak French." });
    const error = await reply(character).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "E_CHARACTER" });
  });

  test("the character's tools run in its host, with its deadline", async () => {
    const calls: unknown[] = [];
    const character = createFakeCharacter("Gertrude", {
      tools: [dice],
      async callTool(name, args) {
        calls.push([name, args]);
        return 6;
      },
    });
    const { reply, requests } = setUp();
    await reply(character);
    const [tool] = requests[0]?.tools ?? [];
    expect(tool).toMatchObject(dice);
    expect(await tool?.execute?.({ sides: 6 }, { signal: new AbortController().signal })).toBe(6);
    expect(calls).toEqual([["roll", { sides: 6 }]]);
  });

  test("tools of the client stand beside them, and replace those of the same name", async () => {
    const character = createFakeCharacter("Gertrude", { tools: [dice, { ...dice, name: "flip" }] });
    const client: ReplyTool = { name: "roll", description: "Mine", parameters: {} };
    const { reply, requests } = setUp();
    await reply(character, { clientTools: [client], toolChoice: "required" });
    expect(requests[0]?.tools?.map(({ name, execute }) => [name, execute !== undefined])).toEqual([
      ["flip", true],
      ["roll", false],
    ]);
    expect(requests[0]?.toolChoice).toBe("required");
  });

  test("a character may want a model of its own", async () => {
    const { reply, requests } = setUp();
    await reply(createFakeCharacter("Gertrude", { metadata: { model: "tiny" } }));
    expect(requests[0]?.model).toBe("tiny");
  });

  test("without a language model the character answers in code", async () => {
    const heard: unknown[] = [];
    const character = createFakeCharacter("Gertrude", {
      hasReply: true,
      async *reply(messages) {
        heard.push(messages);
        yield "from ";
        yield "the code";
      },
    });
    const { reply } = setUp({ hasModel: false });
    expect(await reply(character)).toBe("from the code");
    expect(heard).toEqual([[{ role: "user", content: "Hello" }]]);
  });

  test("a talk without a word is opened by a script, and is silence to a model", async () => {
    const heard: unknown[] = [];
    const character = createFakeCharacter("Gertrude", {
      hasReply: true,
      async *reply(messages) {
        heard.push(messages);
        yield "Welcome!";
      },
    });
    const own = { role: "assistant", content: "Welcome!" } as const;
    const silence = { role: "user", content: "..." } as const;
    const scripted = setUp({ hasModel: false });
    await scripted.reply(character, { messages: [] });
    await scripted.reply(character, { messages: [own] });
    expect(heard).toEqual([[], [own, silence]]);
    const modelled = setUp();
    await modelled.reply(character, { messages: [] });
    await modelled.reply(character, { messages: [own] });
    expect(modelled.requests.map((request) => request.messages.slice(1))).toEqual([
      [silence],
      [own, silence],
    ]);
  });

  test("a scripted character answers in code though there is a model", async () => {
    const character = createFakeCharacter("Gertrude", {
      hasReply: true,
      metadata: { replies: "scripted" },
      async *reply() {
        yield "from the code";
      },
    });
    const { reply, requests } = setUp();
    expect(await reply(character)).toBe("from the code");
    expect(requests).toEqual([]);
  });

  test("a character that can answer in no way says what would help", async () => {
    const { reply } = setUp({ hasModel: false });
    const mute = await reply(createFakeCharacter("Gertrude")).catch((e: unknown) => e);
    expect(mute).toMatchObject({ code: "E_CHARACTER" });
    expect((mute as AppError).message).toContain("no language model is configured");
    const scripted = createFakeCharacter("Gertrude", { metadata: { replies: "scripted" } });
    const error = await setUp()
      .reply(scripted)
      .catch((e: unknown) => e);
    expect((error as AppError).message).toContain("a reply method");
  });

  test("a signal that has aborted begins nothing", async () => {
    const { reply, requests } = setUp();
    const error = await reply(createFakeCharacter("Gertrude"), { signal: AbortSignal.abort() }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: "E_INTERRUPTED" });
    expect(requests).toEqual([]);
  });
});
