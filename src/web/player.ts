// Plays an answer's audio as it arrives, and knows what has been heard of it.
import { decodePcm16 } from "./pcm-base64.ts";

export const sampleRateHz = 24_000;
/** Scheduled this far ahead of now, so that a late chunk does not tear. */
const leadSeconds = 0.06;

export interface Playback {
  itemId: string;
  /** Of this item, heard so far. */
  playedMs: number;
}

export interface Player {
  /** Resumes the sound; browsers want this inside a click or key press. */
  unlock(): Promise<void>;
  play(itemId: string, base64: string): void;
  /** What sounds now, or the last thing that did. */
  position(): Playback | undefined;
  isPlaying(): boolean;
  /** Silences everything at once; gives what had been heard of the item that sounded. */
  stop(): Playback | undefined;
  /** Loudness now, 0 to 1, for the mouth. */
  level(): number;
  setVolume(volume: number): void;
}

interface Segment {
  itemId: string;
  source: AudioBufferSourceNode;
  startSeconds: number;
  durationSeconds: number;
  /** Of its item, before this segment. */
  offsetMs: number;
}

export function createPlayer(): Player {
  const context = new AudioContext({ sampleRate: sampleRateHz });
  const gain = context.createGain();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  gain.connect(analyser);
  analyser.connect(context.destination);
  const wave = new Float32Array(analyser.fftSize);

  let segments: Segment[] = [];
  let endSeconds = 0;
  const itemMs = new Map<string, number>();

  const position = (): Playback | undefined => {
    const now = context.currentTime;
    const current = segments.findLast((segment) => segment.startSeconds <= now) ?? segments[0];
    if (!current) return undefined;
    const inside = Math.max(0, Math.min(current.durationSeconds, now - current.startSeconds));
    return { itemId: current.itemId, playedMs: current.offsetMs + inside * 1000 };
  };
  const isPlaying = (): boolean => segments.length > 0 && context.currentTime < endSeconds;

  return {
    unlock: () => context.resume(),
    play(itemId, base64) {
      const samples = decodePcm16(base64);
      if (samples.length === 0) return;
      const buffer = context.createBuffer(1, samples.length, sampleRateHz);
      buffer.copyToChannel(samples, 0);
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(gain);
      const startSeconds = Math.max(endSeconds, context.currentTime + leadSeconds);
      source.start(startSeconds);
      const offsetMs = itemMs.get(itemId) ?? 0;
      segments.push({ itemId, source, startSeconds, durationSeconds: buffer.duration, offsetMs });
      itemMs.set(itemId, offsetMs + buffer.duration * 1000);
      endSeconds = startSeconds + buffer.duration;
      // What was heard is kept only as far as `position` needs it.
      const now = context.currentTime;
      const firstLive = segments.findIndex((segment) => segment.startSeconds + segment.durationSeconds > now);
      if (firstLive > 1) segments = segments.slice(firstLive - 1);
    },
    position,
    isPlaying,
    stop() {
      const heard = isPlaying() ? position() : undefined;
      for (const segment of segments) segment.source.stop();
      segments = [];
      endSeconds = 0;
      return heard;
    },
    level() {
      if (!isPlaying()) return 0;
      analyser.getFloatTimeDomainData(wave);
      let sum = 0;
      for (const sample of wave) sum += sample * sample;
      return Math.min(1, Math.sqrt(sum / wave.length) * 5);
    },
    setVolume(volume) {
      gain.gain.value = volume;
    },
  };
}
