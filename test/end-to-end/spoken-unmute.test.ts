// A client of unmute talks with a shipped character on the real engines, in Ogg Opus both ways.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type RealApp, startRealApp } from "../support/real-app.ts";
import { connectUnmute } from "../support/unmute-client.ts";
import { toSpokenWords } from "../support/word-errors.ts";

let real: RealApp;
beforeAll(async () => {
  real = await startRealApp({ characters: ["tock.ts"] });
}, 120_000);
afterAll(async () => {
  await real[Symbol.asyncDispose]();
});

test("the character opens the talk, is asked a question by sound, and answers it aloud", async () => {
  // Before the talk: seven seconds of silence in it would be answered.
  const question = await real.speak("What time is it in Tokyo?");
  await using client = await connectUnmute(`${real.url.replace("http", "ws")}/v1/realtime`);
  client.update({
    voice: "Tock",
    instructions: { type: "smalltalk", language: "en" },
    allow_recording: false,
  });
  await client.waitFor("unmute.additional_outputs");
  const greeting = client.words("response.text.delta");
  expect(greeting).not.toBe("");
  const before = (await client.sound()).length;
  expect(before).toBeGreaterThan(12_000);

  client.speak(question);
  await client.waitFor("unmute.additional_outputs", 2);
  expect(client.words("conversation.item.input_audio_transcription.delta")).toMatch(
    /what time is it in tokyo/i,
  );
  const written = client.words("response.text.delta").slice(greeting.length).trim();
  expect(written).toMatch(/tokyo/i);
  const spoken = toSpokenWords(await real.hear((await client.sound()).subarray(before)));
  const missing = toSpokenWords(written).filter((word) => !spoken.includes(word));
  expect(missing.length).toBeLessThanOrEqual(Math.ceil(toSpokenWords(written).length * 0.3));
  expect(client.faults).toEqual([]);
  expect(client.ofType("error")).toEqual([]);
}, 120_000);
