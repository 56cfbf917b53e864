// Why the server does not take a voice socket: browsers do not tell, so the same door is knocked at over HTTP.
import { toSentence } from "./plain-words.ts";

export type DoorState =
  /** It would let us in. */
  { type: "open" } | { type: "key" } | { type: "closed"; message: string } | { type: "away" };

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
