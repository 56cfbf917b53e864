// What stops a character that talks, what does not, and how it goes on when it was stopped for nothing.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import type { SessionPatch } from "../../src/session/session-config.ts";
import { openStepped, type SteppedSession } from "../support/stepped-session.ts";

const frameMs = 32;
const framesOf = (ms: number): number => Math.ceil(ms / frameMs);
const story = "One two three four. Five six seven eight. Nine ten eleven twelve. ";
const outcome = (session: SteppedSession): unknown => session.ofType("response-done").at(-1)?.response.status;

/** A session in which the character has been talking for `heardMs`, a hundred milliseconds a word. */
function listenTo(
  patch: SessionPatch = {},
  { heardMs = 1000, writtenText = story, isWhole = true } = {},
): SteppedSession {
  const session = openStepped(patch, { aheadMs: 2000 });
  session.command({ type: "create-response", wish: {} });
  session.tell({ type: "reply-written", responseId: session.responseId(), text: writtenText, isWhole });
  session.speak("One two three four. ", 2000);
  session.speak("Five six seven eight. ", 2000);
  session.at(heardMs);
  session.forget();
  return session;
}

/** A sound of `ms`, with the silence that ends it; time passes with it. */
function makeSound(session: SteppedSession, fromMs: number, ms: number): number {
  const endMs = fromMs + ms + 512;
  for (let at = fromMs; at < fromMs + ms; at += frameMs) session.at(at).hear(1, 0.9);
  for (let at = fromMs + ms; at < endMs; at += frameMs) session.at(at).hear(1, 0.02);
  session.hear(2, 0.02);
  return endMs;
}

