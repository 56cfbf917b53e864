// The dialect of 2024, and the package openai's own classes for it, unmodified, over TLS as they insist.
import { describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { OpenAIRealtimeWS } from "openai/beta/realtime/ws";
import { encodeS16le } from "../../../src/audio/pcm.ts";
import { resample } from "../../../src/audio/resample.ts";
import { createBetaDialect, speaksBeta } from "../../../src/server/realtime/beta.ts";
import { findBetaBreaches } from "../../support/event-log.ts";
import { hearTones, speakTones } from "../../support/fake-engines/tone-language.ts";
import { sayWords } from "../../support/fake-services.ts";
import type { ServerEvent } from "../../support/realtime-invariants.ts";
import { startRealtimeServer } from "../../support/realtime-server.ts";
import { createSelfSignedCertificate } from "../../support/self-signed-certificate.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { decodeMuLaw } from "../../../src/audio/g711.ts";

const baseUrlOf = (url: string): string => url.replace("wss:", "https:").replace("/realtime", "");

describe("the openai package's beta class", () => {
  test("holds a conversation in telephone sound", async () => {
    const tls = await createSelfSignedCertificate();
    const access = { apiKeys: ["secret"], allowedOrigins: [] };
    await using server = startRealtimeServer({
      tls,
      script: sayWords("Good evening, dear guest."),
      services: { access },
    });
    const client = new OpenAI({ apiKey: "secret", baseURL: baseUrlOf(server.url) });
    const realtime = new OpenAIRealtimeWS(
      { model: "Gertrude", options: { rejectUnauthorized: false } },
      client,
    );
    const events: ServerEvent[] = [];
    const ended = Promise.withResolvers<void>();
    realtime.on("event", (event) => events.push(event as unknown as ServerEvent));
    realtime.on("error", (error) => ended.reject(error));
    let session: Record<string, unknown> = {};
    let transcript = "";
    let itemId = "";
    let item: unknown;
    const sound: Uint8Array[] = [];
    realtime.on("session.created", () => {
      realtime.send({
        type: "session.update",
        session: {
          input_audio_format: "pcm16",
          output_audio_format: "g711_ulaw",
          turn_detection: { type: "server_vad", silence_duration_ms: 400 },
          max_response_output_tokens: 200,
          temperature: 0.7,
        },
      });
      const pcm = resample(speakTones("good evening"), { fromHz: 16_000, toHz: 24_000 });
      const audio = Buffer.concat([encodeS16le(pcm), new Uint8Array(48 * 700)]).toString("base64");
      realtime.send({ type: "input_audio_buffer.append", audio });
    });
    realtime.on("session.updated", (event) => {
      session = event.session as Record<string, unknown>;
    });
    realtime.on("conversation.item.input_audio_transcription.completed", (event) => {
      transcript = event.transcript;
    });
    realtime.on("response.audio.delta", (event) => {
      itemId = event.item_id;
      sound.push(Buffer.from(event.delta, "base64"));
    });
    realtime.on("response.done", () => {
      realtime.send({ type: "conversation.item.retrieve", item_id: itemId });
      realtime.send({ type: "conversation.item.delete", item_id: itemId });
    });
    realtime.on("conversation.item.retrieved", (event) => {
      item = event.item;
    });
    realtime.on("conversation.item.deleted", () => ended.resolve());
    await ended.promise;
    realtime.close();

    expect(session).toMatchObject({
      object: "realtime.session",
      model: "Gertrude",
      modalities: ["audio", "text"],
      input_audio_format: "pcm16",
      output_audio_format: "g711_ulaw",
      turn_detection: { type: "server_vad", silence_duration_ms: 400 },
      max_response_output_tokens: 200,
      temperature: 0.7,
    });
    expect(session).not.toHaveProperty("audio");
    expect(transcript).toBe("good evening");
    const heard = resample(decodeMuLaw(Buffer.concat(sound)), { fromHz: 8000, toHz: 16_000 });
    expect(hearTones(heard).join(" ")).toBe("good evening dear guest");
    expect(item).toMatchObject({ content: [{ type: "audio", transcript: "Good evening, dear guest." }] });
    const done = events.find(({ type }) => type === "response.done");
    expect(done?.["response"]).toMatchObject({
      status: "completed",
      modalities: ["audio", "text"],
      output_audio_format: "g711_ulaw",
      output: [{ content: [{ type: "audio" }] }],
    });
    expect(events.slice(0, 2).map(({ type }) => type)).toEqual(["session.created", "conversation.created"]);
    expect(findBetaBreaches(events)).toEqual([]);
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(events.length);
  });

  test("for browsers brings key and dialect as subprotocols", async () => {
    const tls = await createSelfSignedCertificate();
    await using folder = await createTempFolder();
    const certificate = await folder.write("ca.pem", tls.cert);
    const access = { apiKeys: ["browser-key"], allowedOrigins: [] };
    await using server = startRealtimeServer({
      tls,
      services: { access },
      script: sayWords("Good evening."),
    });
    const program = new URL("../../support/openai-beta-browser-client.ts", import.meta.url).pathname;
    const child = Bun.spawn([process.execPath, program, baseUrlOf(server.url), "Quiz Host"], {
      env: { PATH: process.env["PATH"] ?? "", NODE_EXTRA_CA_CERTS: certificate },
      stdout: "pipe",
      stderr: "pipe",
    });
    const read = (stream: ReadableStream): Promise<string> => new Response(stream).text();
    const [output, trouble] = await Promise.all([read(child.stdout), read(child.stderr), child.exited]);
    expect(trouble).toBe("");
    const lines = output.trim().split("\n");
    const events = lines.map((line) => JSON.parse(line) as ServerEvent);
    expect(findBetaBreaches(events)).toEqual([]);
    expect(events[0]?.["session"]).toMatchObject({ model: "Quiz Host", modalities: ["audio", "text"] });
    const text = events.filter(({ type }) => type === "response.text.delta").map(({ delta }) => delta);
    expect(text.join("")).toBe("Good evening.");
  });
});

describe("the beta's dialect", () => {
  const dialect = createBetaDialect("sess_b");
  const decode = (event: unknown) => dialect.decode(JSON.stringify(event));

  test("means by its flat fields what today's nested ones mean", () => {
    const decoded = decode({
      type: "session.update",
      session: {
        modalities: ["text"],
        voice: "alloy",
        speed: 1.5,
        input_audio_format: "g711_alaw",
        output_audio_format: "pcm16",
        input_audio_transcription: { model: "whisper-1", language: "de" },
        input_audio_noise_reduction: null,
        turn_detection: null,
        max_response_output_tokens: "inf",
        tools: [{ type: "function", name: "lights", description: "On or off", parameters: {} }],
        tool_choice: "required",
      },
    });
    expect(decoded).toMatchObject({
      type: "command",
      command: {
        type: "update-session",
        patch: {
          outputModality: "text",
          voice: "alloy",
          speed: 1.5,
          inputFormat: { encoding: "pcma", sampleRateHz: 8000 },
          outputFormat: { encoding: "pcm", sampleRateHz: 24_000 },
          transcription: { model: "whisper-1", language: "de" },
          turnDetection: null,
          maxOutputTokens: null,
          tools: [{ name: "lights" }],
          toolChoice: "required",
        },
      },
    });
  });

  test("wishes for one response are flat as well", () => {
    const response = { modalities: ["audio", "text"], voice: "echo", output_audio_format: "g711_ulaw" };
    expect(
      decode({ type: "response.create", response: { ...response, max_response_output_tokens: 9 } }),
    ).toMatchObject({
      command: {
        wish: {
          outputModality: "audio",
          voice: "echo",
          outputFormat: { encoding: "pcmu" },
          maxOutputTokens: 9,
        },
      },
    });
  });

  test("names what is wrong as its clients know it", () => {
    const refusalOf = (event: unknown) => {
      const decoded = decode(event);
      if (decoded.type !== "fault") throw new Error("was taken");
      const [message = ""] = dialect.encode({ type: "fault", fault: decoded.fault });
      return (JSON.parse(message) as { error: object }).error;
    };
    expect(refusalOf({ type: "session.update", session: { input_audio_format: "mp3" } })).toMatchObject({
      param: "session.input_audio_format",
    });
    expect(
      refusalOf({ type: "session.update", session: { turn_detection: { threshold: 7 } } }),
    ).toMatchObject({
      param: "session.turn_detection.threshold",
      message: expect.stringContaining("turn_detection"),
    });
    expect(dialect.decode("{")).toMatchObject({ type: "fault", fault: { code: "invalid_json" } });
    expect(decode([1])).toMatchObject({ type: "fault", fault: { code: "invalid_event" } });
  });

  test("is asked for by a header or a subprotocol", () => {
    const none = new Headers();
    expect(speaksBeta(none, ["realtime"])).toBe(false);
    expect(speaksBeta(none, ["realtime", "openai-beta.realtime-v1"])).toBe(true);
    expect(speaksBeta(new Headers({ "openai-beta": "assistants=v2, realtime=v1" }), [])).toBe(true);
  });
});
