import { describe, expect, test } from "bun:test";
import { createChatTemplate } from "../../../../src/providers/llm/local/chat-template.ts";
import type { ReplyMessage } from "../../../../src/reply/port.ts";
import { chatTemplate, plainTemplate } from "../../../support/tiny-language.ts";

const tokens = { beginToken: "<s>", endToken: "</s>" };
const system: ReplyMessage = { role: "system", content: "You are Ada." };
const user = (content: string): ReplyMessage => ({ role: "user", content });
const assistant = (content: string): ReplyMessage => ({ role: "assistant", content });
const weather = { name: "weather", description: "Tells it.", parameters: { type: "object" } };
const called: ReplyMessage = {
  role: "assistant",
  content: "",
  toolCalls: [{ callId: "c1", name: "weather", arguments: '{"city":"Oslo"}' }],
};
const answered: ReplyMessage = { role: "tool", callId: "c1", name: "weather", content: "sunny" };

/** Says no to what Gemma's and Mistral's templates say no to. */
const strictTurns = `{{ bos_token }}{% for message in messages %}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}
[{{ message.role }}]{{ message.content }}{{ eos_token }}{% endfor %}[assistant]`;
const noSystem = `{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}${strictTurns}`;
const strictAfterSystem = `{% if messages[0].role == 'system' %}[system]{{ messages[0].content }}{% set messages = messages[1:] %}{% endif %}${strictTurns}`;
const deaf = `{% for message in messages if message.role != 'system' %}[{{ message.role }}]{{ message.content }}{% endfor %}[assistant]`;

describe("the model's own template", () => {
  test("writes the conversation down, up to where the assistant speaks", () => {
    const template = createChatTemplate(plainTemplate, tokens);
    expect(template.render([system, user("Hi"), assistant("Hello."), user("Well?")], [])).toBe(
      "<|im_start|>system\nYou are Ada.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nWell?<|im_end|>\n<|im_start|>assistant\n",
    );
  });

  test("is given the tokens that begin and end a text", () => {
    const template = createChatTemplate("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}", tokens);
    expect(template.render([user("Hi")], [])).toBe("<s>Hi</s>");
  });

  test("is asked not to think aloud", () => {
    const source = "{{ messages[0].content }}{% if enable_thinking is false %}<think></think>{% endif %}";
    expect(createChatTemplate(source, tokens).render([user("Hi")], [])).toBe("Hi<think></think>");
  });

  test.each(["{% if %}", "{{ messages", "{% for x in %}"])("%s is E_SCHEMA", (source) => {
    expect(() => createChatTemplate(source, tokens)).toThrow(/cannot be read/);
  });
});

describe("tools", () => {
  const template = createChatTemplate(chatTemplate, tokens);

  test("are told where the template knows them, and so are calls and results", () => {
    expect(template.knowsTools).toBe(true);
    const prompt = template.render([system, user("rain?"), called, answered], [weather]);
    expect(prompt).toContain('"name": "weather"');
    expect(prompt).toContain("You are Ada.");
    expect(prompt).toContain('<tool_call>{"name": "weather", "arguments": {"city": "Oslo"}}</tool_call>');
    expect(prompt).toContain("<tool_response>sunny</tool_response>");
  });

  test("a call without its result gets one, and arguments that are no JSON are told as they stood", () => {
    const odd: ReplyMessage = {
      role: "assistant",
      content: "",
      toolCalls: [{ callId: "c2", name: "weather", arguments: "{Oslo" }],
    };
    const prompt = template.render([system, user("rain?"), odd, user("Hello?")], [weather]);
    expect(prompt).toContain('"arguments": "{Oslo"');
    expect(prompt).toContain("cancelled before it gave a result");
  });

  test("are passed over where it does not, and what they said becomes a note", () => {
    const plain = createChatTemplate(plainTemplate, tokens);
    expect(plain.knowsTools).toBe(false);
    const prompt = plain.render([system, user("rain?"), called, answered, user("Well?")], [weather]);
    expect(prompt).toContain("[weather: sunny]");
    expect(prompt).not.toContain("tool");
    // The empty words around the call are nobody's.
    expect(prompt.match(/<\|im_start\|>assistant/g)).toHaveLength(1);
  });
});

describe("templates that do not bear everything", () => {
  test("one without a system role gets it with the user's first words", () => {
    const template = createChatTemplate(noSystem, tokens);
    const prompt = template.render([system, user("Hi"), assistant("Hello."), user("Well?")], []);
    expect(prompt.replaceAll("\n", "")).toBe(
      "<s>[user]You are Ada.Hi</s>[assistant]Hello.</s>[user]Well?</s>[assistant]",
    );
  });

  test("one that would leave the system prompt out does not get to", () => {
    const prompt = createChatTemplate(deaf, tokens).render([system, user("Hi")], []);
    expect(prompt).toBe("[user]You are Ada.\n\nHi[assistant]");
  });

  test("strict turns are made of whatever order there is", () => {
    const template = createChatTemplate(strictAfterSystem, tokens);
    const messages = [
      system,
      assistant("Welcome."),
      assistant("Sit down."),
      user("Hi"),
      { role: "system", content: "It is night." } as const,
      user("So?"),
      assistant("So."),
    ];
    expect(template.render(messages, []).replaceAll("\n", "")).toBe(
      "[system]You are Ada.<s>[user]...</s>[assistant]Welcome.Sit down.</s>[user]Hi[System: It is night.]So?</s>[assistant]So.</s>[user]...</s>[assistant]",
    );
  });

  test("a character may open the talk", () => {
    const prompt = createChatTemplate(noSystem, tokens).render([system], []);
    expect(prompt.replaceAll("\n", "")).toBe("<s>[user]You are Ada....</s>[assistant]");
  });

  test("one that refuses all ways is E_SCHEMA with its own words", () => {
    const template = createChatTemplate("{{ raise_exception('only in French') }}", tokens);
    expect(() => template.render([user("Hi")], [])).toThrow(/only in French/);
  });
});
