// The features against @huggingface/transformers' own extractor, which shares no line with ours.
import { expect, test } from "bun:test";
import {
  createLogMel,
  melBands,
  melFrames,
  turnSamples,
} from "../../../../src/providers/turn/smart_turn/log-mel.ts";
import { fitTurnWindow } from "../../../../src/providers/turn/smart_turn/turn-window.ts";

/** Whisper's, of eight seconds. */
const extractorConfig = {
  feature_size: 80,
  sampling_rate: 16_000,
  hop_length: 160,
  chunk_length: 8,
  n_fft: 400,
  n_samples: turnSamples,
  nb_max_frames: 800,
  padding_value: 0,
};

async function extractReference(samples: Float32Array): Promise<Float32Array> {
  const { WhisperFeatureExtractor } = await import("@huggingface/transformers");
  const extract = new WhisperFeatureExtractor(extractorConfig) as unknown as (
    samples: Float32Array,
  ) => Promise<{ input_features: { dims: number[]; data: Float32Array } }>;
  const { input_features: features } = await extract(samples);
  expect(features.dims).toEqual([1, melBands, melFrames]);
  return features.data;
}

/** Always the same noise. */
function createNoise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) / 2 ** 23 - 1;
  };
}

const noise = createNoise(7);
const sounds: Record<string, Float32Array> = {
  "a voice with pauses": Float32Array.from({ length: turnSamples }, (_, i) => {
    const isPause = i % 24_000 > 17_000;
    return (isPause ? 0.002 : 0.4 * Math.sin(i / 21) + 0.2 * Math.sin(i / 7)) + 0.001 * noise();
  }),
  "noise at one side only": Float32Array.from({ length: turnSamples }, (_, i) => (i < 60_000 ? 0 : noise())),
  "one click": new Float32Array(turnSamples).fill(0.9, 64_000, 64_001),
  silence: new Float32Array(turnSamples),
  "a turn of a second, as the model is given it": fitTurnWindow(
    Float32Array.from({ length: 16_000 }, (_, i) => 0.1 * Math.sin(i / 9)),
  ),
};

const measure = createLogMel();
for (const [name, samples] of Object.entries(sounds)) {
  test(`the features of ${name} are those of the reference`, async () => {
    const expected = await extractReference(samples);
    const features = measure(samples);
    expect(features.length).toBe(expected.length);
    const worst = features.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? 99))),
      0,
    );
    expect(worst).toBeLessThan(1e-5);
  });
}

test("measuring leaves nothing behind for the next", () => {
  const [first, second] = Object.values(sounds) as [Float32Array, Float32Array];
  const before = measure(first);
  measure(second);
  expect(measure(first)).toEqual(before);
});
