import { describe, expect, test } from "bun:test";
import OpenAI, { APIError } from "openai";
import { encodeAudio } from "../../../src/audio/codecs/encoder.ts";
import { createFakeServices, synthesizeTones } from "../../support/fake-services.ts";
import { startTestServer, type TestServer } from "../../support/http-server.ts";

const clientOf = (server: TestServer): OpenAI =>
  new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none-needed", maxRetries: 0 });

/** Two seconds of tones as a file. */
async function createFile(format = "wav", name = `speech.${format}`): Promise<File> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const bytes of encodeAudio(format, synthesizeTones("a ".repeat(20).trim(), {})))
    parts.push(bytes);
  return new File(parts, name);
}

const word = (text: string, startMs: number, endMs: number) => ({ text, startMs, endMs });

function createTalking() {
  const services = createFakeServices();
  services.speech.transcript = {
    text: "Good evening. How are you?",
    language: "en",
    durationMs: 2000,
    words: [
      word("Good", 0, 250),
      word("evening.", 250, 700),
      word("How", 900, 1100),
      word("are", 1100, 1300),
      word("you?", 1300, 1600),
    ],
  };
  return services;
}

describe("OpenAI's client, unmodified", () => {
  test("gets the text of files of every kind that is read here", async () => {
    const services = createTalking();
    await using server = startTestServer(services);
    for (const format of ["wav", "mp3", "opus", "flac"]) {
      services.speech.heardSamples = 0;
      const file = await createFile(format, "upload.bin");
      const result = await clientOf(server).audio.transcriptions.create({ model: "whisper-1", file });
      expect(result.text).toBe("Good evening. How are you?");
      // Two seconds at the 16 kHz that recognisers take, whatever the file had.
      expect(Math.abs(services.speech.heardSamples - 32_000)).toBeLessThan(2500);
    }
  });

  test("gets the duration, rounded up, as usage", async () => {
    await using server = startTestServer(createTalking());
    const file = await createFile();
    const result = await clientOf(server).audio.transcriptions.create({ model: "whisper-1", file });
    expect(result).toEqual({
      text: "Good evening. How are you?",
      usage: { type: "duration", seconds: 2 },
    });
  });

  test("gets words and segments with their times", async () => {
    await using server = startTestServer(createTalking());
    const result = await clientOf(server).audio.transcriptions.create({
      model: "whisper-1",
      file: await createFile(),
      response_format: "verbose_json",
      timestamp_granularities: ["word", "segment"],
    });
    expect(result).toMatchObject({ task: "transcribe", language: "english", duration: 2 });
    expect(result.words?.[1]).toEqual({ word: "evening.", start: 0.25, end: 0.7 });
    expect(result.segments).toMatchObject([
      { id: 0, start: 0, end: 0.7, text: "Good evening." },
      { id: 1, start: 0.9, end: 1.6, text: "How are you?" },
    ]);
    expect(result.segments?.[0]?.compression_ratio).toBeGreaterThan(0);
  });

  test("gets segments alone when it names no granularity", async () => {
    await using server = startTestServer(createTalking());
    const file = await createFile();
    const result = await clientOf(server).audio.transcriptions.create({
      model: "whisper-1",
      file,
      response_format: "verbose_json",
    });
    expect(result.segments).toHaveLength(2);
    expect(result.words).toBeUndefined();
  });

  test("gets text, srt and vtt as plain text", async () => {
    await using server = startTestServer(createTalking());
    const file = await createFile();
    const ask = (response_format: "text" | "srt" | "vtt"): Promise<unknown> =>
      clientOf(server).audio.transcriptions.create({ model: "whisper-1", file, response_format });
    expect(await ask("text")).toBe("Good evening. How are you?\n");
    expect(await ask("srt")).toBe(
      "1\n00:00:00,000 --> 00:00:00,700\nGood evening.\n\n2\n00:00:00,900 --> 00:00:01,600\nHow are you?\n",
    );
    expect(await ask("vtt")).toStartWith("WEBVTT\n\n00:00:00.000 --> 00:00:00.700\nGood evening.\n");
  });

  test("streams what will not be taken back, and the whole last", async () => {
    const services = createTalking();
    services.speech.partials = [
      { stableText: "", text: "Good" },
      { stableText: "Good", text: "Good even" },
      { stableText: "Good", text: "Good evening" },
      { stableText: "Good evening.", text: "Good evening. How" },
    ];
    await using server = startTestServer(services);
    const stream = await clientOf(server).audio.transcriptions.create({
      model: "whisper-1",
      file: await createFile(),
      stream: true,
    });
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events.slice(0, -1).map((event) => (event as { delta: string }).delta)).toEqual([
      "Good",
      " evening.",
      " How are you?",
    ]);
    expect(events.at(-1)).toMatchObject({
      type: "transcript.text.done",
      text: "Good evening. How are you?",
      usage: { type: "tokens", input_tokens: 20, input_token_details: { audio_tokens: 20 } },
    });
    expect(services.speech.recognizerCalls[0]).toMatchObject({ partials: true });
  });

  test("names the language, or is told which there are", async () => {
    const services = createTalking();
    await using server = startTestServer(services);
    const client = clientOf(server);
    const file = await createFile();
    await client.audio.transcriptions.create({ model: "whisper-1", file, language: "en" });
    expect(services.speech.recognizerCalls[0]?.language).toBe("en");
    const error = await client.audio.transcriptions
      .create({ model: "whisper-1", file, language: "tlh" })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: 400, param: "language" });
  });
});

