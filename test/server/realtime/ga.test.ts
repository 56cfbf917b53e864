// The GA dialect by itself: what clients write and what it means, what sessions tell and how it is written.
import { describe, expect, test } from "bun:test";
import type { SessionCommand, SessionOutput } from "../../../src/session/events.ts";
import { defaultConfig, mergeConfig, type SessionPatch } from "../../../src/session/session-config.ts";
import { createGaDialect } from "../../../src/server/realtime/ga.ts";
import { judgeByAgents } from "../../support/agents-schema.ts";
import { createFakeCharacter } from "../../support/fake-services.ts";
import type { ServerEvent } from "../../support/realtime-invariants.ts";

const decode = (event: Record<string, unknown>) => createGaDialect("sess_x").decode(JSON.stringify(event));
const command = (event: Record<string, unknown>): SessionCommand => {
  const decoded = decode(event);
  if (decoded.type !== "command") throw new Error(JSON.stringify(decoded));
  return decoded.command;
};
const patch = (session: Record<string, unknown>): SessionPatch => {
  const update = command({ type: "session.update", session });
  return update.type === "update-session" ? update.patch : {};
};
const encode = (output: SessionOutput): ServerEvent => {
  const [message, ...more] = createGaDialect("sess_x").encode(output);
  expect(more).toEqual([]);
  const event = JSON.parse(message ?? "null") as ServerEvent;
  expect(judgeByAgents(event)).toBeUndefined();
  return event;
};
const without = (value: object): unknown => JSON.parse(JSON.stringify(value));

