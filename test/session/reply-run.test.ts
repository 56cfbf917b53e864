import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import type { ReplyEvent } from "../../src/reply/port.ts";
import type { CharacterReplyRequest } from "../../src/session/character-reply.ts";
import type { SessionInput } from "../../src/session/events.ts";
import { type ReplyRunDependencies, startReply } from "../../src/session/reply-run.ts";
import type { ReplyPlan } from "../../src/session/state.ts";
import { concatPcm } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import { createFakeSynthesizer } from "../support/fake-engines/fake-speech.ts";
import { hearTones } from "../support/fake-engines/tone-language.ts";
import { createFakeCharacter, untilAborted } from "../support/fake-services.ts";
import { synthesizeStream } from "../../src/session/sentence-stream.ts";

const usage = { inputTokens: 1, outputTokens: 2 };
const delta = (text: string): ReplyEvent => ({ type: "text-delta", text });
const finish: ReplyEvent = { type: "finish", reason: "stop", usage };
const plan: ReplyPlan = {
  character: createFakeCharacter("Gertrude"),
  messages: [],
  historyTokens: Number.POSITIVE_INFINITY,
  instructions: undefined,
  clientTools: [],
  toolChoice: "auto",
  maxOutputTokens: null,
  speech: { voice: null, speed: 1, sampleRateHz: 24_000 },
};

function run(
  events: (request: CharacterReplyRequest) => AsyncIterable<ReplyEvent>,
  changes: Partial<ReplyPlan> = {},
  deps: Partial<ReplyRunDependencies> = {},
) {
  const inputs: SessionInput[] = [];
  const reply = startReply(
    {
      sessionId: "s",
      replyAsCharacter: events,
      speakText: synthesizeStream,
      chooseSpeaker: async () => ({ synthesizer: createFakeSynthesizer(), voice: "tone-low", speed: 1 }),
      dispatch: (input) => inputs.push(input),
      waitForRoom: async () => undefined,
      ...deps,
    },
    "resp",
    { ...plan, ...changes },
  );
  const speech = () => inputs.filter((input) => input.type === "speech");
  return { reply, inputs, speech };
}

async function* say(...texts: string[]): AsyncGenerator<ReplyEvent> {
  for (const text of texts) yield delta(text);
  yield finish;
}

