// Ephemeral secrets: what a page is given instead of an API key. Each is good until it expires, for any number of sessions,
// and brings the settings that its sessions begin with.
import { createHash } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { SessionPatch } from "../../session/session-config.ts";
import { HttpError } from "../http-error.ts";

export interface SessionDefaults {
  patch: SessionPatch;
  /** Undefined: whom the client names, or whoever is first. */
  characterName: string | undefined;
}

export interface ClientSecrets {
  /** Throws E_BUSY when too many are waiting to be used. `expiresAt` is in Unix seconds. */
  issue(defaults: SessionDefaults, lifetimeSeconds: number): { value: string; expiresAt: number };
  /** Undefined when it was never issued, or has expired. */
  find(value: string): SessionDefaults | undefined;
}

const prefix = "ek_";
const maxSecrets = 10_000;
/** Instructions may be long; what secrets keep of them all together may not. */
const maxKeptBytes = 64 * 2 ** 20;

export function isClientSecret(key: string): boolean {
  return key.startsWith(prefix);
}

export function createClientSecrets({ clock }: { clock: Clock }): ClientSecrets {
  // By their digest: how long a lookup takes says nothing about a secret, and a memory dump holds none.
  const secrets = new Map<string, { defaults: SessionDefaults; expiresAtMs: number; sizeBytes: number }>();
  let keptBytes = 0;

  const forgetExpired = (): void => {
    for (const [digest, { expiresAtMs, sizeBytes }] of secrets) {
      if (expiresAtMs > clock.nowMs()) continue;
      secrets.delete(digest);
      keptBytes -= sizeBytes;
    }
  };

  return {
    issue(defaults, lifetimeSeconds) {
      forgetExpired();
      const sizeBytes = JSON.stringify(defaults).length;
      if (secrets.size >= maxSecrets || keptBytes + sizeBytes > maxKeptBytes) {
        const message =
          "too many client secrets are waiting to be used; ask for shorter lives, or again later";
        throw new HttpError("E_BUSY", message, { retryAfterSeconds: 10 });
      }
      const value = `${prefix}${crypto.getRandomValues(new Uint8Array(24)).toHex()}`;
      const expiresAtMs = clock.nowMs() + lifetimeSeconds * 1000;
      secrets.set(digestOf(value), { defaults, expiresAtMs, sizeBytes });
      keptBytes += sizeBytes;
      return { value, expiresAt: Math.floor(clock.wallTime().getTime() / 1000) + lifetimeSeconds };
    },
    find(value) {
      forgetExpired();
      return secrets.get(digestOf(value))?.defaults;
    },
  };
}

function digestOf(value: string): string {
  return createHash("sha256").update(value).digest("base64");
}
