// A client of the voice socket that shakes hands, sends what it is given, and reads nothing more until it is told to.
import { connect } from "node:net";

export interface DeafClient {
  send(event: object): void;
  /** From now on it reads. */
  resume(): void;
  received(): number;
  close(): void;
}

const handshake = {
  connection: "upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

export async function connectDeaf(url: string): Promise<DeafClient> {
  const { port, pathname, search } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  const opened = Promise.withResolvers<void>();
  let bytes = 0;
  socket.on("data", (data) => {
    bytes += data.length;
    opened.resolve();
  });
  socket.on("error", () => undefined);
  const head = Object.entries(handshake).map(([name, value]) => `${name}: ${value}`);
  socket.write([`GET ${pathname}${search} HTTP/1.1`, "host: 127.0.0.1", ...head, "", ""].join("\r\n"));
  await opened.promise;
  socket.pause();
  return {
    send: (event) => void socket.write(encodeFrame(JSON.stringify(event))),
    resume: () => void socket.resume(),
    received: () => bytes,
    close: () => void socket.destroy(),
  };
}

/** A text frame (RFC 6455, 5.2), masked with zeros, which leaves the text as it is. */
function encodeFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const size = Buffer.alloc(length < 126 ? 0 : length < 65_536 ? 2 : 8);
  if (size.length === 2) size.writeUInt16BE(length);
  if (size.length === 8) size.writeBigUInt64BE(BigInt(length));
  const code = length < 126 ? length : length < 65_536 ? 126 : 127;
  return Buffer.concat([Buffer.from([0x81, 0x80 | code]), size, Buffer.alloc(4), payload]);
}
