// A client whose dialect its first message tells: the session begins when that has come, and so nothing is said too early to
// one that expects to speak first.
import type { Clock } from "../../base/clock.ts";
import type { RealtimeConnection } from "./port.ts";
import type { VoiceConnection } from "./socket.ts";

export interface UndecidedDependencies {
  clock: Clock;
  /** Undefined when nothing has come in time. What it gives has not been opened yet. */
  decide: (firstMessage: string | Buffer | undefined) => VoiceConnection;
  onOpen: (connection: VoiceConnection) => void;
  onClose: (connection: VoiceConnection) => void;
}

/** A client that sends nothing waits for the server's first word, which OpenAI's says at once. */
const patienceMs = 2000;

export function createUndecidedConnection(deps: UndecidedDependencies): VoiceConnection {
  let socket: Bun.ServerWebSocket<RealtimeConnection> | undefined;
  let decided: VoiceConnection | undefined;
  let patience: Disposable | undefined;

  const decide = (message: string | Buffer | undefined): void => {
    patience?.[Symbol.dispose]();
    if (!socket) return;
    decided = deps.decide(message);
    decided.open(socket);
    if (message !== undefined) decided.receive(message);
  };

  const connection: VoiceConnection = {
    get session() {
      return decided?.session;
    },
    async finishRecording() {
      await decided?.finishRecording();
    },
    hangUp() {
      if (decided) decided.hangUp();
      else socket?.close(1001, "shutdown");
    },
    open(opened) {
      socket = opened;
      deps.onOpen(connection);
      patience = deps.clock.schedule(() => decide(undefined), patienceMs);
    },
    receive(message) {
      if (decided) decided.receive(message);
      else decide(message);
    },
    drain: () => decided?.drain(),
    pong: () => decided?.pong(),
    close(code) {
      socket = undefined;
      patience?.[Symbol.dispose]();
      decided?.close(code);
      deps.onClose(connection);
    },
  };
  return connection;
}
