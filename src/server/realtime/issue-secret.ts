// POST /v1/realtime/client_secrets: settings are checked when the secret is made, so that the page that uses it cannot fail
// at them.
import type { Clock } from "../../base/clock.ts";
import type { CharacterBook } from "../../characters/port.ts";
import type { Casting } from "../../session/casting.ts";
import { prepareCommand } from "../../session/command-check.ts";
import type { SessionCommand } from "../../session/events.ts";
import { defaultConfig, mergeConfig } from "../../session/session-config.ts";
import { HttpError } from "../http-error.ts";
import type { ClientSecrets } from "./client-secrets.ts";
import { decodeSecretRequest } from "./ga-decode.ts";
import { encodeSession } from "./ga-views.ts";
import type { ClientSecret } from "./port.ts";
import { selectCharacter } from "./select-character.ts";
import { WireFault } from "./wire-fault.ts";

export interface IssueDependencies {
  stage: { readonly book: CharacterBook };
  casting: Casting;
  secrets: ClientSecrets;
  clock: Clock;
}

/** OpenAI's. */
const defaultLifetimeSeconds = 600;

/** Throws E_ARGS with the field at fault, 404 for a character that is not there, E_BUSY. */
export async function issueSecret(body: unknown, deps: IssueDependencies): Promise<ClientSecret> {
  const { lifetimeSeconds, command } = decode(body);
  const { stage, casting, secrets } = deps;
  const checked = await prepareCommand(command, { stage, casting });
  if (checked && "fault" in checked) {
    const { message, param, code } = checked.fault;
    const isMissing = code === "model_not_found";
    throw new HttpError(isMissing ? "E_NOT_FOUND" : "E_ARGS", message, { param, openAiCode: code });
  }
  const { patch, characterName } = command;
  const character = selectCharacter(stage.book, characterName ?? null);
  const cast = await casting.cast(character);
  const { value, expiresAt } = secrets.issue(
    { patch, characterName },
    lifetimeSeconds ?? defaultLifetimeSeconds,
  );
  const id = `sess_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
  const config = mergeConfig(defaultConfig, patch);
  return { value, expires_at: expiresAt, session: encodeSession({ id, config, cast, expiresAt }) };
}

function decode(body: unknown): {
  lifetimeSeconds: number | undefined;
  command: Extract<SessionCommand, { type: "update-session" }>;
} {
  try {
    return decodeSecretRequest(body);
  } catch (error) {
    if (!(error instanceof WireFault)) throw error;
    throw new HttpError("E_ARGS", error.message, { param: error.param, openAiCode: error.code });
  }
}