describe("what clients write", () => {
  test("settings have their words, and only those that were said", () => {
    expect(without(patch({}))).toEqual({ extra: {} });
    expect(
      without(
        patch({
          type: "realtime",
          instructions: "Be brief.",
          output_modalities: ["text"],
          audio: {
            input: {
              format: { type: "audio/pcmu" },
              transcription: { model: "whisper-1", language: "fr" },
              noise_reduction: { type: "near_field" },
              turn_detection: { type: "server_vad", silence_duration_ms: 200, idle_timeout_ms: 6000 },
            },
            output: { format: { type: "audio/pcm", rate: 24_000 }, voice: { id: "af_sky" }, speed: 1.2 },
          },
          tools: [{ type: "function", name: "look" }],
          tool_choice: { type: "function", name: "look" },
          max_output_tokens: 300,
          tracing: "auto",
          troupe: { words: true },
        }),
      ),
    ).toEqual({
      instructions: "Be brief.",
      outputModality: "text",
      inputFormat: { encoding: "pcmu", sampleRateHz: 8000 },
      outputFormat: { encoding: "pcm", sampleRateHz: 24_000 },
      transcription: { model: "whisper-1", language: "fr" },
      turnDetection: { type: "server-vad", silenceDurationMs: 200, idleTimeoutMs: 6000 },
      voice: "af_sky",
      speed: 1.2,
      tools: [{ name: "look", description: "", parameters: { type: "object", properties: {} } }],
      toolChoice: { name: "look" },
      maxOutputTokens: 300,
      extensions: { words: true },
      extra: { tracing: "auto", noise_reduction: { type: "near_field" } },
    });
  });

  test("null means what it means to each field", () => {
    const audio = {
      input: { turn_detection: null, transcription: null, noise_reduction: null },
      output: { voice: null },
    };
    expect(without(patch({ audio }))).toEqual({
      turnDetection: null,
      transcription: null,
      voice: null,
      extra: { noise_reduction: null },
    });
    expect(patch({ max_output_tokens: "inf" }).maxOutputTokens).toBeNull();
    expect(patch({ instructions: " " }).instructions).toBeNull();
    expect(mergeConfig(defaultConfig, patch({ audio })).turnDetection).toBeNull();
  });

  test("turn detection may leave out its type, and may be semantic", () => {
    const detection = (turn_detection: unknown) =>
      patch({ audio: { input: { turn_detection } } }).turnDetection;
    expect(without(detection({ threshold: 0.6 }) ?? {})).toEqual({ threshold: 0.6 });
    expect(
      without(detection({ type: "semantic_vad", eagerness: "low", interrupt_response: false }) ?? {}),
    ).toEqual({
      type: "semantic-vad",
      eagerness: "low",
      interruptResponse: false,
    });
  });

  test("models are characters, and OpenAI's are nobody in particular", () => {
    const name = (model: string) => {
      const update = command({ type: "session.update", session: { model } });
      return update.type === "update-session" ? update.characterName : "?";
    };
    expect(name("Quiz Host")).toBe("Quiz Host");
    for (const model of ["gpt-realtime", "gpt-realtime-2.1", "gpt-4o-realtime-preview"]) {
      expect(name(model)).toBeUndefined();
    }
  });

  test("a client that wants text and sound wants sound", () => {
    expect(patch({ output_modalities: ["text", "audio"] }).outputModality).toBe("audio");
  });

  test("wishes for one response", () => {
    const decoded = command({
      type: "response.create",
      response: {
        conversation: "none",
        instructions: "Summarise.",
        output_modalities: ["text"],
        input: [
          { type: "item_reference", id: "item_1" },
          { type: "message", role: "user", content: [{ type: "input_text", text: "x" }] },
        ],
        metadata: { a: "b" },
        max_output_tokens: "inf",
      },
    });
    expect(without(decoded)).toEqual({
      type: "create-response",
      wish: {
        conversation: "none",
        instructions: "Summarise.",
        outputModality: "text",
        input: [
          "item_1",
          {
            type: "message",
            id: "",
            role: "user",
            status: "completed",
            parts: [{ type: "input-text", text: "x" }],
            toolRuns: [],
          },
        ],
        metadata: { a: "b" },
        maxOutputTokens: null,
      },
    });
    expect(without(command({ type: "response.create" }))).toEqual({
      type: "create-response",
      wish: { metadata: null },
    });
  });

  test("audio is bytes", () => {
    expect(decode({ type: "input_audio_buffer.append", audio: "AAEC", event_id: "e" })).toEqual({
      type: "audio",
      bytes: Uint8Array.of(0, 1, 2),
      eventId: "e",
    });
  });

  test("positions are whole milliseconds", () => {
    expect(
      command({ type: "conversation.item.truncate", item_id: "i", content_index: 0, audio_end_ms: 99.7 }),
    ).toEqual({ type: "truncate-item", itemId: "i", contentIndex: 0, audioEndMs: 99 });
  });

  test("two sounds in one item, and sound in a response's own input, are refused", () => {
    const part = { type: "input_audio", audio: "AAA=" };
    const item = { type: "message", role: "user", content: [part, part] };
    expect(decode({ type: "conversation.item.create", item })).toMatchObject({
      type: "fault",
      fault: { param: "item.content" },
    });
    const input = [{ type: "message", role: "user", content: [part] }];
    expect(decode({ type: "response.create", response: { input } })).toMatchObject({
      type: "fault",
      fault: { param: "response.input.0" },
    });
  });
});

