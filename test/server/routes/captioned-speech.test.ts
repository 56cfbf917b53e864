import { describe, expect, test } from "bun:test";
import { decodeAudio } from "../../../src/audio/codecs/decoder.ts";
import { synthesizeStream } from "../../../src/session/sentence-stream.ts";
import { createFakeServices } from "../../support/fake-services.ts";
import { createFakeSynthesizer } from "../../support/fake-engines/fake-speech.ts";
import { postJson, startTestServer } from "../../support/http-server.ts";

interface Captioned {
  audio: string;
  audio_format: string;
  timestamps: { word: string; start_time: number; end_time: number }[] | null;
}

/** A synthesizer of tones that tells words, behind the real speaker. */
function start() {
  const services = createFakeServices();
  const synthesizer = { ...createFakeSynthesizer(), id: "kokoro" };
  const speech = { ...services.speech, synthesizer: () => Promise.resolve(synthesizer) };
  return startTestServer({ ...services, speech }, { speakText: synthesizeStream });
}
const input = "One two three. Four five six. Seven eight nine.";
const words = input.split(" ");

describe("captioned speech", () => {
  test("comes line by line: pieces of one file, and each word once with its time in the whole", async () => {
    await using server = start();
    const response = await postJson(`${server.url}/dev/captioned_speech`, { input, response_format: "wav" });
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = (await response.text()).trimEnd().split("\n");
    const pieces = lines.map((line) => JSON.parse(line) as Captioned);
    expect(pieces.length).toBeGreaterThan(2);
    expect(new Set(pieces.map(({ audio_format }) => audio_format))).toEqual(new Set(["audio/wav"]));
    const { pcm, sampleRateHz } = await decodeAudio(
      new Uint8Array(Buffer.concat(pieces.map(({ audio }) => Buffer.from(audio, "base64")))),
    );
    const stamps = pieces.flatMap(({ timestamps }) => timestamps ?? []);
    expect(stamps.map(({ word }) => word)).toEqual(words);
    for (const [i, { start_time, end_time }] of stamps.entries()) {
      expect(start_time).toBeGreaterThanOrEqual((stamps[i - 1]?.end_time ?? 0) - 1e-9);
      expect(end_time).toBeGreaterThan(start_time);
    }
    expect(Math.abs((stamps.at(-1)?.end_time ?? 0) - pcm.length / sampleRateHz)).toBeLessThan(0.05);
  });

  test("comes whole where no stream is wanted, and without times where none are", async () => {
    await using server = start();
    const ask = async (body: object) =>
      (await (
        await postJson(`${server.url}/dev/captioned_speech`, { input, stream: false, ...body })
      ).json()) as Captioned;
    const whole = await ask({});
    expect(whole.audio_format).toBe("audio/mpeg");
    expect(whole.timestamps?.map(({ word }) => word)).toEqual(words);
    expect(
      (await decodeAudio(new Uint8Array(Buffer.from(whole.audio, "base64")))).pcm.length,
    ).toBeGreaterThan(1000);
    expect((await ask({ return_timestamps: false })).timestamps).toBeNull();
  });

  test("what is wrong is refused in this system's own form, with the field", async () => {
    await using server = start();
    for (const [body, field] of [
      [{ input: "" }, "input"],
      [{ input: "\u{1f642}" }, "input"],
      [{ input, stream: "yes" }, "stream"],
      [{ input, voice: "nobody" }, "voice"],
    ] as const) {
      const response = await postJson(`${server.url}/dev/captioned_speech`, body);
      expect(response.status).toBe(400);
      const { error_code, message } = (await response.json()) as { error_code: string; message: string };
      expect([error_code, message.startsWith(field)]).toEqual(["E_ARGS", true]);
    }
  });
});
