// Why the server does not take a voice socket: browsers do not tell, so the same door is knocked at over HTTP.
import { toSentence } from "./plain-words.ts";

export type DoorState =
  /** It would let us in. */
  { type: "open" } | { type: "key" } | { type: "closed"; message: string } | { type: "away" };

/** Browsers send a key as a socket's subprotocol, and let nothing through that is no token (RFC 9110, 5.6.2). */
export const isSocketKey = (key: string): boolean => /^[\w!#$%&'*+.^`|~-]+$/.test(key);

/** A client secret, good for a while, in the place of a key that is no token. Rejects when the server gives none. */
export async function borrowKey(apiKey: string): Promise<string> {
  const response = await fetch("/v1/realtime/client_secrets", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${apiKey}` },
    body: "{}",
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return ((await response.json()) as { value: string }).value;
}

export async function probeDoor(apiKey: string | undefined): Promise<DoorState> {
  try {
    const response = await fetch("/v1/chat/completions", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      },
      // Refused as incomplete once the key has been looked at: nothing runs.
      body: "{}",
      signal: AbortSignal.timeout(5000),
    });
    if (response.status === 401) return { type: "key" };
    if (response.status !== 403) return { type: "open" };
    const body = (await response.json()) as { error?: { message?: string } };
    return { type: "closed", message: toSentence(body.error?.message ?? "the server refused this page") };
  } catch {
    return { type: "away" };
  }
}
