// Engines that take no time: what is left is the time of everything else.
import { measureLevel } from "../../src/audio/level.ts";
import type { SpeechSynthesizer } from "../../src/speech/ports.ts";
import type { SpeechSystem } from "../../src/speech/provider.ts";

const sampleRateHz = 24_000;
const tone = Float32Array.from(
  { length: sampleRateHz },
  (_, i) => 0.3 * Math.sin((i * 2 * Math.PI * 220) / sampleRateHz),
);

/** One second of a tone for each piece of text. */
const synthesizer: SpeechSynthesizer = {
  id: "stand-in",
  capabilities: { streaming: true, wordTimes: false, cloning: false, languages: ["en"] },
  voices: () => [{ id: "tone", name: "Tone", language: "en" }],
  hasVoice: (voice) => voice === "tone",
  async *synthesize(text) {
    yield { pcm: tone, sampleRateHz, text };
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

export function createStandInSpeech(): SpeechSystem {
  const ready = { provider: "stand-in", state: { state: "ready" } } as const;
  return {
    start: () => Promise.resolve(),
    status: () => ({ tts: ready, asr: ready, vad: ready }),
    synthesizer: () => Promise.resolve(synthesizer),
    recognizer: () =>
      Promise.resolve({
        id: "stand-in",
        languages: ["en"],
        open: () => ({
          push: () => undefined,
          partials: (async function* () {})(),
          finish: () => Promise.resolve({ text: "hello there", language: "en", durationMs: 0 }),
          [Symbol.asyncDispose]: () => Promise.resolve(),
        }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
    detector: () =>
      Promise.resolve({
        id: "stand-in",
        open: () => ({
          push: (frame) => Promise.resolve(measureLevel(frame).rms > 0.01 ? 0.97 : 0.02),
          reset: () => undefined,
          [Symbol.asyncDispose]: () => Promise.resolve(),
        }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
    listProviders: () => Promise.resolve([]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
