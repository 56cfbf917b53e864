// When each word was said, estimated: the recognisers' graphs give out no alignment. Words are laid over the stretches of
// sound in proportion to their length, with pauses where the punctuation has them. Against the durations that Kokoro gives
// for its own sentences (six voices, 70 words) a word's start is off by 55 ms in the median, by 155 ms in the worst tenth
// and by 260 ms at most: good for captions and for what was heard before an interruption, no forced alignment.
import type { WordTime } from "./ports.ts";
import { findSoundRuns, type SampleRange } from "./speech-bounds.ts";

const samplesPerMs = 16;
/** Shorter gaps are closures inside words. */
const minPauseMs = 140;
/** More stretches than this are joined at their shortest gaps, which bounds the work. */
const maxRuns = 24;

/**
 * `pcm` at 16 kHz holds exactly these words. Times count from `offsetMs`; they are in order, do not overlap and lie
 * within the audio.
 */
export function estimateWordTimes(words: readonly string[], pcm: Float32Array, offsetMs: number): WordTime[] {
  if (words.length === 0) return [];
  const runs = joinShortestGaps(findSoundRuns(pcm, minPauseMs));
  if (runs.length === 0) runs.push({ start: 0, end: pcm.length });
  const weights = words.map(weighWord);
  const times: WordTime[] = [];
  for (const [i, count] of assignWords(words, weights, runs).entries()) {
    const run = runs[i];
    if (!run) continue;
    const first = times.length;
    const total = sumOf(weights.slice(first, first + count));
    let position = run.start;
    for (let word = first; word < first + count; word++) {
      const end = position + ((weights[word] ?? 0) / total) * (run.end - run.start);
      times.push({
        text: words[word] ?? "",
        startMs: Math.round(offsetMs + position / samplesPerMs),
        endMs: Math.round(offsetMs + end / samplesPerMs),
      });
      position = end;
    }
  }
  return times;
}

/** How long a word takes beside others: by its letters, a digit being a word of its own; the last of a phrase is drawn out. */
function weighWord(word: string): number {
  let weight = pauseMark.test(word) ? 6 : 2;
  for (const character of word) {
    if (/\p{N}/u.test(character)) weight += 4;
    else if (/\p{L}/u.test(character)) weight += 1;
  }
  return weight;
}

/** Speech pauses after these. A pause elsewhere costs as much as 0.4 s of error, which counts in both runs around it. */
const pauseMark = /[.,;:!?…]["')\]]*$/;
const unmarkedPausePenaltyMs = 800;

/** How many words each run holds: the split whose durations fit the words' weights best (dynamic programming). */
function assignWords(
  words: readonly string[],
  weights: readonly number[],
  runs: readonly SampleRange[],
): number[] {
  const durations = runs.map((run) => (run.end - run.start) / samplesPerMs);
  const msPerWeight = sumOf(durations) / sumOf(weights);
  const before: number[] = [0];
  for (const weight of weights) before.push((before.at(-1) ?? 0) + weight);
  const count = words.length;
  // cost[n] after run r: the best for the first n words in the first r + 1 runs.
  let cost = Array.from({ length: count + 1 }, (_, n) => (n === 0 ? 0 : Number.POSITIVE_INFINITY));
  const choices: number[][] = [];
  for (const duration of durations) {
    const next: number[] = [];
    const choice: number[] = [];
    for (let n = 0; n <= count; n++) {
      let best = Number.POSITIVE_INFINITY;
      let bestStart = 0;
      for (let start = 0; start <= n; start++) {
        const soFar = cost[start] ?? 0;
        if (soFar >= best) continue;
        const expected = ((before[n] ?? 0) - (before[start] ?? 0)) * msPerWeight;
        const isMarked = n === count || n === start || pauseMark.test(words[n - 1] ?? "");
        const total = soFar + Math.abs(expected - duration) + (isMarked ? 0 : unmarkedPausePenaltyMs);
        if (total < best) [best, bestStart] = [total, start];
      }
      next.push(best);
      choice.push(bestStart);
    }
    cost = next;
    choices.push(choice);
  }
  const counts: number[] = [];
  let end = count;
  for (const choice of choices.toReversed()) {
    const start = choice[end] ?? 0;
    counts.unshift(end - start);
    end = start;
  }
  return counts;
}

function joinShortestGaps(runs: SampleRange[]): SampleRange[] {
  while (runs.length > maxRuns) {
    let shortest = 1;
    const gapBefore = (i: number): number => (runs[i]?.start ?? 0) - (runs[i - 1]?.end ?? 0);
    for (let i = 2; i < runs.length; i++) if (gapBefore(i) < gapBefore(shortest)) shortest = i;
    const [left, right] = [runs[shortest - 1], runs[shortest]];
    if (!left || !right) return runs;
    runs.splice(shortest - 1, 2, { start: left.start, end: right.end });
  }
  return runs;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
