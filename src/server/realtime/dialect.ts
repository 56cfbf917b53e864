// A dialect is a codec at the edge: text of the wire in, the session's vocabulary out, and back. It decides nothing.
import type { Fault, SessionCommand, SessionOutput } from "../../session/events.ts";

export type Decoded =
  | { type: "command"; command: SessionCommand; eventId: string | undefined }
  | { type: "audio"; bytes: Uint8Array; eventId: string | undefined }
  /** The message means nothing; nothing else comes of it. */
  | { type: "fault"; fault: Fault };

export interface Dialect {
  /** Never throws. */
  decode(message: string): Decoded;
  /** The messages that say it, in order; none where the dialect has no words for it. */
  encode(output: SessionOutput): string[];
}
