// The judges of every event that the tests receive really judge: what is missing, wrong or unknown is told.
import { describe, expect, test } from "bun:test";
import { betaTypes, gaTypes, judgeByOpenAi } from "../../support/openai-types.ts";
import type { ServerEvent } from "../../support/realtime-invariants.ts";

const event = (type: string, fields: object = {}): ServerEvent => ({ type, event_id: "event_1", ...fields });
const response = { id: "resp_1", object: "realtime.response", status: "completed", output: [] };

describe("the types of the package openai, as a judge", () => {
  const right: ServerEvent[] = [
    event("input_audio_buffer.cleared"),
    event("response.done", { response }),
    // The service itself says null where the types say that a field may be absent.
    event("response.done", { response: { ...response, status_details: null, usage: null } }),
    event("rate_limits.updated", {
      rate_limits: [{ name: "requests", limit: 1, remaining: 1, reset_seconds: 1 }],
    }),
    event("conversation.item.input_audio_transcription.completed", {
      item_id: "i",
      content_index: 0,
      transcript: "hi",
      usage: { type: "duration", seconds: 1 },
    }),
    event("troupe.words"),
  ];
  test.each(right.map((one) => [one.type, one] as const))("takes %s", (_, one) => {
    expect(judgeByOpenAi(one)).toBeUndefined();
  });

  const wrong: [string, ServerEvent, string][] = [
    ["no id", { type: "input_audio_buffer.cleared" } as ServerEvent, "event_id is missing"],
    [
      "a field that is missing",
      event("input_audio_buffer.speech_started", { item_id: "i" }),
      "audio_start_ms",
    ],
    [
      "a text for a number",
      event("input_audio_buffer.speech_started", { item_id: "i", audio_start_ms: "1" }),
      'audio_start_ms is "1", not number',
    ],
    [
      "a word that is none of its own",
      event("response.done", { response: { ...response, status: "over" } }),
      'response.status is "over"',
    ],
    [
      "what is wrong deep inside",
      event("rate_limits.updated", { rate_limits: [{ name: "speed" }] }),
      'rate_limits.0.name is "speed"',
    ],
    [
      "an unknown part of an item",
      event("conversation.item.added", {
        item: { type: "message", role: "user", content: [{ type: "smell" }] },
      }),
      'item.content.0.type is "smell"',
    ],
  ];
  test.each(wrong)("refuses %s", (_, one, complaint) => {
    expect(judgeByOpenAi(one)).toContain(complaint);
  });

  test("knows an event of one generation by the name that it has there", () => {
    const delta = { response_id: "r", item_id: "i", output_index: 0, content_index: 0, delta: "" };
    const [today, then] = [event("response.output_audio.delta", delta), event("response.audio.delta", delta)];
    expect([judgeByOpenAi(today, gaTypes), judgeByOpenAi(then, betaTypes)]).toEqual([undefined, undefined]);
    expect(judgeByOpenAi(today, betaTypes)).toBeDefined();
    expect(judgeByOpenAi(then, gaTypes)).toBeDefined();
  });

  test("has the whole of both unions", () => {
    expect(gaTypes.listTypeNames("RealtimeServerEvent")).toHaveLength(46);
    expect(betaTypes.listTypeNames("RealtimeServerEvent").length).toBeGreaterThan(30);
  });
});
