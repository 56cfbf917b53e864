// OpenAI's Realtime API as it has been since 2025: nested session, `response.output_audio.delta`.
import type { Dialect } from "./dialect.ts";
import { decodeGaEvent } from "./ga-decode.ts";
import { encodeGaEvent } from "./ga-encode.ts";

export function createGaDialect(sessionId: string): Dialect {
  const conversationId = sessionId.replace(/^sess_/, "conv_");
  const eventPrefix = sessionId.replace(/^sess_/, "event_");
  let eventCount = 0;
  return {
    decode: decodeGaEvent,
    encode(output) {
      eventCount++;
      const event_id = `${eventPrefix}${eventCount.toString(36).padStart(5, "0")}`;
      const { type, ...fields } = encodeGaEvent(output, conversationId);
      return [JSON.stringify({ type, event_id, ...fields })];
    },
  };
}
