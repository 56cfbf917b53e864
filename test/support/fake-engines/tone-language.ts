// A language that needs no model: every letter is a 20 ms tone, words are 60 ms apart. What the fake synthesizer says the
// fake recognizer really hears, from the samples, so tests of what lies between are tests of audio.

const sampleRateHz = 16_000;
const letters = "abcdefghijklmnopqrstuvwxyz0123456789'";
const letterSamples = 320;
const gapSamples = 960;
const amplitude = 0.4;
const frequencyOf = (index: number): number => 400 + index * 150;

/** Letters that the language has, in lower case. */
export function toToneWords(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .map((word) => [...word].filter((letter) => letters.includes(letter)).join(""))
    .filter((word) => word !== "");
}

/** 16 kHz. */
export function speakTones(text: string): Float32Array {
  const words = toToneWords(text);
  const length = words.reduce((sum, word) => sum + word.length * letterSamples + gapSamples, gapSamples);
  const pcm = new Float32Array(length);
  let offset = gapSamples;
  for (const word of words) {
    for (const letter of word) {
      const hz = frequencyOf(letters.indexOf(letter));
      for (let i = 0; i < letterSamples; i++) {
        pcm[offset + i] = amplitude * Math.sin((2 * Math.PI * hz * i) / sampleRateHz);
      }
      offset += letterSamples;
    }
    offset += gapSamples;
  }
  return pcm;
}

/** The words in 16 kHz audio. */
export function hearTones(pcm: Float32Array): string[] {
  const words: string[] = [];
  const isSound = (i: number): boolean => Math.abs(pcm[i] ?? 0) > amplitude / 20;
  let i = 0;
  while (i < pcm.length) {
    if (!isSound(i)) {
      i += 1;
      continue;
    }
    let last = i;
    for (let j = i; j < pcm.length && j - last < gapSamples / 2; j++) if (isSound(j)) last = j;
    let word = "";
    for (let start = i; start + letterSamples / 2 < last; start += letterSamples) {
      word += letterAt(pcm.subarray(start + letterSamples / 4, start + (letterSamples * 3) / 4));
    }
    if (word !== "") words.push(word);
    i = last + 1;
  }
  return words;
}

/** The letter whose frequency has the most energy (Goertzel). */
function letterAt(pcm: Float32Array): string {
  let best = "";
  let bestPower = 0;
  for (const [index, letter] of [...letters].entries()) {
    const coefficient = 2 * Math.cos((2 * Math.PI * frequencyOf(index)) / sampleRateHz);
    let [previous, beforeThat] = [0, 0];
    for (const sample of pcm) {
      [previous, beforeThat] = [sample + coefficient * previous - beforeThat, previous];
    }
    const power = previous ** 2 + beforeThat ** 2 - coefficient * previous * beforeThat;
    if (power > bestPower) [best, bestPower] = [letter, power];
  }
  return best;
}
