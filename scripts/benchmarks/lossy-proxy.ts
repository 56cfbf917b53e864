// A bad line in front of a server: so many bytes a second for each connection, and connections that are cut at random.
// A process of its own, so that what it costs is not charged to the client: bun lossy-proxy.ts PORT RATE CUT_BYTES SEED.
import { createConnection, createServer, type Socket } from "node:net";

const [targetPort = 0, bytesPerSecond = 1 << 20, meanCutBytes = 0, seed = 1] = process.argv
  .slice(2)
  .map(Number);
const tickMs = 20;
let state = seed | 1;

/** 0 to below 1; the same ones for the same seed. */
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

const server = createServer((client) => {
  const target = createConnection(targetPort, "127.0.0.1");
  client.pipe(target);
  let cutAfterBytes = meanCutBytes > 0 ? -Math.log(1 - random()) * meanCutBytes : Number.POSITIVE_INFINITY;
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let hasEnded = false;
  const close = (socket: Socket) => () => socket.destroy();
  target.on("data", (bytes: Buffer) => {
    waiting.push(bytes);
    waitingBytes += bytes.length;
    if (waitingBytes > bytesPerSecond / 4) target.pause();
  });
  target.on("end", () => {
    hasEnded = true;
  });
  const timer = setInterval(() => {
    for (let left = (bytesPerSecond * tickMs) / 1000; left > 0 && waiting.length > 0; ) {
      const [bytes] = waiting as [Buffer];
      const piece = bytes.subarray(0, Math.ceil(left));
      client.write(piece);
      left -= piece.length;
      cutAfterBytes -= piece.length;
      waitingBytes -= piece.length;
      if (piece.length === bytes.length) waiting.shift();
      else waiting[0] = bytes.subarray(piece.length);
    }
    if (cutAfterBytes <= 0) client.resetAndDestroy();
    else if (hasEnded && waiting.length === 0) client.end();
    else if (waitingBytes < bytesPerSecond / 8) target.resume();
  }, tickMs);
  client.on("close", () => {
    clearInterval(timer);
    target.destroy();
  });
  for (const socket of [client, target]) socket.on("error", close(socket));
  target.on("error", close(client));
});
server.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
});