describe("while the character talks", () => {
  test("a cough is nothing, and the client hears nothing of it", () => {
    const session = listenTo();
    makeSound(session, 1000, 300);
    expect(session.effects("finish-utterance")).toHaveLength(1);
    session.transcript("Ahem.");
    const told = session.types().filter((type) => !["audio-delta", "speech-text-delta"].includes(type));
    expect(told).toEqual([]);
    expect(session.state.items).toHaveLength(1);
    expect(session.state.response).not.toBeNull();
  });

  test("one that nobody could make out neither", () => {
    const session = listenTo();
    makeSound(session, 1000, 300);
    const { itemId = "" } = session.state.input.pending[0] ?? {};
    session.tell({ type: "transcript-failed", itemId, error: new AppError("E_BUSY", "stopped") });
    expect(session.types()).not.toContain("transcript-failed");
    expect(session.state.response).not.toBeNull();
  });

  test("speech that lasts stops it, as soon as it has lasted", () => {
    const session = listenTo();
    for (let at = 1000; at < 1730; at += frameMs) session.at(at).hear(1, 0.9);
    expect(outcome(session)).toBeUndefined();
    session.at(1750).hear(2, 0.9);
    expect(session.types().filter((type) => /speech-started|response-done/.test(type))).toEqual([
      "speech-started",
      "response-done",
    ]);
    // From where it began, with its padding.
    expect(session.ofType("speech-started")[0]?.audioStartMs).toBe(0);
    expect(outcome(session)).toBe("cancelled");
  });

  test("the silence after a short sound does not make it long", () => {
    const session = listenTo();
    session.hear(framesOf(400), 0.9);
    session.hear(framesOf(450), 0.02);
    expect(session.types()).not.toContain("speech-started");
  });

  test('a laugh and an "mm-hm" may last: the recogniser\'s first look finds no words in them', () => {
    const session = listenTo();
    expect(session.effects("open-utterance")).toEqual([]);
    session.hear(framesOf(400), 0.9);
    expect(session.effects("open-utterance")[0]?.firstPartialMs).toBeLessThan(800);
    const { itemId = "" } = session.state.input.utterance ?? {};
    const guess = (text: string): void =>
      session.tell({ type: "partial-transcript", itemId, partial: { stableText: "", text } });
    guess("Ha ha ha!");
    session.hear(framesOf(1000), 0.9);
    expect(outcome(session)).toBeUndefined();
    guess("Ha ha ha, stop it");
    expect(outcome(session)).toBe("cancelled");
  });

  test("what goes on and on stops it, words or none", () => {
    const session = listenTo();
    session.hear(framesOf(400), 0.9);
    const { itemId = "" } = session.state.input.utterance ?? {};
    session.tell({ type: "partial-transcript", itemId, partial: { stableText: "", text: "" } });
    session.hear(framesOf(1200), 0.9);
    expect(outcome(session)).toBe("cancelled");
  });

  test("people in the background do not stop it, whatever they say", () => {
    const session = listenTo();
    session.hear(framesOf(3000), 0.9, -52);
    const { itemId = "" } = session.state.input.utterance ?? {};
    const partial = { stableText: "", text: "so I told her" };
    session.tell({ type: "partial-transcript", itemId, partial });
    session.hear(20, 0.02, -70);
    session.transcript("So I told her that the train was late.");
    expect(outcome(session)).toBeUndefined();
    expect(session.types()).not.toContain("speech-started");
    expect(session.state.items).toHaveLength(1);
  });

  test("what is faint is measured by the user: a soft voice is heard, and who shouts is not answered by a neighbour", () => {
    const talk = (levelDb: number): SteppedSession => {
      const session = openStepped({}, { aheadMs: 2000 });
      session.hear(framesOf(600), 0.9, levelDb);
      session.hear(20, 0.02, -80);
      session.transcript("Tell me a story.");
      session.tell({ type: "reply-written", responseId: session.responseId(), text: story, isWhole: true });
      session.speak(story, 6000);
      session.at(1000).forget();
      return session;
    };
    const soft = talk(-45);
    soft.hear(framesOf(900), 0.9, -55);
    expect(outcome(soft)).toBe("cancelled");
    const loud = talk(-8);
    loud.hear(framesOf(900), 0.9, -32);
    expect(outcome(loud)).toBeUndefined();
    const unasked = talk(-8);
    unasked.command({ type: "update-session", patch: { interruption: { faintDb: 0 } } });
    unasked.hear(framesOf(900), 0.9, -32);
    expect(outcome(unasked)).toBe("cancelled");
  });

  test("words stop it sooner, those that the recogniser guesses", () => {
    const session = listenTo();
    session.hear(framesOf(200), 0.9);
    const { itemId = "" } = session.state.input.utterance ?? {};
    const guess = (text: string): void =>
      session.tell({ type: "partial-transcript", itemId, partial: { stableText: "", text } });
    guess("mm");
    expect(outcome(session)).toBeUndefined();
    guess("mm no");
    expect(outcome(session)).toBe("cancelled");
  });

  test("a short word that is known only at its end stops it then, and is answered", () => {
    const session = listenTo();
    makeSound(session, 1000, 250);
    session.transcript("Stop.");
    const types = session.types().filter((type) => /^(speech-st|response|input|item|transcript)/.test(type));
    expect(types).toEqual([
      "speech-started",
      "item-done",
      "response-done",
      "item-truncated",
      "speech-stopped",
      "input-committed",
      "item-added",
      "item-done",
      "transcript-delta",
      "transcript-done",
      "response-created",
    ]);
    expect(session.plans().at(-1)?.messages.at(-1)).toEqual({ role: "user", content: "Stop." });
    expect(session.plans().at(-1)?.say).toBeUndefined();
  });

  test("how long and how many words is the client's to say", () => {
    const strict = listenTo({ interruption: { minSpeechMs: 2000, minWords: 3 } });
    makeSound(strict, 1000, 700);
    strict.transcript("No, wait.");
    expect(outcome(strict)).toBeUndefined();
    const open = listenTo({ interruption: { minSpeechMs: 0 } });
    open.hear(4, 0.9);
    expect(outcome(open)).toBe("cancelled");
  });

  test("is over when its sound is: what goes on then is a turn", () => {
    const session = listenTo();
    session.endReply();
    session.at(3900).tell({ type: "timer", name: "pace" });
    session.at(4890).hear(4, 0.9);
    expect(session.types()).not.toContain("speech-started");
    session.at(5000).hear(1, 0.9);
    expect(session.types()).toContain("speech-started");
  });

  test("a murmur that is committed or overtaken is a turn in its place", () => {
    const session = listenTo();
    session.hear(framesOf(200), 0.9);
    session.command({ type: "commit-input" });
    const order = session.types().filter((type) => /^(speech-st|input)/.test(type));
    expect(order).toEqual(["speech-started", "speech-stopped", "input-committed"]);

    const twice = listenTo();
    makeSound(twice, 1000, 200);
    twice.at(1800).hear(framesOf(800), 0.9);
    const turns = twice.types().filter((type) => /^(speech-st|input)/.test(type));
    expect(turns).toEqual(["speech-started", "speech-stopped", "input-committed", "speech-started"]);
  });

  test("a murmur that is cleared never was", () => {
    const session = listenTo();
    session.hear(framesOf(200), 0.9);
    session.command({ type: "clear-input" });
    expect(session.types().filter((type) => /^(speech-st|input)/.test(type))).toEqual(["input-cleared"]);
    expect(session.state.response).not.toBeNull();
  });
});

