// One client of /v1/realtime, as the benchmarks need it: events by type as they come, and sound to send.

export type ServerEvent = { type: string } & Record<string, unknown>;

export interface SessionLink {
  readonly socket: WebSocket;
  send(event: Record<string, unknown>): void;
  /** The next event of this type from now on. An `error` event meanwhile rejects it. */
  next(type: string): Promise<ServerEvent>;
  on(type: string, listener: (event: ServerEvent) => void): void;
}

const bytesPerMs = 48;

/** Resolves when the session is there. */
export async function createLink(url: string): Promise<SessionLink> {
  const socket = new WebSocket(url);
  const waiting = new Map<string, ((event: ServerEvent) => void)[]>();
  const listeners = new Map<string, ((event: ServerEvent) => void)[]>();
  const failing = new Set<(error: Error) => void>();
  socket.addEventListener("message", ({ data }) => {
    const event = JSON.parse(String(data)) as ServerEvent;
    for (const listener of listeners.get(event.type) ?? []) listener(event);
    const waiters = waiting.get(event.type) ?? [];
    waiting.delete(event.type);
    for (const waiter of waiters) waiter(event);
    if (event.type === "error") for (const fail of failing) fail(new Error(JSON.stringify(event)));
  });
  socket.addEventListener("close", () => {
    for (const fail of failing) fail(new Error("the session is over"));
  });
  const link: SessionLink = {
    socket,
    send: (event) => socket.send(JSON.stringify(event)),
    next(type) {
      const { promise, resolve, reject } = Promise.withResolvers<ServerEvent>();
      failing.add(reject);
      waiting.set(type, [...(waiting.get(type) ?? []), resolve]);
      return promise.finally(() => failing.delete(reject));
    },
    on: (type, listener) => void listeners.set(type, [...(listeners.get(type) ?? []), listener]),
  };
  await link.next("session.created");
  return link;
}

/** Something that stand-in ears take for speech, 24 kHz. */
export function speechBytes(ms: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ms * bytesPerMs);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < bytes.length / 2; i++) view.setInt16(i * 2, Math.sin(i / 10) * 9000, true);
  return bytes;
}
