// What a voice session costs beside its models: stand-in engines that take no time, real sockets on loopback.
//   bun scripts/benchmarks/session.ts [--sessions 200] [--seconds 10] [--rounds 60]
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { createRealtime } from "../../src/server/realtime/create-realtime.ts";
import type { RealtimeConnection } from "../../src/server/realtime/port.ts";
import { synthesizeStream } from "../../src/session/sentence-stream.ts";
import { createFakeServices, sayWords } from "../../test/support/fake-services.ts";
import { createStandInSpeech } from "./stand-in-engines.ts";

const bytesPerMs = 48;
const answer = "One two three four five six. ".repeat(3);

export interface SessionFigures {
  /** From the last audio of the user's turn to the first audio of the answer, as the client sees it. */
  endOfSpeechToFirstAudioMs: { median: number; p95: number };
  /** From the audio in which the user is noticed to the last audio of the character. */
  bargeInToLastAudioMs: { median: number; max: number };
  sessions: number;
  answers: number;
  eventLoopDelayMs: { p50: number; p99: number; max: number };
  /** The same of a process that does nothing, at the same time: the machine's own share. */
  idleProcessDelayMs: { p50: number; p99: number };
  /** Answers in which a listener ran dry, and for how long at worst. */
  audioGaps: { count: number; worstMs: number };
  idleSessionKb: number;
}

function startServer(script: string) {
  const services = createFakeServices({ speech: createStandInSpeech() });
  services.script = sayWords(script);
  const realtime = createRealtime(services, { maxSessions: 2000 }, { speakText: synthesizeStream });
  const server = Bun.serve<RealtimeConnection>({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, socket) => realtime.upgrade(request, socket),
    websocket: realtime.websocket,
  });
  const stop = async (): Promise<void> => {
    await realtime[Symbol.asyncDispose]();
    await server.stop(true);
  };
  return { url: `ws://127.0.0.1:${server.port}/v1/realtime?model=Gertrude`, stop };
}

const speechBytes = (ms: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(ms * bytesPerMs);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < bytes.length / 2; i++) view.setInt16(i * 2, Math.sin(i / 10) * 9000, true);
  return bytes;
};
const silenceBytes = (ms: number): Uint8Array<ArrayBuffer> => new Uint8Array(ms * bytesPerMs);

interface Client {
  socket: WebSocket;
  next(type: string): Promise<number>;
  lastMs(type: string): number;
}

async function connect(url: string): Promise<Client> {
  const socket = new WebSocket(url);
  const lastMs = new Map<string, number>();
  const waiting = new Map<string, (atMs: number) => void>();
  socket.addEventListener("message", ({ data }) => {
    const atMs = performance.now();
    // The type stands first; parsing the audio would be the client's time.
    const type = /"type":"([^"]+)"/.exec(String(data).slice(0, 80))?.[1] ?? "";
    lastMs.set(type, atMs);
    waiting.get(type)?.(atMs);
    waiting.delete(type);
  });
  const client: Client = {
    socket,
    next: (type) => new Promise((resolve) => waiting.set(type, resolve)),
    lastMs: (type) => lastMs.get(type) ?? 0,
  };
  await client.next("session.created");
  return client;
}

const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

async function measureFirstAudio(rounds: number): Promise<number[]> {
  const { url, stop } = startServer("Yes, I am here now.");
  const delays: number[] = [];
  const client = await connect(url);
  for (let round = 0; round < rounds; round++) {
    client.socket.send(speechBytes(600));
    client.socket.send(silenceBytes(440));
    await Bun.sleep(5);
    const heard = client.next("response.output_audio.delta");
    const ended = client.next("response.done");
    const sentMs = performance.now();
    client.socket.send(silenceBytes(160));
    delays.push((await heard) - sentMs);
    await ended;
  }
  client.socket.close();
  await stop();
  return delays;
}

async function measureBargeIn(rounds: number): Promise<number[]> {
  const { url, stop } = startServer(answer.repeat(20));
  const delays: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const client = await connect(url);
    const heard = client.next("response.output_audio.delta");
    client.socket.send(JSON.stringify({ type: "response.create" }));
    await heard;
    await Bun.sleep(20);
    const ended = client.next("response.done");
    // Up to 500 ms of sound may still be a cough; what counts is the piece with which it is speech.
    client.socket.send(speechBytes(440));
    await Bun.sleep(20);
    const sentMs = performance.now();
    client.socket.send(speechBytes(160));
    await ended;
    await Bun.sleep(20);
    delays.push(
      Math.max(
        0,
        client.lastMs("response.output_audio.delta") - sentMs,
        client.lastMs("response.done") - sentMs,
      ),
    );
    client.socket.close();
  }
  await stop();
  return delays;
}

async function measureCrowd(sessions: number, seconds: number) {
  const { url, stop } = startServer(answer);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const program = new URL("session-client.ts", import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, program, url, `${sessions}`, `${seconds}`], { stdout: "pipe" });
  // Counted once everybody is there.
  await Bun.sleep(sessions * 6 + 500);
  delay.enable();
  const idleProgram = new URL("idle-loop.ts", import.meta.url).pathname;
  const idle = Bun.spawn([process.execPath, idleProgram, `${seconds - 1}`], { stdout: "pipe" });
  const [output, idleOutput] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(idle.stdout).text(),
  ]);
  delay.disable();
  await stop();
  const report = JSON.parse(output) as { answers: number; errors: number; gapsMs: number[] };
  if (report.errors > 0) throw new Error(`${report.errors} errors`);
  return { report, delay, idleDelay: JSON.parse(idleOutput) as { p50: number; p99: number } };
}

async function measureIdle(sessions: number): Promise<number> {
  const { url, stop } = startServer(answer);
  const clients: Client[] = [];
  for (let i = 0; i < 20; i++) clients.push(await connect(url));
  Bun.gc(true);
  const before = process.memoryUsage().rss;
  for (let i = 0; i < sessions; i++) clients.push(await connect(url));
  Bun.gc(true);
  const grown = process.memoryUsage().rss - before;
  for (const { socket } of clients) socket.close();
  await stop();
  return grown / sessions / 1000;
}

export async function measureSession(options: {
  sessions: number;
  seconds: number;
  rounds: number;
}): Promise<SessionFigures> {
  await measureFirstAudio(10);
  const first = await measureFirstAudio(options.rounds);
  const barge = await measureBargeIn(Math.ceil(options.rounds / 3));
  const idleSessionKb = await measureIdle(options.sessions);
  const { report, delay, idleDelay } = await measureCrowd(options.sessions, options.seconds);
  // A network's own jitter is not ours: less than a frame of sound is no gap.
  const gaps = report.gapsMs.filter((ms) => ms > 20);
  return {
    endOfSpeechToFirstAudioMs: { median: quantile(first, 0.5), p95: quantile(first, 0.95) },
    bargeInToLastAudioMs: { median: quantile(barge, 0.5), max: Math.max(...barge) },
    sessions: options.sessions,
    answers: report.answers,
    eventLoopDelayMs: {
      p50: delay.percentile(50) / 1e6,
      p99: delay.percentile(99) / 1e6,
      max: delay.max / 1e6,
    },
    idleProcessDelayMs: idleDelay,
    audioGaps: { count: gaps.length, worstMs: Math.max(0, ...report.gapsMs) },
    idleSessionKb,
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      sessions: { type: "string", default: "200" },
      seconds: { type: "string", default: "10" },
      rounds: { type: "string", default: "60" },
    },
  });
  const figures = await measureSession({
    sessions: Number(values.sessions),
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
  });
  console.log(JSON.stringify(figures, null, 2));
}
