// Who may open a voice session: pages of allowed origins, with an API key or a client secret where keys are configured.
import { createKeyCheck, isAllowedOrigin, parseBearer } from "../access.ts";
import { HttpError } from "../http-error.ts";
import type { AccessOptions } from "../services.ts";
import { type ClientSecrets, isClientSecret, type SessionDefaults } from "./client-secrets.ts";

/** Throws 401 and 403; gives what the caller's client secret brings with it, if that is what it came with. */
export type DoorCheck = (request: Request) => SessionDefaults | undefined;

export function createDoorCheck(
  { apiKeys, allowedOrigins }: AccessOptions,
  secrets: Pick<ClientSecrets, "find">,
): DoorCheck {
  const isKey = createKeyCheck(apiKeys);
  return ({ headers }) => {
    const origin = headers.get("origin") ?? undefined;
    if (!isAllowedOrigin(origin, headers.get("host") ?? undefined, { allowedOrigins })) {
      const message = `pages of ${origin} may not call this server; add the origin to server.allowed_origins`;
      throw new HttpError("E_PERM", message);
    }
    const key = findKey(headers);
    if (key !== undefined && isClientSecret(key)) {
      const defaults = secrets.find(key);
      // Also where no keys are configured: its settings are gone, and a session without them is not what was asked for.
      if (!defaults) throw unauthorized("the client secret is unknown or has expired; make a new one");
      return defaults;
    }
    if (apiKeys.length === 0 || (key !== undefined && isKey(key))) return undefined;
    throw unauthorized(
      key === undefined
        ? "an API key is needed: send Authorization: Bearer KEY, or the subprotocol openai-insecure-api-key.KEY"
        : "the API key is not one of this server's",
    );
  };
}

/** Browsers cannot set headers on a socket: their key comes as a subprotocol. */
function findKey(headers: Headers): string | undefined {
  const bearer = parseBearer(headers.get("authorization"));
  if (bearer !== undefined) return bearer;
  const keyPrefix = "openai-insecure-api-key.";
  const found = listProtocols(headers).find((protocol) => protocol.startsWith(keyPrefix));
  return found?.slice(keyPrefix.length);
}

/** The subprotocols that the client offers, in its order. */
export function listProtocols(headers: Headers): string[] {
  const offered = headers.get("sec-websocket-protocol") ?? "";
  return offered.split(",").map((protocol) => protocol.trim());
}

function unauthorized(message: string): HttpError {
  return new HttpError("E_PERM", message, { status: 401, openAiCode: "invalid_api_key" });
}
