// A dialect is a codec at the edge: text of the wire in, the session's vocabulary out, and back. It decides nothing.
import type { Fault, SessionCommand, SessionOutput } from "../../session/events.ts";

export type Decoded =
  | { type: "command"; command: SessionCommand; eventId: string | undefined }
  /** `fault`: what was wrong with the part of the sound that is missing. */
  | { type: "audio"; bytes: Uint8Array; eventId: string | undefined; fault?: Fault }
  /** The message means nothing; nothing else comes of it. */
  | { type: "fault"; fault: Fault };

export interface Dialect extends Partial<Disposable> {
  /** Never throws. */
  decode(message: string): Decoded;
  /** The messages that say it, in order; none where the dialect has no words for it. */
  encode(output: SessionOutput): string[];
  /** Milliseconds until the conversation is over, once it is; for dialects in which the character may end it. */
  endsInMs?(): number | undefined;
}

export type WireEvent = Readonly<Record<string, unknown>> & { type: string };

/** Server events as text, each with an `event_id` of its own behind its type. */
export function createEventWriter(sessionId: string): (event: WireEvent) => string {
  const prefix = sessionId.replace(/^sess_/, "event_");
  let count = 0;
  return ({ type, ...fields }) => {
    count++;
    return JSON.stringify({ type, event_id: `${prefix}${count.toString(36).padStart(5, "0")}`, ...fields });
  };
}

export function conversationIdOf(sessionId: string): string {
  return sessionId.replace(/^sess_/, "conv_");
}
