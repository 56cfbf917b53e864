// The stages of the wait for an answer, as a whole session tells of them to the metrics.
import { expect, test } from "bun:test";
import { createEventRecorder } from "../../support/event-recorder.ts";
import { sayWords } from "../../support/fake-services.ts";
import { createLeapingClock } from "../../support/leaping-clock.ts";
import { connectRealtime } from "../../support/realtime-client.ts";
import { startRealtimeServer } from "../../support/realtime-server.ts";
import type { AnyEvent } from "../../../src/base/events.ts";
import type { FirstAudioEvent } from "../../../src/session/stage-times.ts";

test("each stage is as long as its engine took, and the rest is ours", async () => {
  const clock = createLeapingClock();
  const seen = createEventRecorder<AnyEvent | FirstAudioEvent>();
  await using server = startRealtimeServer({
    clock,
    script: async function* (request) {
      clock.leap(30_000);
      yield* sayWords("Good evening.")(request);
    },
  });
  server.services.events.subscribe((event) => seen.emit(event));
  // Leaps stand for engines that take their time: whole minutes, so that no machine is too slow to tell them apart.
  const leaps: Record<string, number> = { decode: 20_000, "Good evening.": 40_000 };
  const left = new Set(Object.keys(leaps));
  server.speech.gate = async (what) => {
    if (left.delete(what)) clock.leap(leaps[what] ?? 0);
  };
  await using client = await connectRealtime(server.url);
  client.say("hello");
  await client.waitFor("response.done");
  const event = (await seen.waitFor(({ type }) => type === "voice-first-audio")) as FirstAudioEvent;
  const { totalMs, detectorMs, recognizerMs, replyMs, synthesizerMs, ownMs } = event;
  expect(detectorMs).toBeWithin(0, 30_000);
  expect(recognizerMs).toBeWithin(0, 30_000);
  expect(replyMs).toBeWithin(30_000, 39_000);
  expect(synthesizerMs).toBeWithin(40_000, 49_000);
  expect(ownMs).toBeWithin(0, 10_000);
  const sum = (detectorMs ?? 0) + (recognizerMs ?? 0) + replyMs + synthesizerMs + ownMs;
  expect(Math.abs(totalMs - sum)).toBeLessThan(1);
  expect(client.findFaults()).toEqual([]);
});
