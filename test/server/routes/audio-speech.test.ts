import { describe, expect, test } from "bun:test";
import OpenAI, { BadRequestError } from "openai";
import { decodeAudio } from "../../../src/audio/codecs/decoder.ts";
import type { AssetEvent } from "../../../src/assets/port.ts";
import { AppError } from "../../../src/base/errors.ts";
import type { ServerOptions } from "../../../src/server/create-server.ts";
import { synthesizeStream } from "../../../src/session/sentence-stream.ts";
import {
  createFakeCharacter,
  createFakeServices,
  createFakeStage,
  synthesizeTones,
  untilAborted,
} from "../../support/fake-services.ts";
import { postJson, readSse, startTestServer, type TestServer } from "../../support/http-server.ts";

const clientOf = (server: TestServer): OpenAI =>
  new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none-needed", maxRetries: 0 });
const request = { model: "tts-1", voice: "af_heart", input: "one two three four five" };

/** The loudest frequency, by counting where the wave crosses zero upwards. */
function measurePitch(pcm: Float32Array, sampleRateHz: number): number {
  const middle = pcm.subarray(Math.floor(pcm.length * 0.2), Math.floor(pcm.length * 0.8));
  let crossings = 0;
  for (let i = 1; i < middle.length; i++) if ((middle[i - 1] ?? 0) < 0 && (middle[i] ?? 0) >= 0) crossings++;
  return (crossings * sampleRateHz) / middle.length;
}

async function speak(
  body: Record<string, unknown>,
  services = createFakeServices(),
  options: ServerOptions = {},
) {
  await using server = startTestServer(services, options);
  const response = await postJson(`${server.url}/v1/audio/speech`, { ...request, ...body });
  const bytes = await response.bytes();
  const json = (): { error: { message: string; param: string | null; code: string } } =>
    JSON.parse(new TextDecoder().decode(bytes));
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    json,
    calls: services.speech.synthesisCalls,
  };
}

describe("OpenAI's client, unmodified", () => {
  test("gets half a second of tone in every format that is made here", async () => {
    await using server = startTestServer();
    const client = clientOf(server);
    const types = { mp3: "audio/mpeg", opus: "audio/ogg", flac: "audio/flac", wav: "audio/wav" } as const;
    for (const [format, type] of Object.entries(types)) {
      const response = await client.audio.speech.create({ ...request, response_format: format as "mp3" });
      expect(response.headers.get("content-type")).toBe(type);
      const { pcm, sampleRateHz } = await decodeAudio(new Uint8Array(await response.arrayBuffer()));
      expect(Math.abs(pcm.length / sampleRateHz - 0.5)).toBeLessThan(0.06);
      expect(Math.abs(measurePitch(pcm, sampleRateHz) - 440)).toBeLessThan(8);
    }
  });

  test("gets raw samples as s16le at 24 kHz", async () => {
    await using server = startTestServer();
    const response = await clientOf(server).audio.speech.create({ ...request, response_format: "pcm" });
    expect(response.headers.get("content-type")).toBe("audio/pcm");
    const samples = new Int16Array(await response.arrayBuffer());
    expect(samples.length).toBe(12_000);
    expect(Math.max(...samples)).toBeGreaterThan(16_000);
  });

  test("gets mp3 when it names no format", async () => {
    await using server = startTestServer();
    const response = await clientOf(server).audio.speech.create(request);
    expect(response.headers.get("content-type")).toBe("audio/mpeg");
  });

  test("gets events when it asks for them, the usage last", async () => {
    await using server = startTestServer();
    const response = await clientOf(server).audio.speech.create({
      ...request,
      response_format: "pcm",
      stream_format: "sse",
    });
    const events = [];
    for await (const event of readSse(response)) events.push(event);
    const audio = events
      .filter(({ type }) => type === "speech.audio.delta")
      .map(({ audio }) => Uint8Array.fromBase64(audio as string).length);
    expect(audio.length).toBeGreaterThan(3);
    expect(audio.reduce((sum, size) => sum + size, 0)).toBe(24_000);
    const done = {
      type: "speech.audio.done",
      usage: { input_tokens: 6, output_tokens: 10, total_tokens: 16 },
    };
    expect(events.at(-1)).toEqual(done);
  });

  test("is told what it asked wrongly", async () => {
    await using server = startTestServer();
    const error = await clientOf(server)
      .audio.speech.create({ ...request, voice: "nobody" })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: "E_ARGS", param: "voice" });
  });
});

