// A plain client of /v1/realtime that keeps everything it was sent and judges it.
import { concatPcm, decodeS16le, encodeS16le } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import { judgeByAgents } from "./agents-schema.ts";
import { speaksBeta } from "../../src/server/realtime/beta.ts";
import { judgeByOpenAi } from "./openai-types.ts";
import { hearTones, speakTones } from "./fake-engines/tone-language.ts";
import { createInvariantChecker, type ServerEvent } from "./realtime-invariants.ts";

export interface RealtimeClient extends AsyncDisposable {
  readonly events: readonly ServerEvent[];
  readonly socket: WebSocket;
  send(event: Readonly<Record<string, unknown>> & { type: string }): void;
  /** The `nth` event of the type (or that passes), past or future; rejects after 30 s with what was seen. */
  waitFor(accept: string | ((event: ServerEvent) => boolean), nth?: number): Promise<ServerEvent>;
  ofType(type: string): ServerEvent[];
  /** Says it in tones, with silence after it, in pieces of 100 ms. */
  say(text: string, options?: { silenceMs?: number }): void;
  append(pcm16k: Float32Array): void;
  /** The text of all `field`s of the events of a type. */
  joined(type: string, field?: string): string;
  /** What the sound of an item (or all) says. */
  heardWords(itemId?: string): string;
  /** What breaks the rules in what was sent. */
  findFaults(options?: { isCut?: boolean }): string[];
  readonly closed: Promise<{ code: number; reason: string }>;
}

export async function connectRealtime(
  url: string,
  options: { protocols?: string[]; headers?: Record<string, string> } = {},
): Promise<RealtimeClient> {
  const { headers, protocols } = options;
  // Bun's own second argument, which the DOM's types do not know.
  const init = { ...(protocols && { protocols }), ...(headers && { headers }) } as unknown as string[];
  const socket = new WebSocket(url, init);
  const isBeta = speaksBeta(new Headers(headers), protocols ?? []);
  const events: ServerEvent[] = [];
  const checker = createInvariantChecker();
  const faults: string[] = [];
  const waiters = new Set<() => void>();
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  socket.addEventListener("message", ({ data }) => {
    const event = JSON.parse(String(data)) as ServerEvent;
    events.push(event);
    checker.push(event);
    for (const judged of [judgeByAgents(event), isBeta ? undefined : judgeByOpenAi(event)]) {
      if (judged !== undefined) faults.push(judged);
    }
    for (const wake of waiters) wake();
  });
  socket.addEventListener("close", ({ code, reason }) => closed.resolve({ code, reason }));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("the socket did not open")));
  });

  const send: RealtimeClient["send"] = (event) => socket.send(JSON.stringify(event));
  const append = (pcm16k: Float32Array): void => {
    const bytes = encodeS16le(resample(pcm16k, { fromHz: 16_000, toHz: 24_000 }));
    for (let i = 0; i < bytes.length; i += 4800) {
      send({ type: "input_audio_buffer.append", audio: bytes.subarray(i, i + 4800).toBase64() });
    }
  };

  return {
    events,
    socket,
    send,
    append,
    closed: closed.promise,
    waitFor(accept, nth = 1) {
      const test = typeof accept === "string" ? (e: ServerEvent) => e.type === accept : accept;
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const found = events.filter(test)[nth - 1];
          if (!found) return;
          clearTimeout(timer);
          waiters.delete(look);
          resolve(found);
        };
        const timer = setTimeout(() => {
          waiters.delete(look);
          const seen = events.map((event) => event.type).join(", ");
          reject(new Error(`${String(accept)} (${nth}) did not come; seen: ${seen}`));
        }, 30_000);
        waiters.add(look);
        look();
      });
    },
    ofType: (type) => events.filter((event) => event.type === type),
    say(text, { silenceMs = 800 } = {}) {
      append(concatPcm([speakTones(text), new Float32Array(silenceMs * 16)]));
    },
    joined: (type, field = "delta") =>
      events
        .filter((event) => event.type === type)
        .map((event) => String(event[field]))
        .join(""),
    heardWords(itemId) {
      const deltas = events.filter(
        (event) =>
          event.type === "response.output_audio.delta" &&
          (itemId === undefined || event["item_id"] === itemId),
      );
      const pcm = concatPcm(deltas.map(({ delta }) => decodeS16le(Uint8Array.fromBase64(String(delta)))));
      return hearTones(resample(pcm, { fromHz: 24_000, toHz: 16_000 })).join(" ");
    },
    findFaults: (how) => [...faults, ...checker.finish(how)],
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed.promise;
      // Also where the test has asked for something else alone.
      if (isBeta) return;
      const found = [...faults, ...checker.finish({ isCut: true })];
      if (found.length > 0) throw new Error(`what was sent breaks the rules: ${found.join("; ")}`);
    },
  };
}
