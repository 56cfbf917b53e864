// A stock client talks with a shipped character by sound, on the real engines: it hears, answers, is interrupted, goes on.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession } from "@openai/agents-realtime";
import { concatPcm, decodeS16le, encodeS16le } from "../../src/audio/pcm.ts";
import { eventually } from "../support/eventually.ts";
import { type RealApp, startRealApp } from "../support/real-app.ts";
import { findBreaches } from "../support/event-log.ts";
import type { ServerEvent } from "../support/realtime-invariants.ts";
import { toSpokenWords } from "../support/word-errors.ts";

let real: RealApp;
beforeAll(async () => {
  real = await startRealApp({ characters: ["tock.ts", "barnaby-thorne.ts"] });
}, 120_000);
afterAll(async () => {
  await real[Symbol.asyncDispose]();
});

async function connect(character: string) {
  const url = `${real.url.replace("http", "ws")}/v1/realtime?model=${encodeURIComponent(character)}`;
  const session = new RealtimeSession(new RealtimeAgent({ name: "guest", instructions: "" }), {
    transport: new OpenAIRealtimeWebSocket({ url }),
    config: {
      instructions: "",
      audio: {
        input: { turnDetection: { type: "server_vad", interruptResponse: true, createResponse: true } },
      },
    },
  });
  const events: ServerEvent[] = [];
  let sound: Float32Array[] = [];
  session.on("transport_event", (event) => {
    if ("event_id" in event) events.push(event as unknown as ServerEvent);
  });
  session.on("audio", ({ data }) => sound.push(decodeS16le(new Uint8Array(data))));
  await session.connect({ apiKey: "any" });
  const count = (type: string) => events.filter((event) => event.type === type).length;
  return {
    session,
    events,
    count,
    /** In pieces of 100 ms, as a microphone gives them but without its pace. */
    say(pcm: Float32Array) {
      const bytes = encodeS16le(pcm);
      for (let at = 0; at < bytes.length; at += 4800) {
        session.sendAudio(bytes.slice(at, at + 4800).buffer);
      }
    },
    takeSound() {
      const all = concatPcm(sound);
      sound = [];
      return all;
    },
    // An answer ends when nearly all of its sound is played, and a slow machine takes longer to make it.
    until: (type: string, nth: number) => eventually(`${type} ${nth}`, () => count(type) >= nth, 80_000),
    [Symbol.dispose]: () => session.close(),
  };
}

test("a spoken question is heard, answered aloud, and the answer says what its transcript says", async () => {
  using guest = await connect("Tock");
  guest.say(await real.speak("What time is it in Tokyo?"));
  await guest.until("response.done", 1);

  const heard = guest.events.find(
    (event) => event.type === "conversation.item.input_audio_transcription.completed",
  ) as unknown as { transcript: string };
  expect(heard.transcript).toMatch(/what time is it in tokyo/i);
  const written = guest.events
    .filter((event) => event.type === "response.output_audio_transcript.done")
    .map((event) => (event as unknown as { transcript: string }).transcript)
    .join(" ");
  expect(written).toMatch(/tokyo/i);

  const spoken = toSpokenWords(await real.hear(guest.takeSound()));
  const missing = toSpokenWords(written).filter((word) => !spoken.includes(word));
  console.log(`answer: ${written}; not made out again: ${missing.join(", ") || "nothing"}`);
  expect(missing.length).toBeLessThanOrEqual(Math.ceil(toSpokenWords(written).length * 0.3));
  expect(findBreaches(guest.events)).toEqual([]);
}, 180_000);

test("speaking over the answer stops it, keeps what was heard of it, and the talk goes on", async () => {
  using guest = await connect("Barnaby Thorne");
  const [hello, stop] = [
    await real.speak("Good evening. Please begin the quiz."),
    await real.speak("Excuse me, please repeat the question."),
  ];
  guest.say(hello);
  await guest.until("response.output_audio.delta", 3);
  guest.say(stop);
  await guest.until("response.done", 2);

  const [first, second] = guest.events
    .filter((event) => event.type === "response.done")
    .map((event) => (event as unknown as { response: Record<string, unknown> }).response);
  expect(first).toMatchObject({ status: "cancelled", status_details: { reason: "turn_detected" } });
  expect(second).toMatchObject({ status: "completed" });
  expect(guest.count("conversation.item.truncated")).toBeGreaterThanOrEqual(1);
  expect(findBreaches(guest.events)).toEqual([]);
}, 180_000);
