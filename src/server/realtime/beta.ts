// OpenAI's Realtime API as it was in 2024: flat session, `response.audio.delta`, items that are created and never done. The
// same events as today's under other names, so it is today's codec with the names changed on the way.
import { decodeBetaEvent } from "./beta-decode.ts";
import { encodeBetaEvent } from "./beta-encode.ts";
import { conversationIdOf, createEventWriter, type Dialect } from "./dialect.ts";
import { encodeGaEvent } from "./ga-encode.ts";

export function createBetaDialect(sessionId: string, conversationId = conversationIdOf(sessionId)): Dialect {
  const write = createEventWriter(sessionId);
  return {
    decode: decodeBetaEvent,
    encode: (output) => encodeBetaEvent(encodeGaEvent(output, conversationId), conversationId).map(write),
  };
}

/** How clients of the beta make themselves known. */
export function speaksBeta(headers: Headers, protocols: readonly string[]): boolean {
  const features = headers.get("openai-beta")?.split(",") ?? [];
  return (
    features.some((feature) => feature.trim() === "realtime=v1") ||
    protocols.includes("openai-beta.realtime-v1")
  );
}
