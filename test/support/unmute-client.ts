// A client of the unmute project's protocol, written from its published shape: the subprotocol `realtime`, JSON text frames,
// Ogg Opus both ways in one stream each. Everything that it is sent is judged as strictly as that project's own client does.
import { z } from "zod";
import { createEncoder } from "../../src/audio/codecs/encoder.ts";
import { decodeAudio } from "../../src/audio/codecs/decoder.ts";
import { concatPcm } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import { hearTones, speakTones } from "./fake-engines/tone-language.ts";

const base = { event_id: z.string().regex(/^event_[A-Za-z0-9]{21}$/) };
const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), ...base, ...shape });
const chat = z.array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() }));

const serverEventSchema = z.discriminatedUnion("type", [
  event("error", {
    error: z.strictObject({
      type: z.string(),
      code: z.string().nullable(),
      message: z.string().min(1),
      param: z.string().nullable(),
      details: z.null(),
    }),
  }),
  event("session.updated", {
    session: z.strictObject({
      instructions: z.looseObject({ type: z.string() }).nullable(),
      voice: z.string().nullable(),
      allow_recording: z.boolean(),
    }),
  }),
  event("response.created", {
    response: z.strictObject({
      object: z.literal("realtime.response"),
      status: z.literal("in_progress"),
      voice: z.string(),
      chat_history: chat,
    }),
  }),
  event("unmute.response.text.delta.ready", { delta: z.string().regex(/^\S+$/) }),
  event("unmute.response.audio.delta.ready", { number_of_samples: z.literal(1920) }),
  event("response.text.delta", { delta: z.string().regex(/^\S+$/) }),
  event("response.audio.delta", { delta: z.base64().min(1) }),
  event("response.text.done", { text: z.string() }),
  event("response.audio.done", {}),
  event("conversation.item.input_audio_transcription.delta", {
    delta: z.string().regex(/^\S+$/),
    start_time: z.number().min(0),
  }),
  event("input_audio_buffer.speech_started", {}),
  event("input_audio_buffer.speech_stopped", {}),
  event("unmute.interrupted_by_vad", {}),
  event("unmute.additional_outputs", {
    args: z.strictObject({
      chat_history: chat,
      debug_dict: z.object(),
      debug_plot_data: z.array(z.unknown()),
    }),
  }),
]);
export type UnmuteServerEvent = z.infer<typeof serverEventSchema>;

export interface UnmuteClient extends AsyncDisposable {
  readonly socket: WebSocket;
  readonly events: readonly UnmuteServerEvent[];
  /** Why an event is none of the protocol's. */
  readonly faults: readonly string[];
  /** Text goes as it is. */
  send(event: object | string): void;
  /** The front end's first message. */
  update(session: { instructions?: unknown; voice?: string | null; allow_recording: boolean }): void;
  /** Says it in pieces of 80 ms, without a microphone's pace. */
  speak(pcm24k: Float32Array): void;
  /** Says it in tones, with silence after it. */
  say(text: string, silenceMs?: number): void;
  waitFor(type: UnmuteServerEvent["type"], nth?: number): Promise<UnmuteServerEvent>;
  ofType<T extends UnmuteServerEvent["type"]>(type: T): Extract<UnmuteServerEvent, { type: T }>[];
  /** What the deltas of a type say, word by word. */
  words(type: "response.text.delta" | "conversation.item.input_audio_transcription.delta"): string;
  /** All the sound so far, 24 kHz; it is one Ogg stream. */
  sound(): Promise<Float32Array>;
  /** What it says in tones. */
  heardWords(): Promise<string>;
  readonly closed: Promise<{ code: number; reason: string }>;
}

export async function connectUnmute(url: string): Promise<UnmuteClient> {
  // Before the socket: a server waits for a client's first words no longer than a moment.
  const microphone = await createEncoder("opus", { sampleRateHz: 24_000 });
  const socket = new WebSocket(url, ["realtime"]);
  const events: UnmuteServerEvent[] = [];
  const faults: string[] = [];
  const waiters = new Set<() => void>();
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  socket.addEventListener("message", ({ data }) => {
    if (typeof data !== "string") faults.push("a binary frame");
    const parsed = serverEventSchema.safeParse(JSON.parse(String(data)));
    if (parsed.success) events.push(parsed.data);
    else faults.push(`${String(data).slice(0, 200)}: ${z.prettifyError(parsed.error)}`);
    for (const wake of waiters) wake();
  });
  socket.addEventListener("close", ({ code, reason }) => closed.resolve({ code, reason }));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("the socket did not open")));
  });

  const ofType = <T extends UnmuteServerEvent["type"]>(type: T) =>
    events.filter((one): one is Extract<UnmuteServerEvent, { type: T }> => one.type === type);
  const send = (value: object | string): void =>
    socket.send(typeof value === "string" ? value : JSON.stringify(value));

  const speak = (pcm: Float32Array): void => {
    for (let at = 0; at < pcm.length; at += 1920) {
      const ogg = microphone.push(pcm.subarray(at, at + 1920));
      if (ogg.length > 0) send({ type: "input_audio_buffer.append", audio: ogg.toBase64() });
    }
  };
  const sound = async (): Promise<Float32Array> => {
    const ogg = Buffer.concat(
      ofType("response.audio.delta").map(({ delta }) => Uint8Array.fromBase64(delta)),
    );
    if (ogg.length === 0) return new Float32Array();
    return (await decodeAudio(new Uint8Array(ogg), { sampleRateHz: 24_000 })).pcm;
  };

  return {
    socket,
    events,
    faults,
    send,
    closed: closed.promise,
    ofType,
    update: (session) => send({ type: "session.update", session }),
    speak,
    say(text, silenceMs = 900) {
      const spoken = concatPcm([speakTones(text), new Float32Array(silenceMs * 16)]);
      speak(resample(spoken, { fromHz: 16_000, toHz: 24_000 }));
    },
    sound,
    waitFor(type, nth = 1) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiters.delete(look);
          const seen = events
            .map((one) => (one.type === "error" ? `error ${one.error.message}` : one.type))
            .join(", ");
          reject(new Error(`${type} (${nth}) did not come; seen: ${seen}; faults: ${faults.join("; ")}`));
        }, 30_000);
        const look = (): void => {
          const found = events.filter((one) => one.type === type)[nth - 1];
          if (!found) return;
          clearTimeout(timer);
          waiters.delete(look);
          resolve(found);
        };
        waiters.add(look);
        look();
      });
    },
    words: (type) =>
      ofType(type)
        .map(({ delta }) => delta)
        .join(" "),
    heardWords: async () => hearTones(resample(await sound(), { fromHz: 24_000, toHz: 16_000 })).join(" "),
    async [Symbol.asyncDispose]() {
      microphone[Symbol.dispose]();
      socket.close();
      await closed.promise;
    },
  };
}
