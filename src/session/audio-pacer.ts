// Sound leaves as soon as it exists, at most so far ahead of what the listener can have heard; and what the listener has
// heard is estimated from when it left. Pure: the moments are handed in.
import type { SpokenWord } from "./heard-words.ts";

/** Long enough to be cheap, short enough that little is lost when it is cut. */
export const sliceMs = 200;

/** What goes out as one delta. */
export interface AudioSlice {
  pcm: Float32Array;
  /** From the start of the item's audio. */
  startMs: number;
  durationMs: number;
  /** The words that begin in this slice. */
  words: readonly SpokenWord[];
}

/** Cuts a piece of speech into slices; each word goes with the slice in which it begins. */
export function sliceSpeech(
  pcm: Float32Array,
  sampleRateHz: number,
  startMs: number,
  words: readonly SpokenWord[],
): AudioSlice[] {
  const sliceSamples = Math.round((sliceMs * sampleRateHz) / 1000);
  const count = Math.max(1, Math.ceil(pcm.length / sliceSamples));
  const toMs = (samples: number): number => startMs + (samples * 1000) / sampleRateHz;
  let taken = 0;
  return Array.from({ length: count }, (_, index) => {
    const samples = pcm.subarray(index * sliceSamples, (index + 1) * sliceSamples);
    const endMs = toMs(index * sliceSamples + samples.length);
    const first = taken;
    while (taken < words.length && (index === count - 1 || (words[taken]?.startMs ?? 0) < endMs)) taken++;
    return {
      pcm: samples,
      startMs: toMs(index * sliceSamples),
      durationMs: (samples.length * 1000) / sampleRateHz,
      words: words.slice(first, taken),
    };
  });
}

/** How one item's audio is being played, supposing that the listener plays what comes, when it comes. */
export interface Playback {
  itemId: string;
  sentMs: number;
  /** The listener has said how much was heard, and knows better than we can reckon. */
  isTold: boolean;
  /** Stretches without a gap; a new one begins where the listener ran dry. */
  stretches: readonly { fromMs: number; startsAtMs: number; durationMs: number }[];
}

export function beginPlayback(itemId: string): Playback {
  return { itemId, sentMs: 0, isTold: false, stretches: [] };
}

/** Notes that `durationMs` more have left at `atMs`; `busyUntilMs` is when an earlier item's audio ends. */
export function notePlayback(
  playback: Playback,
  durationMs: number,
  atMs: number,
  busyUntilMs: number,
): Playback {
  const last = playback.stretches.at(-1);
  const sentMs = playback.sentMs + durationMs;
  if (last && last.startsAtMs + last.durationMs >= atMs) {
    const longer = { ...last, durationMs: last.durationMs + durationMs };
    return { ...playback, sentMs, stretches: [...playback.stretches.slice(0, -1), longer] };
  }
  const stretch = { fromMs: playback.sentMs, startsAtMs: Math.max(atMs, busyUntilMs), durationMs };
  return { ...playback, sentMs, stretches: [...playback.stretches, stretch] };
}

/** The listener has said how much it has heard, and has dropped the rest. */
export function cutPlayback(playback: Playback, atMs: number): Playback {
  const stretches = playback.stretches
    .filter(({ startsAtMs }) => startsAtMs < atMs)
    .map((stretch) => ({ ...stretch, durationMs: Math.min(stretch.durationMs, atMs - stretch.startsAtMs) }));
  return { ...playback, isTold: true, stretches };
}

/** Milliseconds of the item's audio that the listener can have heard by `atMs`. */
export function playedMs(playback: Playback, atMs: number): number {
  let played = 0;
  for (const { fromMs, startsAtMs, durationMs } of playback.stretches) {
    if (startsAtMs <= atMs) played = fromMs + Math.min(durationMs, atMs - startsAtMs);
  }
  return played;
}

/** When the last of what was sent will have been heard. */
export function playbackEndMs(playback: Playback): number {
  const last = playback.stretches.at(-1);
  return last ? last.startsAtMs + last.durationMs : 0;
}
