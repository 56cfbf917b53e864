// Why the server does not take a voice socket: browsers do not tell, so the same door is knocked at over HTTP. And a key
// for who has one that no socket can send.
import { type Api, toApiFailure } from "./api.ts";

export type DoorState =
  /** It would let us in. */
  { type: "open" } | { type: "key" } | { type: "closed"; message: string } | { type: "away" };

export interface Door {
  probe(): Promise<DoorState>;
  /** A client secret, good for a while. Rejects when the server gives none. */
  borrowKey(): Promise<string>;
}

/** Browsers send a key as a socket's subprotocol, and let nothing through that is no token (RFC 9110, 5.6.2). */
export const isSocketKey = (key: string): boolean => /^[\w!#$%&'*+.^`|~-]+$/.test(key);

/** A server that takes so long is as good as away. */
const patienceMs = 5000;

/** `api` with the key in question. */
export function createDoor(api: Api): Door {
  return {
    async probe() {
      try {
        const signal = AbortSignal.timeout(patienceMs);
        // Refused as incomplete once the key has been looked at: nothing runs.
        await api.ask("/v1/chat/completions", { method: "POST", body: {}, signal });
      } catch (error) {
        const failure = toApiFailure(error);
        if (failure?.needsKey) return { type: "key" };
        if (failure?.status === 403) return { type: "closed", message: failure.message };
        if (failure?.status === undefined) return { type: "away" };
      }
      return { type: "open" };
    },
    async borrowKey() {
      const { value } = await api.ask<{ value: string }>("/v1/realtime/client_secrets", {
        method: "POST",
        body: {},
        signal: AbortSignal.timeout(patienceMs),
      });
      return value;
    },
  };
}
