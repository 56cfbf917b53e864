// A synthesizer, a recognizer and a detector without models (tone-language.ts). They pass the same contract suites as the
// real ones and can be told to be slow or to fail.
import { abortReason, throwIfAborted } from "../../../src/base/deadline.ts";
import { AppError } from "../../../src/base/errors.ts";
import { measureLevel } from "../../../src/audio/level.ts";
import {
  type SpeechRecognizer,
  type SpeechSynthesizer,
  type SynthesisOptions,
  vadFrameSamples,
  type VoiceActivityDetector,
} from "../../../src/speech/ports.ts";
import type { SpeechDecoder } from "../../../src/speech/speech-decoder.ts";
import { createUtteranceSession } from "../../../src/speech/utterance-session.ts";
import { hearTones, speakTones } from "./tone-language.ts";

export interface FakeSpeechOptions {
  /** Awaited before every piece or decode: resolves when the test says so. */
  gate?: (what: string, signal: AbortSignal | undefined) => Promise<void>;
}

const voices = [
  { id: "tone-low", name: "Low", language: "en" },
  { id: "tone-high", name: "High", language: "en" },
] as const;

/** Speaks clause by clause at 16 kHz. */
export function createFakeSynthesizer({ gate }: FakeSpeechOptions = {}): SpeechSynthesizer {
  async function* synthesize(text: string, options: SynthesisOptions = {}) {
    const { voice = "tone-low", speed = 1, signal } = options;
    if (text.trim() === "") throw new AppError("E_ARGS", "there is no text to say");
    if (!voices.some(({ id }) => id === voice)) throw new AppError("E_ARGS", `no such voice: ${voice}`);
    if (!(speed >= 0.25 && speed <= 4)) throw new AppError("E_ARGS", "speed goes from 0.25 to 4");
    for (const piece of text.match(/[^,.!?]+[,.!?]*\s*|[,.!?]+\s*/g) ?? [text]) {
      throwIfAborted(signal);
      await gate?.(piece, signal);
      throwIfAborted(signal);
      const tones = speakTones(piece);
      const pcm = Float32Array.from(
        { length: Math.round(tones.length / speed) },
        (_, i) => tones[Math.floor(i * speed)] ?? 0,
      );
      const durationMs = pcm.length / 16;
      const words = piece.split(/\s+/).filter((word) => word !== "");
      yield {
        pcm,
        sampleRateHz: 16_000,
        text: piece,
        words: words.map((word, i) => ({
          text: word,
          startMs: (i / words.length) * durationMs,
          endMs: ((i + 1) / words.length) * durationMs,
        })),
      };
    }
  }
  return {
    id: "fake",
    capabilities: { streaming: true, wordTimes: true, cloning: false, languages: ["en"] },
    voices: () => voices,
    hasVoice: (voice) => voices.some(({ id }) => id === voice),
    synthesize,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Hears tones; `language` "xx" is the one it does not know. */
export function createFakeRecognizer(
  options: FakeSpeechOptions & Partial<Pick<SpeechDecoder, "maxSegmentMs" | "keepsPrefix">> = {},
): SpeechRecognizer {
  const decoder: SpeechDecoder = {
    maxSegmentMs: options.maxSegmentMs ?? 20_000,
    keepsPrefix: options.keepsPrefix ?? true,
    async decode({ pcm, prefix, signal }) {
      throwIfAborted(signal);
      await options.gate?.("decode", signal);
      if (signal.aborted) throw abortReason(signal);
      const heard = hearTones(pcm).map((text) => ({ text, tokens: [] }));
      return { words: [...prefix, ...heard.slice(prefix.length)], language: "en" };
    },
  };
  let nextId = 1;
  return {
    id: "fake",
    languages: ["en"],
    open({ language, partials = false, signal } = {}) {
      if (language === "xx") throw new AppError("E_ARGS", "the fake recognizer hears tones only");
      return createUtteranceSession(decoder, {
        language,
        defaultLanguage: "en",
        partials,
        partialIntervalMs: 100,
        sessionId: `fake-${nextId++}`,
        signal,
        // A machine that stands still for a moment has no slower ear, and so nothing is shown later or not at all.
        clock: { nowMs: () => 0 },
        onClose: () => undefined,
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Speech is whatever is louder than −40 dBFS. */
export function createFakeDetector({ gate }: FakeSpeechOptions = {}): VoiceActivityDetector {
  return {
    id: "fake",
    open() {
      let isClosed = false;
      return {
        async push(frame) {
          if (frame.length !== vadFrameSamples) throw new AppError("E_ARGS", "a frame has 512 samples");
          if (isClosed) throw new AppError("E_INTERRUPTED", "the stream was closed");
          const probability = measureLevel(frame).rms > 0.01 ? 0.97 : 0.02;
          await gate?.("frame", undefined);
          return probability;
        },
        reset: () => undefined,
        [Symbol.asyncDispose]() {
          isClosed = true;
          return Promise.resolve();
        },
      };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
