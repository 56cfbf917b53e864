// What a voice session costs beside its models: stand-in engines that take no time, real sockets on loopback. With --real
// the time to the first sound by stage, and what each thing that is done early brings (session-stages.ts).
//   bun scripts/benchmarks/session.ts [--sessions 200] [--seconds 10] [--rounds 200]
//   bun scripts/benchmarks/session.ts --real [--rounds 12] [--first-token-ms 300] [--token-ms 20]
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { createRealtime } from "../../src/server/realtime/create-realtime.ts";
import type { RealtimeConnection } from "../../src/server/realtime/port.ts";
import { synthesizeStream } from "../../src/session/sentence-stream.ts";
import { createFakeServices, sayWords } from "../../test/support/fake-services.ts";
import type { FirstAudioEvent } from "../../src/session/stage-times.ts";
import { measureStages, quantile } from "./session-stages.ts";
import { createStandInSpeech } from "./stand-in-engines.ts";

const bytesPerMs = 48;
const answer = "One two three four five six. ".repeat(3);

interface Figures {
  median: number;
  p99: number;
  max: number;
}

export interface SessionFigures {
  /** From the last audio of the user's turn to the first audio of the answer, as the client sees it. */
  endOfSpeechToFirstAudioMs: Figures;
  /** The same as the server counts it: engines that take no time leave what is the session's own. */
  stagesMs: Record<"detector" | "recognizer" | "reply" | "synthesizer" | "own", Figures>;
  /** From the audio in which the user is noticed to the last audio of the character. */
  bargeInToLastAudioMs: Figures;
  sessions: number;
  answers: number;
  eventLoopDelayMs: { p50: number; p99: number; max: number };
  /** The same of a process that does nothing, at the same time: the machine's own share. */
  idleProcessDelayMs: { p50: number; p99: number };
  /** Answers in which a listener ran dry, and for how long at worst. */
  audioGaps: { count: number; worstMs: number };
  /** Resident memory of this process, the client's end of each socket included. */
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
  return { url: `ws://127.0.0.1:${server.port}/v1/realtime?model=Gertrude`, stop, events: services.events };
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

const summarize = (values: readonly number[]): Figures => ({
  median: quantile(values, 0.5),
  p99: quantile(values, 0.99),
  max: Math.max(...values),
});

async function measureFirstAudio(rounds: number): Promise<{ delays: number[]; stages: FirstAudioEvent[] }> {
  const { url, stop, events } = startServer("Yes, I am here now.");
  const delays: number[] = [];
  const stages: FirstAudioEvent[] = [];
  using _subscription = events.subscribe((event) => {
    if (event.type === "voice-first-audio") stages.push(event as typeof event & FirstAudioEvent);
  });
  for (let round = 0; round < rounds; round++) {
    // Speech over the answer before would have to be told from a cough first.
    const client = await connect(url);
    client.socket.send(speechBytes(600));
    client.socket.send(silenceBytes(440));
    await Bun.sleep(5);
    const heard = client.next("response.output_audio.delta");
    const ended = client.next("response.done");
    const sentMs = performance.now();
    client.socket.send(silenceBytes(160));
    delays.push((await heard) - sentMs);
    await ended;
    client.socket.close();
  }
  await stop();
  return { delays, stages };
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
    // Sound that the recogniser says nothing of may be a cough for 750 ms; what counts is the piece with which it is none.
    client.socket.send(speechBytes(700));
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
  // First of all: what others have let go of would be taken for what sessions do not need.
  const idleSessionKb = await measureIdle(Math.max(500, options.sessions));
  await measureFirstAudio(10);
  const first = await measureFirstAudio(options.rounds);
  const barge = await measureBargeIn(Math.ceil(options.rounds / 3));
  const stage = (name: "detectorMs" | "recognizerMs" | "replyMs" | "synthesizerMs" | "ownMs"): Figures =>
    summarize(first.stages.flatMap((event) => event[name] ?? []));
  const { report, delay, idleDelay } = await measureCrowd(options.sessions, options.seconds);
  // A network's own jitter is not ours: less than a frame of sound is no gap.
  const gaps = report.gapsMs.filter((ms) => ms > 20);
  return {
    endOfSpeechToFirstAudioMs: summarize(first.delays),
    stagesMs: {
      detector: stage("detectorMs"),
      recognizer: stage("recognizerMs"),
      reply: stage("replyMs"),
      synthesizer: stage("synthesizerMs"),
      own: stage("ownMs"),
    },
    bargeInToLastAudioMs: summarize(barge),
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
      rounds: { type: "string" },
      real: { type: "boolean", default: false },
      "first-token-ms": { type: "string", default: "300" },
      "token-ms": { type: "string", default: "20" },
    },
  });
  if (values.real) {
    await measureStages({
      rounds: Number(values.rounds ?? 12),
      firstTokenMs: Number(values["first-token-ms"]),
      tokenMs: Number(values["token-ms"]),
    });
    process.exit(0);
  }
  const figures = await measureSession({
    sessions: Number(values.sessions),
    seconds: Number(values.seconds),
    rounds: Number(values.rounds ?? 200),
  });
  console.log(JSON.stringify(figures, null, 2));
}