describe("a reply on its way", () => {
  test("is spoken at the rate that the client wants, every word", async () => {
    const { reply, inputs, speech } = run(() => say("Come in. ", "Sit down, ", "please."));
    await reply.done;
    const pcm = concatPcm(speech().map((input) => input.pcm));
    expect(hearTones(resample(pcm, { fromHz: 24_000, toHz: 16_000 })).join(" ")).toBe(
      "come in sit down please",
    );
    expect(
      speech()
        .map((input) => input.text)
        .join(""),
    ).toBe("Come in. Sit down, please.");
    expect(inputs.at(-1)).toEqual({ type: "reply-end", responseId: "resp", reason: "stop", usage });
  });

  test("without sound wanted its text comes as it is written", async () => {
    const { reply, inputs } = run(() => say("Come ", "in."), { speech: null });
    await reply.done;
    expect(inputs.map((input) => ("text" in input ? input.text : input.type))).toEqual([
      "Come ",
      "in.",
      "reply-end",
    ]);
  });

  test("without anybody to speak the words come all the same", async () => {
    const { reply, speech } = run(() => say("Come ", "in."), {}, { chooseSpeaker: async () => undefined });
    await reply.done;
    expect(speech().map(({ text, pcm }) => [text, pcm.length])).toEqual([
      ["Come ", 0],
      ["in.", 0],
    ]);
  });

  test("tools of the server are told with where they ran, those of the client as calls", async () => {
    const tools = [{ name: "lights", description: "", parameters: {} }];
    const { reply, inputs } = run(
      async function* () {
        yield delta("I roll. ");
        yield { type: "tool-call", callId: "a", name: "dice", arguments: "{}" };
        yield { type: "tool-result", callId: "a", name: "dice", outcome: "ok", content: "6", durationMs: 3 };
        yield { type: "tool-call", callId: "b", name: "lights", arguments: '{"on":true}' };
        yield { type: "finish", reason: "tool-calls", usage };
      },
      { clientTools: tools, speech: null },
    );
    await reply.done;
    expect(inputs.slice(1)).toEqual([
      { type: "tool-start", responseId: "resp", callId: "a", name: "dice", arguments: "{}", atChar: 8 },
      { type: "tool-end", responseId: "resp", callId: "a", outcome: "ok", content: "6", durationMs: 3 },
      { type: "client-call", responseId: "resp", callId: "b", name: "lights", arguments: '{"on":true}' },
      { type: "reply-end", responseId: "resp", reason: "tool-calls", usage },
    ]);
  });

  test("what was said before a tool does not wait for the tool to be spoken", async () => {
    const tool = Promise.withResolvers<void>();
    const { reply, speech } = run(async function* () {
      yield delta("Let me see.");
      yield { type: "tool-call", callId: "a", name: "look", arguments: "{}" };
      await tool.promise;
      yield { type: "tool-result", callId: "a", name: "look", outcome: "ok", content: "", durationMs: 1 };
      yield delta("There it is.");
      yield finish;
    });
    for (let i = 0; i < 100; i++) await Promise.resolve();
    expect(speech().map(({ text }) => text)).toEqual(["Let me see."]);
    tool.resolve();
    await reply.done;
    const spoken = speech().map(({ text }) => text);
    expect(spoken.join("")).toBe("Let me see. There it is.");
  });

  test("what was written before the model failed is still spoken", async () => {
    const { reply, inputs, speech } = run(async function* () {
      yield delta("One moment. ");
      throw new AppError("E_NET", "upstream went away");
    });
    await reply.done;
    const spoken = speech().map((input) => input.text);
    expect(spoken.join("")).toBe("One moment. ");
    expect(inputs.at(-1)).toMatchObject({ type: "reply-failed", error: { code: "E_NET" } });
  });

  test("a synthesizer that fails ends the reply with its reason, and stops the model", async () => {
    let seen: AbortSignal | undefined;
    const { reply, inputs } = run(
      async function* ({ signal }) {
        seen = signal;
        yield delta("One moment. ");
        yield delta("And another.");
        await untilAborted(signal);
      },
      {},
      {
        chooseSpeaker: async () => ({
          synthesizer: createFakeSynthesizer({
            gate: () => Promise.reject(new AppError("E_BUSY", "the engine stopped")),
          }),
          voice: "tone-low",
          speed: 1,
        }),
      },
    );
    await reply.done;
    expect(inputs.at(-1)).toMatchObject({
      type: "reply-failed",
      error: { code: "E_BUSY", message: "the engine stopped" },
    });
    expect(seen?.aborted).toBe(true);
  });

  test("what is a bug is told as one, without its text", async () => {
    const { reply, inputs } = run(async function* () {
      yield delta("One");
      throw new TypeError("secret is undefined");
    });
    await reply.done;
    const last = inputs.at(-1);
    expect(last).toMatchObject({ type: "reply-failed", error: { code: "E_INTERNAL" } });
    expect(last?.type === "reply-failed" && last.error.message).not.toContain("secret");
  });

  test("a reply that breaks off without an end has failed", async () => {
    const { reply, inputs } = run(async function* () {
      yield delta("One");
    });
    await reply.done;
    expect(inputs.at(-1)).toMatchObject({ type: "reply-failed", error: { code: "E_NET" } });
  });

  test("stopping it stops the model and the synthesizer", async () => {
    const stopped: string[] = [];
    const { reply } = run(
      async function* ({ signal }) {
        yield delta("One moment. I");
        await untilAborted(signal).finally(() => stopped.push("model"));
      },
      {},
      {
        chooseSpeaker: async () => ({
          synthesizer: createFakeSynthesizer({
            gate: (_, signal) => untilAborted(signal).finally(() => stopped.push("synthesizer")),
          }),
          voice: "tone-low",
          speed: 1,
        }),
        speakText: synthesizeStream,
      },
    );
    for (let i = 0; i < 30; i++) await Promise.resolve();
    reply.stop();
    await reply.done;
    expect(stopped.sort()).toEqual(["model", "synthesizer"]);
  });

  test("it makes no more sound than there is room for", async () => {
    const room = Promise.withResolvers<void>();
    const { reply, speech } = run(
      () => say("One. ", "Two. ", "Three."),
      {},
      { waitForRoom: () => room.promise },
    );
    for (let i = 0; i < 100; i++) await Promise.resolve();
    expect(speech().map(({ text }) => text)).toEqual(["One. "]);
    room.resolve();
    await reply.done;
    expect(speech().filter(({ text }) => text !== "")).toHaveLength(3);
  });
});
