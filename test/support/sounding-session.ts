// A listener at /v1/realtime to whom a character speaks: keeps account of the sound, as a player that plays what comes.
import { concatPcm, decodeS16le } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import { eventually } from "./eventually.ts";
import { hearTones } from "./fake-engines/tone-language.ts";

const bytesPerMs = 48;
/** A synthesizer that is hardly faster than its sound takes long to be ahead of it. */
const deadlineMs = 60_000;

export interface SoundingSession extends AsyncDisposable {
  /**
   * The least that the listener has had in hand since the session was opened, in ms: sound that is here and has not been
   * played. Below zero it has run dry.
   */
  readonly leastLeadMs: number;
  /** What was written of what was sent. */
  readonly transcript: string;
  /** What the sound says, in the tone language; the last word may be cut off. */
  heardWords(): string[];
}

/** Asks the character to speak, and resolves when the listener has `leadMs` of sound in hand. */
export async function openSoundingSession(
  url: string,
  character: string,
  { leadMs }: { leadMs: number },
): Promise<SoundingSession> {
  const query = `?model=${encodeURIComponent(character)}`;
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/realtime${query}`);
  const sounds: Uint8Array[] = [];
  const seen = new Set<string>();
  let transcript = "";
  let isOpened = false;
  let playedUntilMs = performance.now();
  let leastLeadMs = Number.POSITIVE_INFINITY;

  const leadNow = (): number => playedUntilMs - performance.now();
  socket.addEventListener("message", ({ data }) => {
    const event = JSON.parse(String(data)) as { type: string; delta?: string };
    seen.add(event.type);
    if (event.type === "response.output_audio_transcript.delta") transcript += event.delta;
    if (event.type !== "response.output_audio.delta") return;
    const bytes = Uint8Array.fromBase64(event.delta ?? "");
    sounds.push(bytes);
    if (isOpened) leastLeadMs = Math.min(leastLeadMs, leadNow());
    // Who ran dry plays on from here.
    playedUntilMs = Math.max(playedUntilMs, performance.now()) + bytes.length / bytesPerMs;
  });
  await eventually("a session", () => seen.has("session.created"), deadlineMs);
  socket.send(JSON.stringify({ type: "response.create" }));
  await eventually("sound in hand", () => leadNow() >= leadMs, deadlineMs);
  isOpened = true;

  return {
    get leastLeadMs() {
      return Math.min(leastLeadMs, leadNow());
    },
    get transcript() {
      return transcript;
    },
    heardWords() {
      const pcm = concatPcm(sounds.map((bytes) => decodeS16le(bytes)));
      return hearTones(resample(pcm, { fromHz: 24_000, toHz: 16_000 }));
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
      socket.close();
      await closed;
    },
  };
}
