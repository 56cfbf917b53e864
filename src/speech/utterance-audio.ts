// The sound of one utterance that has not been decided yet: grows at the end, is let go at the beginning.

export interface UtteranceAudio {
  push(pcm: Float32Array): void;
  /** A copy of [start, end), in samples from the beginning of the utterance. */
  slice(start: number, end: number): Float32Array<ArrayBuffer>;
  /** Nobody will ask for what is before. */
  dropBefore(start: number): void;
  /** Samples pushed in all. */
  readonly end: number;
  readonly keptSamples: number;
}

export function createUtteranceAudio(): UtteranceAudio {
  let buffer = new Float32Array(0);
  /** Of buffer[0] in the utterance. */
  let origin = 0;
  let start = 0;
  let end = 0;

  const moveTo = (target: Float32Array<ArrayBuffer>): void => {
    target.set(buffer.subarray(start - origin, end - origin));
    buffer = target;
    origin = start;
  };

  return {
    push(pcm) {
      // Growing by half as much again moves every sample a few times at most, however the pushes are cut.
      const needed = end - start + pcm.length;
      if (end - origin + pcm.length > buffer.length) moveTo(new Float32Array(Math.max(16_000, needed * 1.5)));
      buffer.set(pcm, end - origin);
      end += pcm.length;
    },
    slice: (from, to) => buffer.slice(from - origin, Math.min(to, end) - origin),
    dropBefore(position) {
      start = Math.min(Math.max(start, position), end);
      if (start - origin > buffer.length / 2) moveTo(new Float32Array(end - start));
    },
    get end() {
      return end;
    },
    get keptSamples() {
      return end - start;
    },
  };
}
