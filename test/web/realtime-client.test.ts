// The page's client against the real server over a real socket; only the loudspeaker is a stand-in.
import { describe, expect, test } from "bun:test";
import { encodeS16le } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import {
  type Conversation,
  type ConversationAction,
  emptyConversation,
  reduceConversation,
} from "../../src/web/conversation.ts";
import { createRealtimeClient, type RealtimeClientOptions } from "../../src/web/realtime-client.ts";
import { createEventRecorder } from "../support/event-recorder.ts";
import { speakTones } from "../support/fake-engines/tone-language.ts";
import { createFakePlayer } from "../support/fake-player.ts";
import { type ReplyScript, sayWords } from "../support/fake-services.ts";
import { startRealtimeServer } from "../support/realtime-server.ts";

const story = "Once upon a time there lived a queen. She had three sons. The first was proud.";

async function open(script: ReplyScript, changes: Partial<RealtimeClientOptions> = {}) {
  const stack = new AsyncDisposableStack();
  const server = stack.use(startRealtimeServer({ script }));
  const log = createEventRecorder<ConversationAction>();
  let conversation: Conversation = emptyConversation;
  const player = createFakePlayer({ onQueue: (items) => dispatch({ type: "sound", items }) });
  const dispatch = (action: ConversationAction): void => {
    conversation = reduceConversation(conversation, action);
    log.emit(action);
  };
  const ready = Promise.withResolvers<void>();
  const client = createRealtimeClient({
    url: `${server.url}?model=Gertrude`,
    apiKey: undefined,
    player,
    canSpeak: true,
    isHandsFree: false,
    history: [],
    dispatch,
    onOpen: ready.resolve,
    onCharacterChange: () => undefined,
    onClose: () => undefined,
    ...changes,
  });
  stack.defer(() => client.close());
  await ready.promise;
  return {
    client,
    player,
    log,
    requests: server.services.replyRequests,
    conversation: () => conversation,
    /** In tones, as the microphone would send it. */
    say(text: string, silenceMs = 0) {
      const pcm = resample(speakTones(text), { fromHz: 16_000, toHz: 24_000 });
      const all = new Float32Array(pcm.length + silenceMs * 24);
      all.set(pcm);
      for (let at = 0; at < all.length; at += 960) client.sendAudio(encodeS16le(all.subarray(at, at + 960)));
    },
    ended: (nth = 1) =>
      log.waitFor(({ type }) => type === "response-end" && log.ofType("response-end").length >= nth),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Says `first`, and the rest when `more` resolves. */
const sayInParts = (first: string, more: Promise<void>, rest: string): ReplyScript =>
  async function* () {
    yield { type: "text-delta", text: first };
    await more;
    yield { type: "text-delta", text: rest };
    yield { type: "finish", reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
  };

describe("the page's voice client", () => {
  test("plays an answer, and shows its words with their times", async () => {
    await using page = await open(sayWords(story));
    page.client.requestResponse();
    await page.ended();
    const [turn] = page.conversation().turns;
    expect(turn).toMatchObject({ speaker: "character", text: story, state: "done" });
    expect(turn?.words.map(({ text }) => text).join("")).toBe(story);
    expect(page.player.words()).toBe(story.toLowerCase().replaceAll(/[.,]/g, ""));
    page.player.playOut();
    expect(page.conversation().turns[0]?.words).toEqual([]);
  });

  test("asks for text where there is no voice, and for sound once there is one", async () => {
    await using page = await open(sayWords("Good evening."), { canSpeak: false });
    page.client.requestResponse();
    await page.ended();
    expect(page.conversation().turns).toMatchObject([{ text: "Good evening.", words: [], isSpoken: false }]);
    expect(page.player.words()).toBe("");
    page.client.setVoice(true);
    page.client.requestResponse();
    await page.ended(2);
    expect(page.player.words()).toBe("good evening");
  });

  test("an interruption falls silent at once, plays nothing that comes late, and tells what was heard", async () => {
    const more = Promise.withResolvers<void>();
    await using page = await open(sayInParts("Once upon a time. There", more.promise, " lived a queen."));
    page.client.requestResponse();
    await page.log.waitFor(({ type }) => type === "sound");
    const { words = [] } = page.conversation().turns[0] ?? {};
    page.player.heard = words[1]?.endMs ?? 0;
    page.client.interrupt();
    const heardBefore = page.player.words();
    more.resolve();
    await page.ended();
    expect(page.player.words()).toBe(heardBefore);
    expect(page.player.stops).toBe(1);
    const [turn] = page.conversation().turns;
    expect(turn?.state).toBe("interrupted");
    expect(turn?.text.slice(0, turn.cutAt)).toBe("Once upon");
    // The server remembers the same.
    page.client.sendText("Go on.");
    await page.ended(2);
    expect(page.requests[1]?.messages.filter(({ role }) => role !== "system")).toEqual([
      { role: "assistant", content: "Once upon" },
      { role: "user", content: "Go on." },
    ]);
  });

  test("sound of an earlier line is silenced too, and this one is not told of what it does not know", async () => {
    await using page = await open(sayWords("Noon."));
    page.player.play("item_of_yesterday", new Float32Array(2400));
    page.client.sendText("Stop that.");
    await page.ended();
    expect(page.player.stops).toBe(1);
    expect(page.log.ofType("error")).toEqual([]);
  });

  test("an interruption before the first sound leaves no words, and the server keeps none", async () => {
    await using page = await open(sayWords(story));
    page.client.requestResponse();
    await page.log.waitFor(({ type }) => type === "response-start");
    page.client.interrupt();
    await page.ended();
    expect(page.player.words()).toBe("");
    expect(page.conversation().turns.filter(({ text, cutAt }) => text.slice(0, cutAt) !== "")).toEqual([]);
    page.client.sendText("Go on.");
    await page.ended(2);
    const told = page.requests.at(-1)?.messages.filter(({ role }) => role !== "system");
    expect(told).toEqual([{ role: "user", content: "Go on." }]);
  });

  test("typing breaks in, and is answered", async () => {
    const never = Promise.withResolvers<void>();
    let count = 0;
    await using page = await open((request) =>
      (count++ === 0 ? sayInParts("Let me think.", never.promise, "") : sayWords("Five."))(request),
    );
    page.client.requestResponse();
    await page.log.waitFor(({ type }) => type === "response-start");
    page.client.sendText("What is two and three?");
    await page.ended(2);
    expect(page.conversation().turns.at(-2)).toMatchObject({
      speaker: "user",
      text: "What is two and three?",
    });
    expect(page.conversation().turns.at(-1)).toMatchObject({ speaker: "character", text: "Five." });
    expect(page.conversation().error).toBeUndefined();
    never.resolve();
  });

  test("a new line is told of the old one: only of what was heard, and of nothing twice", async () => {
    const past = { draft: "", words: [], isSpoken: true, tools: [] } as const;
    await using page = await open(sayWords("Indeed."), {
      history: [
        { ...past, id: "1", speaker: "user", state: "done", text: "Hello" },
        {
          ...past,
          id: "2",
          speaker: "character",
          state: "interrupted",
          text: "Good evening to you",
          cutAt: 12,
        },
        { ...past, id: "3", speaker: "character", state: "interrupted", text: "Never heard", cutAt: 0 },
      ],
    });
    page.client.sendText("Remember me?");
    await page.ended();
    expect(page.requests[0]?.messages.filter(({ role }) => role !== "system")).toEqual([
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Good evening" },
      { role: "user", content: "Remember me?" },
    ]);
  });
});

describe("a talk by button", () => {
  test("is understood, then answered", async () => {
    await using page = await open(sayWords("Noon."));
    page.client.beginTalk();
    page.say("what time is it");
    page.client.endTalk();
    await page.ended();
    expect(page.conversation().turns).toMatchObject([
      { speaker: "user", text: "what time is it", state: "done", isSpoken: true },
      { speaker: "character", text: "Noon." },
    ]);
  });

  test("in which nothing was said is not answered, and says so", async () => {
    await using page = await open(sayWords("Noon."));
    page.client.beginTalk();
    page.say("", 600);
    page.client.endTalk();
    await page.log.waitFor(({ type }) => type === "notice");
    expect(page.conversation()).toMatchObject({ turns: [], user: "quiet", responseId: undefined });
    expect(page.requests).toEqual([]);
  });

  test("that was too short to be one is not answered either", async () => {
    await using page = await open(sayWords("Noon."));
    page.client.beginTalk();
    page.client.endTalk();
    await page.log.waitFor(({ type }) => type === "notice");
    expect(page.conversation()).toMatchObject({ turns: [], user: "quiet", error: undefined });
    expect(page.requests).toEqual([]);
  });

  test("that is dropped leaves no words behind", async () => {
    await using page = await open(sayWords("Noon."));
    page.client.beginTalk();
    page.say("never mind this at all because i was only thinking aloud");
    await page.log.waitFor(({ type }) => type === "user-draft");
    page.client.cancelTalk();
    await page.log.waitFor((action) => action.type === "user-text-end" && action.text === "");
    expect(page.conversation().turns).toEqual([]);
  });
});

describe("hands-free", () => {
  test("the end of speech is noticed, and answered", async () => {
    await using page = await open(sayWords("Noon."), { isHandsFree: true });
    page.say("what time is it", 900);
    await page.ended();
    expect(page.conversation().turns.map(({ text }) => text)).toEqual(["what time is it", "Noon."]);
  });

  test("speech stops the sound, and what had been played is kept", async () => {
    await using page = await open(sayWords(story), { isHandsFree: true });
    page.client.requestResponse();
    await page.log.waitFor(({ type }) => type === "sound");
    page.player.heard = 300;
    page.say("stop please", 900);
    await page.log.waitFor(({ type }) => type === "user-speech-start");
    expect(page.player.stops).toBe(1);
    expect(page.conversation().turns[0]?.state).toBe("interrupted");
    await page.log.waitFor((action) => action.type === "user-text-end");
    expect(page.conversation().turns[1]).toMatchObject({ speaker: "user", text: "stop please" });
  });

  test("switched off in the middle of a word, it leaves nothing hanging", async () => {
    await using page = await open(sayWords("Noon."), { isHandsFree: true });
    page.say("what time is it in the land of the midnight sun");
    await page.log.waitFor(({ type }) => type === "user-draft");
    page.client.setHandsFree(false);
    page.client.cancelTalk();
    page.client.sendText("Never mind.");
    await page.ended();
    expect(page.conversation().turns.map(({ text }) => text)).toEqual(["Never mind.", "Noon."]);
    expect(page.conversation().user).not.toBe("spoken");
  });
});
