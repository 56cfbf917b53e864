// A wire that can be cut: bytes go through to a server on loopback until they are told not to.
import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

export interface BreakableProxy extends AsyncDisposable {
  readonly port: number;
  /** Cuts every connection that is open, without a word to either side. New ones are taken. */
  cut(): void;
}

export async function startBreakableProxy(toPort: number): Promise<BreakableProxy> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    const far = connect(toPort, "127.0.0.1");
    for (const socket of [near, far]) keep(socket);
    near.pipe(far);
    far.pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