describe("an interruption that turns out empty", () => {
  const laugh = (session: SteppedSession, words = "Hahaha."): void => {
    const endMs = makeSound(session, 1100, 800);
    session.at(endMs + 200).transcript(words);
  };

  test("is forgotten: the reply goes on from the first word that was not heard", () => {
    const session = listenTo();
    laugh(session);
    expect(outcome(session)).toBe("cancelled");
    const heard = session.state.items[0];
    const part = heard?.type === "message" ? heard.parts[0] : undefined;
    if (part?.type !== "output-audio") throw new Error("no sound");
    const heardMs = part.heardMs ?? 0;
    const rest = part.words.filter(({ endMs }) => endMs > heardMs).map(({ text }) => text);
    const plan = session.plans().at(-1);
    expect(plan?.say).toEndWith("Five six seven eight. Nine ten eleven twelve.");
    expect(plan?.say).toStartWith(rest[0]?.trim() ?? "");
    expect(heardMs).toBeWithin(1750, 1950);
  });

  test("and when it had words, they are answered", () => {
    const session = listenTo();
    laugh(session, "Ha, what a story");
    expect(session.plans().at(-1)?.say).toBeUndefined();
    expect(session.plans().at(-1)?.messages.at(-1)?.content).toBe("Ha, what a story");
  });

  test("of a reply that was still being written, it goes on to the last whole sentence", () => {
    const session = listenTo({}, { writtenText: `${story}And then the`, isWhole: false });
    laugh(session);
    expect(session.plans().at(-1)?.say).toEndWith("eleven twelve.");
  });

  test("twice is still none", () => {
    const session = listenTo();
    makeSound(session, 1100, 800);
    session.at(2500).hear(framesOf(300), 0.9);
    session.transcript("");
    expect(session.plans()).toHaveLength(0);
    session.at(2900).hear(framesOf(600), 0.02);
    session.transcript("Hm.");
    expect(session.plans().at(-1)?.say).toEndWith("Nine ten eleven twelve.");
  });

  test("too late, or where nobody wants it, leaves the character silent", () => {
    const late = listenTo();
    const endMs = makeSound(late, 1100, 800);
    late.at(endMs + 2500).transcript("");
    expect(late.plans()).toHaveLength(0);
    const unwanted = listenTo({ interruption: { resumeMs: 0 } });
    laugh(unwanted, "");
    expect(unwanted.plans()).toHaveLength(0);
  });

  test("may itself be interrupted, and goes on again", () => {
    const session = listenTo();
    laugh(session);
    const say = session.plans().at(-1)?.say ?? "";
    session.tell({ type: "reply-written", responseId: session.responseId(), text: say, isWhole: true });
    session.at(3000).speak(say, 3000);
    session.at(3400);
    const endMs = makeSound(session, 3400, 800);
    session.at(endMs + 100).transcript("");
    expect(session.plans()).toHaveLength(2);
    expect(say).toEndWith(session.plans().at(-1)?.say ?? "?");
    expect(session.plans().at(-1)?.say?.length).toBeLessThan(say.length);
  });
});
