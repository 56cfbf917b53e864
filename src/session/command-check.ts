// Requests that name a character or a voice are looked into before the session takes them: a name that means nothing is
// refused, and changes nothing.
import type { CharacterStage } from "../characters/port.ts";
import type { Casting } from "./casting.ts";
import type { Fault, SessionCommand } from "./events.ts";

export interface CheckContext {
  stage: Pick<CharacterStage, "book">;
  casting: Casting;
}

export type Checked = { command: SessionCommand } | { fault: Fault };

/** Undefined: there is nothing to look into. */
export function prepareCommand(command: SessionCommand, context: CheckContext): Promise<Checked> | undefined {
  if (command.type === "update-session") {
    const { characterName, patch } = command;
    if (characterName === undefined && typeof patch.voice !== "string") return undefined;
    return checkUpdate(command, context);
  }
  if (command.type === "create-response" && command.wish.voice !== undefined) {
    return checkVoice(command, command.wish.voice, "response.audio.output.voice", context);
  }
  return undefined;
}

async function checkUpdate(
  command: Extract<SessionCommand, { type: "update-session" }>,
  context: CheckContext,
): Promise<Checked> {
  const { characterName, patch } = command;
  let checked: SessionCommand = command;
  if (characterName !== undefined) {
    const character = context.stage.book.find(characterName);
    if (!character) {
      const message = `there is no character "${characterName}"; GET /v1/characters lists the cast`;
      return { fault: invalid("model_not_found", message, "session.model") };
    }
    checked = { ...command, cast: await context.casting.cast(character) };
  }
  if (typeof patch.voice !== "string") return { command: checked };
  return checkVoice(checked, patch.voice, "session.audio.output.voice", context);
}

async function checkVoice(
  command: SessionCommand,
  voice: string,
  param: string,
  { casting }: CheckContext,
): Promise<Checked> {
  if (await casting.hasVoice(voice)) return { command };
  const message = `there is no voice "${voice}"; GET /v1/audio/voices lists them`;
  return { fault: invalid("invalid_value", message, param) };
}

function invalid(code: string, message: string, param: string): Fault {
  return { code, message, kind: "invalid-request", param };
}