describe("who speaks", () => {
  const stage = () =>
    createFakeStage([
      createFakeCharacter("Gertrude", {
        voiceSource: { source_type: "kokoro", voice: "ff_siwis", speed: 1.5 },
      }),
      createFakeCharacter("Cloned", { voiceSource: { source_type: "file", path_on_server: "x.wav" } }),
      createFakeCharacter("nova", { voiceSource: { source_type: "kokoro", voice: "ff_siwis" } }),
    ]);
  const voiceOf = async (body: Record<string, unknown>) => {
    const services = createFakeServices({ stage: stage() });
    const { calls } = await speak(body, services);
    return { voice: calls[0]?.options.voice, speed: calls[0]?.options.speed };
  };

  test("a character as voice, with its own speed times the request's", async () => {
    expect(await voiceOf({ voice: "Gertrude" })).toEqual({ voice: "ff_siwis", speed: 1.5 });
    expect(await voiceOf({ voice: "Gertrude", speed: 2 })).toEqual({ voice: "ff_siwis", speed: 3 });
    expect(await voiceOf({ voice: "Gertrude", speed: 4 })).toEqual({ voice: "ff_siwis", speed: 4 });
    expect(await voiceOf({ voice: { id: "Gertrude" } })).toMatchObject({ voice: "ff_siwis" });
  });

  test("a character as model, when the voice is only one of OpenAI's names or none", async () => {
    expect(await voiceOf({ model: "Gertrude", voice: "alloy" })).toMatchObject({ voice: "ff_siwis" });
    expect(await voiceOf({ model: "Gertrude", voice: undefined })).toMatchObject({ voice: "ff_siwis" });
    expect(await voiceOf({ model: "Gertrude", voice: "am_michael" })).toMatchObject({ voice: "am_michael" });
  });

  test("a character goes before OpenAI's voice of the same name", async () => {
    expect(await voiceOf({ voice: "nova" })).toMatchObject({ voice: "ff_siwis" });
  });

  test("a voice or a blend of the synthesizer as it is", async () => {
    expect(await voiceOf({ voice: "am_michael" })).toEqual({ voice: "am_michael", speed: 1 });
    const blend = "af_heart(2)+am_michael(1)";
    expect(await voiceOf({ voice: blend })).toMatchObject({ voice: blend });
  });

  test("OpenAI's names are mapped, to the like-named voice or else always the same one", async () => {
    expect(await voiceOf({ voice: "marin" })).toMatchObject({ voice: "af_heart" });
    const { voice } = await voiceOf({ voice: "onyx" });
    expect(["af_heart", "am_michael", "ff_siwis"]).toContain(voice ?? "");
    expect(await voiceOf({ voice: "onyx" })).toMatchObject({ voice });
  });

  test("a character without a voice of its own speaks with its stand-in", async () => {
    expect((await voiceOf({ voice: "Cloned" })).voice).toMatch(/^a[fm]_/);
  });
});

describe("what is refused", () => {
  test("each with the field and what would be right", async () => {
    const refusals: [Record<string, unknown>, string, string][] = [
      [{ input: "" }, "input", "nothing to say"],
      [{ input: "  \n" }, "input", "nothing to say"],
      [{ input: "x".repeat(4097) }, "input", "4096"],
      [{ response_format: "aac" }, "response_format", "mp3, opus, flac, wav, pcm"],
      [{ speed: 0.1 }, "speed", "0.25"],
      [{ speed: "fast" }, "speed", ""],
      [{ stream_format: "smoke" }, "stream_format", ""],
      [{ voice: "nobody" }, "voice", "af_heart"],
      [{ model: undefined }, "model", ""],
    ];
    for (const [body, param, words] of refusals) {
      const { status, json, calls } = await speak(body);
      expect({ status, param: json().error.param }).toEqual({ status: 400, param });
      expect(json().error.message).toContain(words);
      expect(calls).toEqual([]);
    }
  });

  test("4096 characters are counted as people count them", async () => {
    expect((await speak({ input: "🎭".repeat(4096), response_format: "pcm" })).status).toBe(200);
    expect((await speak({ input: "🎭".repeat(4097) })).status).toBe(400);
  });

  test("before the engine is there: 503 with Retry-After and what is still on its way", async () => {
    const services = createFakeServices();
    services.speech.setState("tts", { state: "loading", detail: "downloading" });
    await using server = startTestServer(services);
    services.events.emit({
      type: "asset-progress",
      asset: "kokoro",
      phase: "download",
      doneBytes: 40 * 2 ** 20,
      totalBytes: 88 * 2 ** 20,
      bytesPerSecond: 1,
    } as AssetEvent);
    const response = await postJson(`${server.url}/v1/audio/speech`, request);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe("E_BUSY");
    expect(error.message).toContain("kokoro, 40 of 88 MiB");
  });

  test("when the engine cannot run at all: its own reason, as the server's trouble", async () => {
    const services = createFakeServices();
    services.speech.setState("tts", { state: "incompatible", reason: "no AVX" });
    const { status, json } = await speak({}, services);
    expect([status, json().error.code]).toEqual([503, "E_COMPAT"]);
    expect(json().error.message).toContain("no AVX");
  });

  test("what the engine refuses before its first sound is a proper error", async () => {
    const services = createFakeServices();
    services.speech.synthesize = () => {
      throw new AppError("E_BUSY", "the queue of kokoro is full");
    };
    expect(await speak({}, services)).toMatchObject({ status: 503 });
  });
});

