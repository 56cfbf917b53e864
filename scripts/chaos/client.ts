// One talker who behaves badly: speaks, interrupts, sends nonsense, goes without a word, comes back. Everything that it is
// told is held against the rules of a voice session.
import { createInvariantChecker, type ServerEvent } from "../../test/support/realtime-invariants.ts";

export interface Tally {
  talks: number;
  answers: number;
  failedAnswers: number;
  interruptions: number;
  cuts: number;
  refused: number;
  lastFailure: string;
  breaches: string[];
}

export interface ClientOptions {
  url: string;
  /** A question, 24 kHz s16le. */
  question: Uint8Array;
  random: () => number;
  tally: Tally;
  signal: AbortSignal;
}

const chunkMs = 100;
const chunkBytes = chunkMs * 48;
const silence = new Uint8Array(chunkBytes);

export async function talkBadly(options: ClientOptions): Promise<void> {
  const { random, tally, signal } = options;
  while (!signal.aborted) {
    tally.talks++;
    await talkOnce(options).catch(() => void tally.refused++);
    await pause(random() * 500, signal);
  }
}

async function talkOnce({ url, question, random, tally, signal }: ClientOptions): Promise<void> {
  const socket = new WebSocket(url);
  const checker = createInvariantChecker();
  const waiting = new Set<() => void>();
  let last = "";
  let isClosed = false;
  const opened = Promise.withResolvers<void>();
  socket.addEventListener("open", () => opened.resolve());
  socket.addEventListener("error", () => opened.reject(new Error("refused")));
  socket.addEventListener("close", () => {
    isClosed = true;
    opened.reject(new Error("closed"));
    for (const wake of waiting) wake();
  });
  socket.addEventListener("message", ({ data }) => {
    const event = JSON.parse(String(data)) as ServerEvent;
    checker.push(event);
    last = event.type;
    if (event.type === "response.done") {
      tally.answers++;
      const { status, status_details } = event["response"] as {
        status: string;
        status_details?: { error?: { code: string; message: string } };
      };
      if (status === "failed") {
        tally.failedAnswers++;
        tally.lastFailure = status_details?.error?.message ?? "";
      }
    }
    for (const wake of waiting) wake();
  });
  await opened.promise;

  const until = async (type: string, limitMs: number): Promise<void> => {
    const endMs = performance.now() + limitMs;
    while (!isClosed && !signal.aborted && last !== type && performance.now() < endMs) {
      const woken = Promise.withResolvers<void>();
      waiting.add(woken.resolve);
      await Promise.race([woken.promise, pause(endMs - performance.now(), signal)]);
      waiting.delete(woken.resolve);
    }
  };
  const say = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.length && !isClosed && !signal.aborted; at += chunkBytes) {
      socket.send(bytes.slice(at, at + chunkBytes));
      await pause(chunkMs, signal);
    }
    for (let i = 0; i < 9 && !isClosed && !signal.aborted; i++) {
      socket.send(silence);
      await pause(chunkMs, signal);
    }
  };

  const turns = 1 + Math.floor(random() * 4);
  for (let turn = 0; turn < turns && !isClosed && !signal.aborted; turn++) {
    const mood = random();
    if (mood < 0.15) socket.send(random() < 0.5 ? "{" : JSON.stringify({ type: "response.cancel" }));
    await say(question);
    if (mood < 0.5) await until("response.done", 30_000);
    else if (mood < 0.8) {
      // Talks into the answer.
      await until("response.output_audio.delta", 15_000);
      tally.interruptions++;
    } else {
      await pause(random() * 2000, signal);
      break;
    }
  }
  if (random() < 0.5) {
    tally.cuts++;
    // Bun's own, which the DOM's types do not know: no close frame, no goodbye.
    (socket as unknown as { terminate(): void }).terminate();
  } else socket.close();
  tally.breaches.push(...checker.finish({ isCut: true }));
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, Math.max(0, ms));
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
