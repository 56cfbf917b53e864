// One client's socket. Looks at what every send says: a client that does not keep up slows its own session, and one that
// would have to be fed a stream with holes is cut off instead.
import type { Clock } from "../../base/clock.ts";
import type { EndReason, SessionOutput } from "../../session/events.ts";
import type { VoiceSession } from "../../session/voice-session.ts";
import type { Decoded, Dialect } from "./dialect.ts";
import type { RealtimeConnection } from "./port.ts";
import type { Recorder } from "./recorder.ts";

export interface ConnectionDependencies {
  dialect: Dialect;
  clock: Clock;
  pingMs?: number | undefined;
  recorder?: Recorder | undefined;
  openSession: (channel: {
    send: (output: SessionOutput) => void;
    onEnd: (reason: EndReason) => void;
  }) => VoiceSession;
  /** Something threw that never should. */
  onBug: (error: unknown) => void;
  onOpen: (connection: VoiceConnection) => void;
  onClose: (connection: VoiceConnection) => void;
}

export interface VoiceConnection extends RealtimeConnection {
  /** Undefined before the socket is open. */
  readonly session: VoiceSession | undefined;
  /** Closes a socket whose session has not begun, also one that is not open yet. */
  hangUp(): void;
  /** Resolves when what was recorded is on the disk. */
  finishRecording(): Promise<void>;
}

/** RFC 6455, 7.4.1; 1008 is for clients that break the rules, as by not reading. */
const closeCodes: Record<EndReason, number> = {
  client: 1000,
  expired: 1000,
  spent: 1000,
  idle: 1000,
  stuck: 1008,
  shutdown: 1001,
  replaced: 1008,
  failed: 1011,
};

type Socket = Pick<
  Bun.ServerWebSocket<RealtimeConnection>,
  "send" | "close" | "terminate" | "ping" | "getBufferedAmount"
>;

const defaultPingMs = 1200;
/** Counted, not timed: a server that stood still for a moment has not lost its clients. */
const pingsMissedAtMost = 3;

export function createConnection(deps: ConnectionDependencies): VoiceConnection {
  const { dialect, recorder } = deps;
  let socket: Socket | undefined;
  let session: VoiceSession | undefined;
  let isUnwanted = false;
  let isFull = false;
  let missedPings = 0;
  let nextPing: Disposable | undefined;
  let farewell: Disposable | undefined;

  /** TCP says nothing of a client whose machine or network is gone. */
  const watch = (): void => {
    nextPing = deps.clock.schedule(() => {
      if (!socket) return;
      // Behind what waits to be read a ping is not answered; how long that may go on is the session's to say.
      const isHeldUp = isFull || socket.getBufferedAmount() > 0;
      if (!isHeldUp && missedPings >= pingsMissedAtMost) {
        const gone = socket;
        socket = undefined;
        session?.end("client");
        gone.terminate();
        return;
      }
      if (!isHeldUp) {
        missedPings++;
        socket.ping();
      }
      watch();
    }, deps.pingMs ?? defaultPingMs);
  };

  const cutOff = (): void => {
    const cut = socket;
    socket = undefined;
    // First, for the socket's end would tell the session that the client has left.
    session?.end("stuck");
    cut?.terminate();
  };

  const send = (output: SessionOutput): void => {
    if (output.type === "session-created" || output.type === "session-updated") {
      recorder?.allow(output.session.config.allowRecording);
    }
    for (const message of dialect.encode(output)) {
      recorder?.fromServer(message);
      const result = socket?.send(message);
      if (result === 0) {
        // Dropped: the client would go on with a hole in what it was told.
        cutOff();
      } else if (result === -1 && !isFull) {
        isFull = true;
        session?.setWritable(false);
      }
    }
    const endsInMs = dialect.endsInMs?.();
    if (endsInMs !== undefined) farewell ??= deps.clock.schedule(() => session?.end("client"), endsInMs);
  };

  const onEnd = (reason: EndReason): void => {
    const ended = socket;
    socket = undefined;
    // A close frame waits behind what the client does not take.
    if (reason === "stuck") ended?.terminate();
    else ended?.close(closeCodes[reason], reason);
  };

  const take = (taker: VoiceSession, decoded: Decoded): void => {
    switch (decoded.type) {
      case "audio":
        taker.hear(decoded.bytes, decoded.eventId);
        if (decoded.fault) taker.refuse(decoded.fault);
        return;
      case "command":
        return taker.obey(decoded.command, decoded.eventId);
      case "fault":
        return taker.refuse(decoded.fault);
    }
  };

  const connection: VoiceConnection = {
    get session() {
      return session;
    },
    hangUp() {
      isUnwanted = true;
      socket?.close(closeCodes.shutdown, "shutdown");
    },
    async finishRecording() {
      await recorder?.[Symbol.asyncDispose]();
    },
    open(opened) {
      socket = opened;
      deps.onOpen(connection);
      if (isUnwanted) return connection.hangUp();
      session = deps.openSession({ send, onEnd });
      watch();
      // What was sent while the session was opening may have filled the socket already.
      if (isFull) session.setWritable(false);
    },
    receive(message) {
      if (!session) return;
      missedPings = 0;
      recorder?.fromClient(message);
      try {
        if (typeof message === "string") take(session, dialect.decode(message));
        else session.hear(message);
      } catch (error) {
        // What a socket handler throws would end the process.
        deps.onBug(error);
        session.end("failed");
      }
    },
    drain() {
      if (!isFull) return;
      isFull = false;
      session?.setWritable(true);
    },
    pong() {
      missedPings = 0;
    },
    close() {
      socket = undefined;
      nextPing?.[Symbol.dispose]();
      farewell?.[Symbol.dispose]();
      session?.end("client");
      dialect[Symbol.dispose]?.();
      deps.onClose(connection);
    },
  };
  return connection;
}