describe("what sessions tell", () => {
  const address = { responseId: "resp_1", itemId: "item_1", outputIndex: 0, contentIndex: 0 };
  const where = { response_id: "resp_1", item_id: "item_1", output_index: 0, content_index: 0 };

  test("every event has an id of its own", () => {
    const dialect = createGaDialect("sess_x");
    const ids = [1, 2, 3].map(
      () => (JSON.parse(dialect.encode({ type: "input-cleared" })[0] ?? "") as ServerEvent).event_id,
    );
    expect(new Set(ids).size).toBe(3);
  });

  test("sound is in the format of its response", () => {
    const pcm = Float32Array.of(0, 0.5, -0.5);
    const audio = (encoding: "pcm" | "pcmu" | "pcma") => {
      const format = { encoding, sampleRateHz: 8000 };
      const event = encode({ type: "audio-delta", pcm, format, ...address });
      return [...Uint8Array.fromBase64(String(event["delta"]))];
    };
    expect(audio("pcm")).toEqual([0, 0, 0, 64, 0, 192]);
    expect(audio("pcmu")).toHaveLength(3);
    expect(audio("pcma")).not.toEqual(audio("pcmu"));
  });

  test("the session, with what was only kept to be shown", () => {
    const cast = {
      character: createFakeCharacter("Gertrude"),
      voice: { provider: "kokoro", voice: "af_heart", speed: 1, status: "ready" },
      prompt: "You are Gertrude.",
    } as const;
    const config = mergeConfig(defaultConfig, {
      toolChoice: { name: "look" },
      turnDetection: { type: "semantic-vad" },
      extra: { tracing: "auto", noise_reduction: { type: "far_field" } },
    });
    const event = encode({ type: "session-updated", session: { id: "sess_x", config, cast, expiresAt: 12 } });
    expect(event["session"]).toMatchObject({
      id: "sess_x",
      tracing: "auto",
      expires_at: 12,
      tool_choice: { type: "function", name: "look" },
      audio: {
        input: {
          noise_reduction: { type: "far_field" },
          turn_detection: { type: "semantic_vad", eagerness: "auto", create_response: true },
        },
        output: { voice: "af_heart", format: { type: "audio/pcm", rate: 24_000 } },
      },
      max_output_tokens: "inf",
    });
  });

  test("parts have one name in parts and another in items", () => {
    const words = [
      { text: "Come ", startMs: 0, endMs: 100 },
      { text: "in", startMs: 100, endMs: 200 },
    ];
    const part = { type: "output-audio", words, audioMs: 200, heardMs: 150 } as const;
    expect(encode({ type: "part-done", part, ...address })).toMatchObject({
      ...where,
      part: { type: "audio", transcript: "Come in" },
    });
    const item = {
      type: "message",
      id: "i",
      role: "assistant",
      status: "in-progress",
      parts: [part],
      toolRuns: [],
    } as const;
    expect(encode({ type: "item-retrieved", item })["item"]).toEqual({
      id: "i",
      object: "realtime.item",
      type: "message",
      status: "in_progress",
      role: "assistant",
      content: [{ type: "output_audio", transcript: "Come" }],
    });
  });

  test("faults and failures", () => {
    expect(encode({ type: "fault", fault: { code: "x", message: "y", kind: "server" } })["error"]).toEqual({
      type: "server_error",
      code: "x",
      message: "y",
      param: null,
      event_id: null,
    });
    expect(encode({ type: "transcript-failed", itemId: "i", code: "E_BUSY", message: "y" })).toMatchObject({
      item_id: "i",
      content_index: 0,
      error: { code: "E_BUSY" },
    });
  });

  test("endings, each with its reason", () => {
    const response = {
      id: "resp_1",
      output: [],
      conversation: "auto",
      outputModality: "audio",
      outputFormat: { encoding: "pcm", sampleRateHz: 24_000 },
      voice: null,
      maxOutputTokens: 7,
      metadata: null,
      usage: null,
    } as const;
    const ending = (how: object) =>
      (
        encode({ type: "response-done", response: { ...response, ...how } } as unknown as SessionOutput)[
          "response"
        ] as {
          status_details: unknown;
        }
      ).status_details;
    expect(ending({ status: "completed" })).toBeNull();
    expect(ending({ status: "cancelled", cancelReason: "turn-detected" })).toEqual({
      type: "cancelled",
      reason: "turn_detected",
    });
    expect(ending({ status: "cancelled", cancelReason: "client-cancelled" })).toEqual({
      type: "cancelled",
      reason: "client_cancelled",
    });
    expect(ending({ status: "incomplete", incompleteReason: "content-filter" })).toEqual({
      type: "incomplete",
      reason: "content_filter",
    });
    expect(ending({ status: "failed", error: { code: "E_NET", message: "gone" } })).toEqual({
      type: "failed",
      error: { type: "server_error", code: "E_NET", message: "gone" },
    });
  });
});
