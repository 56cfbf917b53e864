// What a session tells → unmute's events, without a socket: sound to its last sample, and ends by their kind.
import { describe, expect, test } from "bun:test";
import { createEncoder } from "../../../src/audio/codecs/encoder.ts";
import { createOggOpusStream } from "../../../src/audio/codecs/ogg-opus-stream.ts";
import { concatPcm } from "../../../src/audio/pcm.ts";
import { createUnmuteEncoder } from "../../../src/server/realtime/unmute-encode.ts";
import type { WireEvent } from "../../../src/server/realtime/dialect.ts";
import type { SessionOutput } from "../../../src/session/events.ts";
import { pcm24k } from "../../../src/session/session-config.ts";

const part = { responseId: "r", itemId: "m", outputIndex: 0, contentIndex: 0 };
const sound = (samples: number): SessionOutput => ({
  type: "audio-delta",
  pcm: Float32Array.from({ length: samples }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / 24_000)),
  format: pcm24k,
  ...part,
});
const deltasOf = (events: readonly WireEvent[]): Uint8Array[] =>
  events
    .filter(({ type }) => type === "response.audio.delta")
    .map((event) => Uint8Array.fromBase64(String(event["delta"])));

describe("sound", () => {
  test.each([1, 1919, 1920, 1921, 5000])("of %i samples is heard to its end", async (samples) => {
    using opus = await createEncoder("opus", { sampleRateHz: 24_000 });
    using stream = await createOggOpusStream({ sampleRateHz: 24_000 });
    const encoder = createUnmuteEncoder(opus);
    const events = [...encoder.encode(sound(samples)), ...encoder.encode({ type: "audio-done", ...part })];
    const pieces = deltasOf(events).map((ogg) => stream.push(ogg).pcm);
    expect(pieces.every(({ length }) => length > 0)).toBe(true);
    expect(concatPcm(pieces).length).toBeGreaterThanOrEqual(samples);
    expect(events.at(-1)?.type).toBe("response.audio.done");
  });

  test("of one response does not begin with what was left of another", async () => {
    using opus = await createEncoder("opus", { sampleRateHz: 24_000 });
    const encoder = createUnmuteEncoder(opus);
    encoder.encode(sound(1000));
    encoder.encode({ type: "audio-done", ...part });
    expect(deltasOf(encoder.encode(sound(1919)))).toHaveLength(0);
    expect(deltasOf(encoder.encode(sound(1)))).toHaveLength(1);
  });
});

describe("faults", () => {
  const faults = [
    ["session_expired", "server", "fatal"],
    ["session_token_limit", "server", "fatal"],
    ["client_too_slow", "server", "fatal"],
    ["internal_error", "server", "fatal"],
    ["conversation_replaced", "server", "fatal"],
    ["E_BUSY", "server", "server_error"],
    ["invalid_value", "invalid-request", "invalid_request_error"],
  ] as const;
  test.each(faults)("%s of the kind %s is told as %s", (code, kind, type) => {
    const encoder = createUnmuteEncoder({ push: () => new Uint8Array() });
    const fault = { code, kind, message: "why", param: "session.audio.output.voice" };
    expect(encoder.encode({ type: "fault", fault })).toEqual([
      { type: "error", error: { type, code, message: "why", param: "session.voice", details: null } },
    ]);
  });
});
