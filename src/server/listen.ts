// The socket layer: one listener of an HttpServer. Several may share one, such as http beside https.
import { waitFor } from "../base/deadline.ts";
import { AppError, messageOf } from "../base/errors.ts";
import { isLoopbackHost } from "./access.ts";
import type { HttpServer } from "./create-server.ts";
import type { RealtimeConnection } from "./realtime/port.ts";

export interface ListenOptions {
  /** Default 127.0.0.1. */
  hostname?: string | undefined;
  /** 0 picks a free one. */
  port: number;
  /** PEM texts. */
  tls?: { cert: string; key: string } | undefined;
  /** Allows listening beyond loopback without any key. */
  insecure?: boolean | undefined;
  /** How long `drain` lets running answers end; default 10,000. */
  drainMs?: number | undefined;
}

export interface Listener extends AsyncDisposable {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Takes no new connection, lets running answers end for up to `drainMs`, then closes. */
  drain(): Promise<void>;
}

/** The longest that Bun knows: a language model may think for minutes before its first word. */
const idleTimeoutSeconds = 255;
const defaultDrainMs = 10_000;
/** For the last bytes of ended answers to leave the socket, at least. */
const flushMs = 500;

export interface PortsOptions extends ListenOptions {
  /** With `tls`: https there, and plain http on `port`. Undefined: `port` speaks whatever `tls` says. */
  tlsPort?: number | undefined;
}

export interface PortsListener extends Listener {
  /** Of the second port. */
  readonly tlsUrl?: string | undefined;
}

/**
 * One port, or two: some clients speak TLS only, as OpenAI's do, and some trust no certificate of one's own making, as
 * browsers do. Throws what `listen` throws, and E_ARGS for a `tlsPort` without a certificate.
 */
export function listenOnPorts(server: HttpServer, { tlsPort, ...options }: PortsOptions): PortsListener {
  if (tlsPort === undefined) return listen(server, options);
  if (!options.tls) {
    throw new AppError("E_ARGS", "server.tls_port needs a certificate and its key: --tls-cert and --tls-key");
  }
  const secure = listen(server, { ...options, port: tlsPort });
  let plain: Listener;
  try {
    plain = listen(server, { ...options, tls: undefined });
  } catch (error) {
    void secure[Symbol.asyncDispose]();
    throw error;
  }
  return {
    url: plain.url,
    port: plain.port,
    tlsUrl: secure.url,
    drain: async () => void (await Promise.all([plain.drain(), secure.drain()])),
    [Symbol.asyncDispose]: async () =>
      void (await Promise.all([plain[Symbol.asyncDispose](), secure[Symbol.asyncDispose]()])),
  };
}

/**
 * Throws E_ARGS for an address beyond loopback without keys, and for an address or certificate that cannot be used; E_BUSY
 * for a port that is taken, E_PERM for one that the system refuses.
 */
export function listen(server: HttpServer, options: ListenOptions): Listener {
  const hostname = options.hostname ?? "127.0.0.1";
  if (!isLoopbackHost(hostname) && server.apiKeys.length === 0 && options.insecure !== true) {
    throw new AppError(
      "E_ARGS",
      `listening on ${hostname} would let every machine of the network in: set TROUPE_API_KEYS, or say --insecure`,
      { hostname },
    );
  }
  const socket = openSocket(server, hostname, options);
  const scheme = options.tls ? "https" : "http";
  const port = socket.port ?? options.port;
  let closing: Promise<void> | undefined;
  const close = (graceMs: number): Promise<void> =>
    (closing ??= (async () => {
      // Stops taking connections at once; the promise waits until the last answer has been sent.
      const sent = socket.stop(false);
      sent.catch(() => undefined);
      const endMs = performance.now() + graceMs;
      await server.drain(graceMs);
      // An answer that has been made is worth as much patience as one that is being made.
      const timeoutMs = Math.max(flushMs, endMs - performance.now());
      await waitFor(sent, { timeoutMs }).catch(() => undefined);
      await socket.stop(true);
    })());

  return {
    url: `${scheme}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`,
    port,
    drain: () => close(options.drainMs ?? defaultDrainMs),
    [Symbol.asyncDispose]: () => close(0),
  };
}

function openSocket(
  server: HttpServer,
  hostname: string,
  { port, tls }: ListenOptions,
): Bun.Server<RealtimeConnection> {
  try {
    return Bun.serve<RealtimeConnection>({
      hostname,
      port,
      ...(tls && { tls }),
      idleTimeout: idleTimeoutSeconds,
      // Routes refuse large bodies in their own form; unread bytes are not buffered (measured with 300 MB on Bun 1.4.4).
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: (request, socket) => server.fetch(request, socket),
      websocket: server.websocket,
    });
  } catch (error) {
    const code = (error as { code?: string } | null)?.code;
    if (code === "EADDRINUSE") {
      throw new AppError(
        "E_BUSY",
        `port ${port} of ${hostname} is taken: stop what listens there, or choose another with --port`,
        { hostname, port },
        error,
      );
    }
    if (code === "EACCES") {
      throw new AppError(
        "E_PERM",
        `port ${port} is not for ordinary users; choose one above 1023`,
        { port },
        error,
      );
    }
    throw new AppError(
      "E_ARGS",
      `cannot listen on ${hostname}:${port}: ${messageOf(error)}`,
      { hostname },
      error,
    );
  }
}
