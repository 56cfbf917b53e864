// One reply in its engine process: what whoever waits for it hears while there is nothing to say.
import { expect, test } from "bun:test";
import { createChatTemplate } from "../../../../src/providers/llm/local/chat-template.ts";
import {
  type ReplyJob,
  type ReplyPiece,
  runReplyJob,
} from "../../../../src/providers/llm/local/reply-job.ts";
import type { GenerateControl, TextModel } from "../../../../src/providers/llm/local/text-model.ts";
import { failureOf } from "../../../support/failure-of.ts";

const template = createChatTemplate(
  "{% if tools %}<tool_call>{% endif %}{% for m in messages %}{{ m.content }}\n{% endfor %}",
  { beginToken: "", endToken: "" },
);
const job: ReplyJob = {
  messages: [{ role: "user", content: "Will it rain?" }],
  tools: [{ name: "weather", description: "Tells it.", parameters: { type: "object" } }],
  toolChoice: "auto",
  temperature: 0,
  topP: 1,
  seed: undefined,
  maxOutputTokens: 200,
  stop: [],
};
/** A run that takes its time, and the thread with it. */
const work = (): void => Bun.sleepSync(600);

/** Tokens are characters. */
async function run(
  generate: (control: GenerateControl) => Promise<void>,
  { encoded = [], asked = job }: { encoded?: number[]; asked?: ReplyJob } = {},
): Promise<ReplyPiece[]> {
  const pieces: ReplyPiece[] = [];
  const model: TextModel = {
    windowTokens: 2048,
    template: undefined,
    beginToken: "",
    endToken: "",
    detail: "",
    encode(text) {
      encoded.push(text.length);
      return [...text].map((letter) => letter.codePointAt(0) ?? 0);
    },
    decode: (tokens) => String.fromCodePoint(...tokens),
    async generate(_prompt, _sampling, control) {
      await generate(control);
      return "stop";
    },
  };
  await runReplyJob(model, template, asked, {
    signal: new AbortController().signal,
    checkpoint: () => Promise.resolve(),
    emit: async (piece) => void pieces.push(piece as ReplyPiece),
  });
  return pieces;
}
const kinds = (pieces: readonly ReplyPiece[]): string[] => pieces.map(({ type }) => type);

test("a long prompt is heard to be read", async () => {
  const pieces = await run(async ({ checkpoint, onToken }) => {
    for (let i = 0; i < 3; i++) {
      work();
      await checkpoint();
    }
    onToken(65);
  });
  expect(kinds(pieces).slice(0, 3)).toEqual(["alive", "alive", "alive"]);
  expect(kinds(pieces).slice(-2)).toEqual(["text", "finish"]);
});

test("so is a call that is told only when it is whole", async () => {
  const call = '<tool_call>\n{"name": "weather", "arguments": {}}\n</tool_call>';
  const pieces = await run(async ({ onToken }) => {
    for (const [index, letter] of [...call].entries()) {
      if (index === 20) work();
      onToken(letter.codePointAt(0) ?? 0);
    }
  });
  expect(kinds(pieces)[0]).toBe("alive");
  expect(kinds(pieces).slice(-2)).toEqual(["tool-call", "finish"]);
});

test("what is far too long is refused or left out without a count of its tokens", async () => {
  const flood = { role: "user", content: "again and ".repeat(500_000) } as const;
  const encoded: number[] = [];
  const say = async ({ onToken }: GenerateControl): Promise<void> => void onToken(65);
  const failure = await failureOf(run(say, { encoded, asked: { ...job, messages: [flood] } }));
  expect(failure).toMatchObject({ code: "E_ARGS" });
  const messages = [flood, { role: "assistant", content: "Yes?" }, ...job.messages] as const;
  const pieces = await run(say, { encoded, asked: { ...job, messages } });
  expect(pieces.at(-1)).toMatchObject({ type: "finish", droppedTurns: 1 });
  expect(Math.max(...encoded)).toBeLessThan(1000);
});