describe("without word times", () => {
  test("captions are one cue over the whole, and silence none", async () => {
    const services = createTalking();
    await using server = startTestServer(services);
    const ask = async (): Promise<string> => {
      const form = new FormData();
      form.set("file", await createFile());
      form.set("model", "whisper-1");
      form.set("response_format", "srt");
      return (await fetch(`${server.url}/v1/audio/transcriptions`, { method: "POST", body: form })).text();
    };
    services.speech.transcript = { text: "Hello.", language: "en", durationMs: 2000 };
    expect(await ask()).toBe("1\n00:00:00,000 --> 00:00:02,000\nHello.\n");
    services.speech.transcript = { text: "", language: "en", durationMs: 2000 };
    expect(await ask()).toBe("");
  });
});

describe("what is refused", () => {
  const send = async (
    fields: Record<string, string | File | undefined>,
    services = createTalking(),
    maxAudioBytes?: number,
  ) => {
    const form = new FormData();
    const all = { model: "whisper-1", file: await createFile(), ...fields };
    for (const [name, value] of Object.entries(all)) if (value !== undefined) form.append(name, value);
    await using server = startTestServer(services, { maxAudioBytes });
    const response = await fetch(`${server.url}/v1/audio/transcriptions`, { method: "POST", body: form });
    const body = (await response.json()) as {
      error: { message: string; param: string | null; code: string };
    };
    return { status: response.status, ...body.error };
  };

  test("each with the field and what would be right", async () => {
    expect(await send({ file: undefined })).toMatchObject({ status: 400, param: "file" });
    expect(await send({ file: "speech.wav" })).toMatchObject({
      status: 400,
      param: "file",
      message: expect.stringContaining("uploaded file"),
    });
    expect(await send({ response_format: "diarized_json" })).toMatchObject({
      status: 400,
      param: "response_format",
    });
    expect(await send({ "timestamp_granularities[]": "sentence" })).toMatchObject({ status: 400 });
    expect(await send({ stream: "true", response_format: "srt" })).toMatchObject({
      status: 400,
      param: "response_format",
    });
  });

  test("files that are no sound, with what to send", async () => {
    const text = await send({ file: new File(["just some text, no sound at all"], "notes.wav") });
    expect(text).toMatchObject({ status: 400, code: "E_ARGS", message: expect.stringContaining("WAV") });
    expect(await send({ file: new File([], "empty.wav") })).toMatchObject({ status: 400, code: "E_ARGS" });
  });

  test("uploads over the limit are 413", async () => {
    const services = createTalking();
    expect(await send({}, services, 10_000)).toMatchObject({ status: 413, code: "E_ARGS" });
    expect(services.speech.recognizerCalls).toEqual([]);
  });

  test("before the engine is there: 503 that says what it waits for", async () => {
    const services = createTalking();
    services.speech.setState("asr", { state: "loading", detail: "downloading moonshine" });
    expect(await send({}, services)).toMatchObject({
      status: 503,
      code: "E_BUSY",
      message: expect.stringContaining("downloading moonshine"),
    });
  });

  test("an engine that is named and not there, as what was asked for", async () => {
    expect(await send({ model: "whisper" })).toMatchObject({ status: 404, code: "E_NOT_FOUND" });
  });

  test("a body that is no form", async () => {
    await using server = startTestServer();
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${server.url}/v1/audio/transcriptions`, {
      method: "POST",
      headers,
      body: "{}",
    });
    expect([response.status, await response.text()]).toEqual([
      400,
      expect.stringContaining("multipart/form-data"),
    ]);
  });
});
