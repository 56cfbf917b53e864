// The package openai, unmodified, over TLS as it insists: both of its GA classes.
import { describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";
import { encodeS16le } from "../../../src/audio/pcm.ts";
import { resample } from "../../../src/audio/resample.ts";
import { speakTones } from "../../support/fake-engines/tone-language.ts";
import { sayWords } from "../../support/fake-services.ts";
import { findBreaches } from "../../support/event-log.ts";
import type { ServerEvent } from "../../support/realtime-invariants.ts";
import { startRealtimeServer } from "../../support/realtime-server.ts";
import { createSelfSignedCertificate } from "../../support/self-signed-certificate.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

const baseUrlOf = (url: string): string => url.replace("wss:", "https:").replace("/realtime", "");
const audioOf = (text: string): string =>
  encodeS16le(resample(speakTones(text), { fromHz: 16_000, toHz: 24_000 })).toBase64();

describe("the openai package's realtime class", () => {
  test("holds a conversation: sound in, sound out, item retrieved, truncated and deleted", async () => {
    const tls = await createSelfSignedCertificate();
    const access = { apiKeys: ["secret"], allowedOrigins: [] };
    const script = sayWords("Good evening, dear guest.");
    await using server = startRealtimeServer({ tls, script, services: { access } });
    const client = new OpenAI({ apiKey: "secret", baseURL: baseUrlOf(server.url) });
    const realtime = new OpenAIRealtimeWS(
      { model: "Gertrude", options: { rejectUnauthorized: false } },
      client,
    );
    const events: ServerEvent[] = [];
    const ended = Promise.withResolvers<void>();
    const errors: string[] = [];
    realtime.on("event", (event) => events.push(event as unknown as ServerEvent));
    realtime.on("error", (error) => {
      errors.push(error.message);
      ended.reject(error);
    });

    let itemId = "";
    let transcript = "";
    realtime.on("session.created", () => {
      realtime.send({
        type: "session.update",
        session: { type: "realtime", audio: { input: { turn_detection: null } } },
      });
      realtime.send({ type: "input_audio_buffer.append", audio: audioOf("good evening") });
      realtime.send({ type: "input_audio_buffer.commit" });
      realtime.send({ type: "response.create" });
    });
    realtime.on("conversation.item.input_audio_transcription.completed", (event) => {
      transcript = event.transcript;
    });
    realtime.on("response.output_audio.done", (event) => {
      itemId = event.item_id;
    });
    realtime.on("response.done", () => {
      realtime.send({
        type: "conversation.item.truncate",
        item_id: itemId,
        content_index: 0,
        audio_end_ms: 400,
      });
      realtime.send({ type: "conversation.item.retrieve", item_id: itemId });
      realtime.send({ type: "conversation.item.delete", item_id: itemId });
    });
    realtime.on("conversation.item.deleted", () => ended.resolve());
    await ended.promise;
    realtime.close();

    expect(transcript).toBe("good evening");
    const retrieved = events.find(({ type }) => type === "conversation.item.retrieved");
    expect(retrieved?.["item"]).toMatchObject({
      role: "assistant",
      content: [{ type: "output_audio", transcript: "Good evening," }],
    });
    expect(errors).toEqual([]);
    expect(findBreaches(events)).toEqual([]);
  });

  test("is told of its mistakes by code, and goes on", async () => {
    const tls = await createSelfSignedCertificate();
    await using server = startRealtimeServer({ tls });
    const client = new OpenAI({ apiKey: "any", baseURL: baseUrlOf(server.url) });
    const realtime = new OpenAIRealtimeWS(
      { model: "Gertrude", options: { rejectUnauthorized: false } },
      client,
    );
    const seen = Promise.withResolvers<unknown>();
    realtime.on("error", (error) => seen.resolve(error.error));
    realtime.on("session.created", () => realtime.send({ type: "response.cancel", event_id: "mine" }));
    expect(await seen.promise).toMatchObject({ code: "response_cancel_not_active", event_id: "mine" });
    const updated = Promise.withResolvers<void>();
    realtime.on("session.updated", () => updated.resolve());
    realtime.send({ type: "session.update", session: { type: "realtime", instructions: "x" } });
    await updated.promise;
    realtime.close();
  });

  test("for browsers brings its key as a subprotocol", async () => {
    const tls = await createSelfSignedCertificate();
    await using folder = await createTempFolder();
    const certificate = await folder.write("ca.pem", tls.cert);
    const access = { apiKeys: ["browser-key"], allowedOrigins: [] };
    await using server = startRealtimeServer({
      tls,
      services: { access },
      script: sayWords("Good evening."),
    });
    const program = new URL("../../support/openai-browser-client.ts", import.meta.url).pathname;
    const child = Bun.spawn([process.execPath, program, baseUrlOf(server.url), "Quiz Host"], {
      env: { PATH: process.env["PATH"] ?? "", NODE_EXTRA_CA_CERTS: certificate },
      stdout: "pipe",
      stderr: "pipe",
    });
    const read = (stream: ReadableStream): Promise<string> => new Response(stream).text();
    const [output, trouble] = await Promise.all([read(child.stdout), read(child.stderr), child.exited]);
    expect(trouble).toBe("");
    const events = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as ServerEvent);
    expect(events.map(({ type }) => type)).not.toContain("client-error");
    expect(events.find(({ type }) => type === "session.created")?.["session"]).toMatchObject({
      model: "Quiz Host",
    });
    const text = events.filter(({ type }) => type === "response.output_text.delta").map(({ delta }) => delta);
    expect(text.join("")).toBe("Good evening.");
    expect(findBreaches(events)).toEqual([]);
  });
});
