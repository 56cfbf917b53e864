// OpenAI's Realtime API as it has been since 2025: nested session, `response.output_audio.delta`.
import { conversationIdOf, createEventWriter, type Dialect } from "./dialect.ts";
import { decodeGaEvent } from "./ga-decode.ts";
import { encodeGaEvent } from "./ga-encode.ts";

export function createGaDialect(sessionId: string, conversationId = conversationIdOf(sessionId)): Dialect {
  const write = createEventWriter(sessionId);
  return {
    decode: decodeGaEvent,
    encode: (output) => [write(encodeGaEvent(output, conversationId))],
  };
}
