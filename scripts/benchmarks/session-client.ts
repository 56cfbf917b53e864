// Many clients of one server, in a process of their own: each speaks for a second, listens to the answer, and speaks again,
// in real time. Prints what they noticed as JSON. Arguments: url, clients, seconds.
const [url = "", clientCount = "1", seconds = "10"] = process.argv.slice(2);
const chunkMs = 100;
const bytesPerMs = 48;

const speech = new Uint8Array(chunkMs * bytesPerMs);
const view = new DataView(speech.buffer);
for (let i = 0; i < speech.length / 2; i++) view.setInt16(i * 2, Math.sin(i / 10) * 9000, true);
const silence = new Uint8Array(chunkMs * bytesPerMs);

interface Report {
  answers: number;
  errors: number;
  /** How late each answer's audio was, at the worst moment, for a listener who plays it as it comes. */
  gapsMs: number[];
}
const report: Report = { answers: 0, errors: 0, gapsMs: [] };

function talk(index: number): WebSocket {
  const socket = new WebSocket(url);
  let playedUntilMs = 0;
  let worstGapMs = 0;
  socket.addEventListener("message", ({ data }) => {
    const event = JSON.parse(String(data)) as { type: string; delta?: string };
    const nowMs = performance.now();
    if (event.type === "response.created") [playedUntilMs, worstGapMs] = [0, 0];
    else if (event.type === "response.output_audio.delta") {
      if (playedUntilMs > 0) worstGapMs = Math.max(worstGapMs, nowMs - playedUntilMs);
      const durationMs = ((event.delta?.length ?? 0) * 3) / 4 / bytesPerMs;
      playedUntilMs = Math.max(playedUntilMs, nowMs) + durationMs;
    } else if (event.type === "response.done") {
      report.answers++;
      report.gapsMs.push(worstGapMs);
    } else if (event.type === "error") report.errors++;
  });
  // A second of speech, then three to listen; each client begins at another moment of it.
  let tick = (index * 7) % 40;
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(tick++ % 40 < 10 ? speech : silence);
  }, chunkMs);
  socket.addEventListener("close", () => clearInterval(timer));
  return socket;
}

const sockets: WebSocket[] = [];
for (let i = 0; i < Number(clientCount); i++) {
  sockets.push(talk(i));
  await Bun.sleep(5);
}
await Bun.sleep(Number(seconds) * 1000);
for (const socket of sockets) socket.close();
process.stdout.write(JSON.stringify(report));
