// Plays answers as their sound arrives, and knows to the millisecond what has been heard of them.

export const sampleRateHz = 24_000;
/** Scheduled this far ahead of now when nothing sounds, so that a late chunk does not tear. */
const leadSeconds = 0.06;
/** Cut sound fades this fast: below what an ear takes for a click. */
const fadeSeconds = 0.012;
/** A segment that is over is kept so long: it may still be on its way through the loudspeaker's buffers. */
const keptSeconds = 1;
/** Items whose length is remembered after their sound is over. */
const rememberedItems = 16;

export interface Playback {
  itemId: string;
  /** Of this item's sound, heard so far. */
  heardMs: number;
}

export interface Player {
  /** Lets sound out; browsers want to be asked inside a click or key press. */
  unlock(): Promise<void>;
  /** float32 mono at 24 kHz, after all that came before. */
  play(itemId: string, samples: Float32Array<ArrayBuffer>): void;
  /** What sounds or waits to sound, in order. */
  queue(): readonly Playback[];
  /** 0 for what has not begun. */
  heardMs(itemId: string): number;
  /** Silences everything at once. */
  stop(): void;
  /** How the mouth stands now: both 0 to 1. */
  mouth(): { open: number; wide: number };
  setMuted(isMuted: boolean): void;
  close(): void;
}

export interface PlayerOptions {
  /** The items that sound or wait, whenever they have changed. */
  onQueue: (items: readonly string[]) => void;
  /** The browser keeps the sound back until the user touches the page. */
  onBlocked: (isBlocked: boolean) => void;
}

interface Segment {
  itemId: string;
  source: AudioBufferSourceNode;
  startSeconds: number;
  endSeconds: number;
  /** Of its item, before this segment. */
  offsetMs: number;
  isOver: boolean;
}

export function createPlayer({ onQueue, onBlocked }: PlayerOptions): Player {
  const context = new AudioContext({ sampleRate: sampleRateHz });
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  const volume = context.createGain();
  analyser.connect(volume).connect(context.destination);
  const wave = new Float32Array(analyser.fftSize);

  let segments: Segment[] = [];
  let told = "";
  /** Everything that sounds goes through this; a cut takes it away and the next sound gets a new one. */
  let fader: GainNode | undefined;
  /** Made of each item, so that the next segment knows where it begins; heard of those that are over. */
  const madeMs = new Map<string, number>();
  const endedMs = new Map<string, number>();

  const listItems = (): string[] => [
    ...new Set(segments.filter(({ isOver }) => !isOver).map(({ itemId }) => itemId)),
  ];
  const tellQueue = (): void => {
    const items = listItems();
    if (items.join() === told) return;
    told = items.join();
    onQueue(items);
  };
  context.addEventListener("statechange", () => onBlocked(context.state !== "running"));

  const remember = (map: Map<string, number>, itemId: string, ms: number): void => {
    map.delete(itemId);
    map.set(itemId, ms);
    const [oldest] = map.keys();
    if (map.size > rememberedItems && oldest !== undefined) map.delete(oldest);
  };
  const heardMs = (itemId: string): number => {
    // Not every browser knows how long its sound takes to the loudspeaker.
    const latencySeconds = (context.outputLatency as number | undefined) ?? 0;
    const nowSeconds = context.currentTime - latencySeconds;
    const current = segments.findLast(
      (segment) => segment.itemId === itemId && segment.startSeconds <= nowSeconds,
    );
    if (!current) return endedMs.get(itemId) ?? 0;
    return current.offsetMs + (Math.min(nowSeconds, current.endSeconds) - current.startSeconds) * 1000;
  };
  const end = (segment: Segment): void => {
    if (segment.isOver) return;
    segment.isOver = true;
    const limit = context.currentTime - keptSeconds;
    for (const { itemId, offsetMs, startSeconds, endSeconds } of segments) {
      if (endSeconds < limit) remember(endedMs, itemId, offsetMs + (endSeconds - startSeconds) * 1000);
    }
    segments = segments.filter(({ endSeconds }) => endSeconds >= limit);
    tellQueue();
  };

  return {
    async unlock() {
      await context.resume();
    },
    play(itemId, samples) {
      if (samples.length === 0) return;
      const buffer = context.createBuffer(1, samples.length, sampleRateHz);
      buffer.copyToChannel(samples, 0);
      if (!fader) {
        fader = context.createGain();
        fader.connect(analyser);
      }
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(fader);
      const startSeconds = Math.max(segments.at(-1)?.endSeconds ?? 0, context.currentTime + leadSeconds);
      const offsetMs = madeMs.get(itemId) ?? 0;
      const endSeconds = startSeconds + buffer.duration;
      const segment: Segment = { itemId, source, startSeconds, endSeconds, offsetMs, isOver: false };
      remember(madeMs, itemId, offsetMs + buffer.duration * 1000);
      segments.push(segment);
      source.addEventListener("ended", () => end(segment));
      source.start(startSeconds);
      if (context.state !== "running") onBlocked(true);
      tellQueue();
    },
    queue: () => listItems().map((itemId) => ({ itemId, heardMs: heardMs(itemId) })),
    heardMs,
    stop() {
      const now = context.currentTime;
      for (const { source, isOver } of segments) if (!isOver) source.stop(now + fadeSeconds);
      fader?.gain.setTargetAtTime(0, now, fadeSeconds / 4);
      fader = undefined;
      for (const { itemId } of segments) remember(endedMs, itemId, heardMs(itemId));
      segments = [];
      tellQueue();
    },
    mouth() {
      if (listItems().length === 0 || context.state !== "running") return { open: 0, wide: 0 };
      analyser.getFloatTimeDomainData(wave);
      return readMouth(wave);
    },
    setMuted(isMuted) {
      volume.gain.value = isMuted ? 0 : 1;
    },
    close() {
      segments = [];
      void context.close();
    },
  };
}

/**
 * Loudness opens the mouth; sound that crosses zero often (e, i, s) widens it, sound that does not (o, u) rounds it.
 * The limits were set by ear and eye on speech at −20 dBFS.
 */
export function readMouth(wave: Float32Array): { open: number; wide: number } {
  let power = 0;
  let crossings = 0;
  for (const [i, sample] of wave.entries()) {
    power += sample * sample;
    if (i > 0 && sample < 0 !== (wave[i - 1] ?? 0) < 0) crossings++;
  }
  const rms = Math.sqrt(power / wave.length);
  const open = Math.min(1, Math.max(0, (rms - 0.012) * 6.5));
  const wide = Math.min(1, Math.max(0, (crossings / wave.length - 0.02) * 9));
  return { open, wide: open === 0 ? 0 : wide };
}
