// One reply of one character to a conversation, whoever writes the words. Chat completions and voice sessions share it.
import type { Character } from "../characters/port.ts";
import type { ReplyEvent, ReplyMessage, ReplyTool, ReplyToolChoice } from "../reply/port.ts";

export interface CharacterReplyRequest {
  character: Character;
  /** The conversation so far, without the character's own system prompt. */
  messages: readonly ReplyMessage[];
  /** Replaces the character's system prompt (a session's `instructions`). */
  instructions?: string | undefined;
  /** Tools of the client, beside the character's own. */
  clientTools?: readonly ReplyTool[] | undefined;
  toolChoice?: ReplyToolChoice | undefined;
  temperature?: number | undefined;
  topP?: number | undefined;
  maxOutputTokens?: number | undefined;
  stop?: readonly string[] | undefined;
  seed?: number | undefined;
  userName?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The character's system prompt first, its tools run on the server; with no reply model, or `METADATA.replies` "scripted",
 * its own `reply` answers. Throws E_CHARACTER when it has neither.
 */
export type ReplyAsCharacter = (request: CharacterReplyRequest) => AsyncIterable<ReplyEvent>;
