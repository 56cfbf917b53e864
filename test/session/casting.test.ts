import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { createCasting } from "../../src/session/casting.ts";
import type { ReplyPlan } from "../../src/session/state.ts";
import { createFakeCharacter, createFakeSpeech, createFakeStage } from "../support/fake-services.ts";
import { createManualClock } from "../support/manual-clock.ts";

const gertrude = createFakeCharacter("Gertrude");
const michael = createFakeCharacter("Michael", {
  voiceSource: { source_type: "kokoro", voice: "am_michael", speed: 2 },
});
const { signal } = new AbortController();

function setUp() {
  const speech = createFakeSpeech();
  const stage = createFakeStage([gertrude, michael]);
  const aliasVoice = (name: string) => (name === "alloy" ? "am_michael" : undefined);
  const casting = createCasting({ speech, stage, clock: createManualClock(), userName: "Ann", aliasVoice });
  const plan = (voice: string | null, speed = 1, character = gertrude): ReplyPlan => ({
    character,
    messages: [],
    historyTokens: Number.POSITIVE_INFINITY,
    instructions: undefined,
    clientTools: [],
    toolChoice: "auto",
    maxOutputTokens: null,
    speech: { voice, speed, sampleRateHz: 24_000 },
  });
  return { casting, speech, plan };
}

describe("casting", () => {
  test("a character comes with its voice and its prompt, made for the one who talks", async () => {
    const asked: unknown[] = [];
    const character = createFakeCharacter("Gertrude", {
      async makeSystemPrompt(context) {
        asked.push(context);
        return "You are Gertrude.";
      },
    });
    const cast = await setUp().casting.cast(character);
    expect(cast).toMatchObject({
      prompt: "You are Gertrude.",
      voice: { voice: "af_heart", status: "ready" },
    });
    expect(asked).toEqual([{ now: "2026-01-05T10:00:00.000Z", userName: "Ann", messages: [] }]);
  });

  test("a prompt that cannot be had is none, and costs no session", async () => {
    const character = createFakeCharacter("Gertrude", {
      makeSystemPrompt: () => Promise.reject(new AppError("E_CHARACTER", "broken")),
    });
    expect((await setUp().casting.cast(character)).prompt).toBe("");
  });

  test("while the voices load there is none yet", async () => {
    const { casting, speech } = setUp();
    speech.setState("tts", { state: "loading", detail: "12 of 88 MB" });
    expect((await casting.cast(gertrude)).voice).toMatchObject({ status: "loading", reason: "12 of 88 MB" });
  });

  test("a voice is a voice, an alias, a blend or a character", async () => {
    const { casting } = setUp();
    const names = ["af_heart", "af_heart(2)+am_michael(1)", "alloy", "Michael", "nobody"];
    expect(await Promise.all(names.map((name) => casting.hasVoice(name)))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  test("nobody is refused a voice that may be there once the voices are loaded", async () => {
    const { casting, speech } = setUp();
    speech.setState("tts", { state: "loading", detail: "" });
    expect(await casting.hasVoice("nobody")).toBe(true);
  });

  test("who speaks: the character's own voice at its own speed, times the session's", async () => {
    const { casting, plan } = setUp();
    expect(await casting.chooseSpeaker(plan(null), signal)).toMatchObject({ voice: "af_heart", speed: 1 });
    expect(await casting.chooseSpeaker(plan(null, 1.5, michael), signal)).toMatchObject({
      voice: "am_michael",
      speed: 3,
    });
    expect(await casting.chooseSpeaker(plan(null, 4, michael), signal)).toMatchObject({ speed: 4 });
  });

  test("or the voice that was wished for, which brings its character's speed", async () => {
    const { casting, plan } = setUp();
    expect(await casting.chooseSpeaker(plan("alloy"), signal)).toMatchObject({
      voice: "am_michael",
      speed: 1,
    });
    expect(await casting.chooseSpeaker(plan("Michael"), signal)).toMatchObject({
      voice: "am_michael",
      speed: 2,
    });
  });

  test("a wish that turned out to mean nothing gives way to the character's own voice", async () => {
    const { casting, plan } = setUp();
    expect(await casting.chooseSpeaker(plan("nobody"), signal)).toMatchObject({ voice: "af_heart" });
  });

  test("nobody, with the reason, when there is no synthesizer", async () => {
    const { casting, speech, plan } = setUp();
    speech.setState("tts", { state: "loading", detail: "12 of 88 MB" });
    const error = await casting.chooseSpeaker(plan(null), signal).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "E_BUSY", message: "kokoro is loading: 12 of 88 MB" });
  });

  test("a character that names another provider has a stand-in where that cannot be had", async () => {
    const { casting, plan } = setUp();
    const source = { source_type: "provider", provider: "console", voice: "x" } as const;
    const character = createFakeCharacter("Gertrude", { voiceSource: source });
    const speaker = await casting.chooseSpeaker(plan(null, 1, character), signal);
    expect(speaker.synthesizer.id).toBe("kokoro");
    expect(speaker.voice).toBeOneOf(["af_heart", "am_michael"]);
  });
});