describe("streaming", () => {
  test("the first sound is there before the last is made", async () => {
    const gate = Promise.withResolvers<void>();
    const services = createFakeServices();
    services.speech.synthesize = async function* (text, options) {
      yield* synthesizeTones("first", options);
      await gate.promise;
      yield* synthesizeTones(text, options);
    };
    await using server = startTestServer(services);
    const response = await postJson(`${server.url}/v1/audio/speech`, { ...request, response_format: "pcm" });
    const reader = response.body!.getReader();
    let size = 0;
    while (size < 4800) size += (await reader.read()).value?.length ?? 0;
    expect(size).toBe(4800);
    gate.resolve();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
    }
    expect(size).toBe(4800 * 6);
  });

  test("a client that leaves stops the synthesizer", async () => {
    const stopped = Promise.withResolvers<unknown>();
    const services = createFakeServices();
    services.speech.synthesize = async function* (_text, options) {
      yield* synthesizeTones("first", options);
      try {
        await untilAborted(options.signal);
      } catch (error) {
        stopped.resolve(error);
        throw error;
      }
    };
    await using server = startTestServer(services);
    const leaving = new AbortController();
    const body = { ...request, response_format: "pcm" };
    const response = await postJson(`${server.url}/v1/audio/speech`, body, { signal: leaving.signal });
    await response.body!.getReader().read();
    leaving.abort();
    expect(await stopped.promise).toMatchObject({ code: "E_INTERRUPTED" });
  });

  test("an engine that dies in mid-sentence breaks the answer off, so that nobody takes it for whole", async () => {
    const services = createFakeServices();
    services.speech.synthesize = async function* (_text, options) {
      yield* synthesizeTones("first", options);
      throw new AppError("E_BUSY", "the kokoro engine stopped");
    };
    await using server = startTestServer(services);
    // The break may come before the client has read the status, or after.
    const plain = postJson(`${server.url}/v1/audio/speech`, { ...request, response_format: "wav" });
    const outcome = await plain.then((response) => response.bytes()).catch((error: Error) => error);
    expect(outcome).toBeInstanceOf(Error);
    const events = [];
    const sse = await postJson(`${server.url}/v1/audio/speech`, { ...request, stream_format: "sse" });
    for await (const event of readSse(sse)) events.push(event);
    expect(events.at(-1)).toMatchObject({ error: { code: "E_BUSY", message: "the kokoro engine stopped" } });
  });

  test("goes through the speaker that makes text speakable, where there is one", async () => {
    const texts: string[] = [];
    const services = createFakeServices();
    const { calls } = await speak({ response_format: "pcm" }, services, {
      async *speakText(deltas, { synthesizer, ...options }) {
        for await (const delta of deltas) {
          texts.push(delta);
          yield* synthesizer.synthesize("said otherwise", options);
        }
      },
    });
    expect(texts).toEqual([request.input]);
    expect(calls[0]?.text).toBe("said otherwise");
    expect(calls[0]?.options).toMatchObject({ voice: "af_heart", sessionId: expect.any(String) });
  });
});

test("a text of which nothing is left to speak is refused, in both ways of streaming", async () => {
  for (const stream_format of ["audio", "sse"]) {
    const body = { input: "\u{1f642} \u0001", response_format: "wav", stream_format };
    const refused = await speak(body, createFakeServices(), { speakText: synthesizeStream });
    expect([refused.status, refused.json().error]).toEqual([
      400,
      expect.objectContaining({ param: "input", code: "E_ARGS" }),
    ]);
  }
});

describe("voices", () => {
  test("are the cast and what the synthesizer has", async () => {
    await using server = startTestServer();
    const { voices } = (await (await fetch(`${server.url}/v1/audio/voices`)).json()) as { voices: unknown[] };
    expect(voices).toEqual([
      { id: "Gertrude", name: "Gertrude", kind: "character" },
      { id: "Quiz Host", name: "Quiz Host", kind: "character" },
      { id: "af_heart", name: "Heart", kind: "voice", language: "en-US", gender: "female" },
      { id: "am_michael", name: "Michael", kind: "voice", language: "en-US", gender: "male" },
      { id: "ff_siwis", name: "Siwis", kind: "voice", language: "fr-FR", gender: "female" },
    ]);
  });
});

test("a blend has its name at once, however it is asked for, and a voice that there is not is refused", async () => {
  await using server = startTestServer();
  const url = `${server.url}/v1/audio/voices/combine`;
  const blend = { voice: "af_heart(2)+am_michael(1)", voices: ["af_heart", "am_michael"] };
  expect(await (await postJson(url, blend.voice)).json()).toEqual(blend);
  expect(await (await postJson(url, blend.voice.split("+"))).json()).toEqual(blend);
  expect(await (await fetch(`${url}?voices=${blend.voice}`)).json()).toEqual(blend);
  expect(await (await fetch(`${url}?voices=${encodeURIComponent(blend.voice)}`)).json()).toEqual(blend);
  for (const wrong of ["nobody+af_heart", [], 5]) {
    const refused = await postJson(url, wrong);
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: "E_ARGS" } }]);
  }
  expect((await fetch(url)).status).toBe(400);
});
