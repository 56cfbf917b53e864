// What the server mounts at /v1/realtime: an upgrade for the route, one handler object for the socket layer.
import type { RecordingOptions } from "./recorder.ts";

/** Limits of voice sessions, each refused with a clear error. */
export interface RealtimeOptions {
  /** Sessions at once; one more is E_BUSY before the upgrade, with Retry-After. Default 256. */
  maxSessions?: number | undefined;
  /** Bytes of one message; default 16 MiB. A longer one closes the socket with 1009. */
  maxMessageBytes?: number | undefined;
  /** Uncommitted input audio per session; default 600,000 (10 min). */
  maxInputMs?: number | undefined;
  /** Age at which a session ends with `session_expired`; default 3,600,000. */
  maxSessionMs?: number | undefined;
  /** Tokens of the reply model, of all responses of a session together; default: no limit. */
  maxSessionTokens?: number | undefined;
  /** Ends a session of which nothing was heard for so long; default 300,000. */
  idleMs?: number | undefined;
  /** Of a conversation, told to a reply model at once; default: all of it. */
  historyTokens?: number | undefined;
  /** Audio sent ahead of what the listener can have heard; default 5000. */
  aheadMs?: number | undefined;
  /** A client that takes nothing for so long is closed; default 10,000. */
  stuckMs?: number | undefined;
  /**
   * A client that answers no ping is let go within four of these; default 1200 ms, so that one that vanishes without a
   * word is noticed within 5 s.
   */
  pingMs?: number | undefined;
  /** Bytes that may wait in the socket before it counts as full; default 8 MiB. */
  maxBufferedBytes?: number | undefined;
  /** Sessions whose clients allow it are recorded there; default: none are. */
  recording?: RecordingOptions | undefined;
  /** Which version of an edited character a session takes; default "next-turn". */
  characterChanges?: "next-turn" | "next-session" | undefined;
}

/** What rides on each socket; opaque to the server. */
export interface RealtimeConnection {
  receive(message: string | Buffer): void;
  open(socket: Bun.ServerWebSocket<RealtimeConnection>): void;
  drain(): void;
  /** The client has answered a ping. */
  pong(): void;
  close(code: number): void;
}

/** As OpenAI's `POST /v1/realtime/client_secrets` answers. */
export interface ClientSecret {
  /** `ek_…` */
  value: string;
  /** Unix seconds */
  expires_at: number;
  session: Readonly<Record<string, unknown>>;
}

/**
 * Mount as `Bun.serve({ fetch: (request, server) => …realtime.upgrade(request, server), websocket: realtime.websocket })`.
 */
export interface Realtime extends AsyncDisposable {
  /**
   * Upgrades the request, and then resolves with undefined; or resolves with the refusal: 401 (key), 403 (origin), 404
   * (no such character), 426 (no upgrade asked for), 503 with Retry-After (at capacity, or draining).
   */
  upgrade(request: Request, server: Bun.Server<RealtimeConnection>): Promise<Response | undefined>;
  readonly websocket: Bun.WebSocketHandler<RealtimeConnection>;
  /** Throws E_ARGS with the field at fault, E_NOT_FOUND for a character that is not there, E_BUSY. */
  issueSecret(body: unknown): Promise<ClientSecret>;
  activeSessions(): number;
  /** Takes no new session, lets running responses end for up to `timeoutMs` (default 5000), then closes all with 1001. */
  drain(timeoutMs?: number): Promise<void>;
}
