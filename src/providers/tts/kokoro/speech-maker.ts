// One piece of written text → sound with word times: reading out, phonemes, the model, and the times back to the text.
import { concatPcm } from "../../../audio/pcm.ts";
import { AppError } from "../../../base/errors.ts";
import { createTextReader, type TextReader } from "../../../text/speakable-text.ts";
import type { WordTime } from "../../../speech/ports.ts";
import { type KokoroModel, type KokoroSpeech, samplesPerDuration, sampleRateHz } from "./kokoro-model.ts";
import type { Phonemizer } from "./phonemes/phonemizer.ts";
import { buildPhonemeText, type PhonemeLetter } from "./phonemes/phoneme-text.ts";
import { cutPieces } from "./piece-cutter.ts";
import { pauseMsAfter, trimSilence } from "./silence.ts";
import { paddingId, type Vocabulary } from "./vocabulary.ts";
import type { VoiceShare } from "./voice-blend.ts";
import type { VoiceStyles } from "./voice-styles.ts";
import { placeWords, type TokenTime } from "./word-times.ts";

export interface SpeechRequest {
  text: string;
  /** `text` is in the model's own letters already. */
  isPhonemes?: boolean;
  shares: readonly VoiceShare[];
  /** BCP 47 */
  language: string;
  /** 0.25 to 4 */
  speed: number;
}

export interface MadeSpeech {
  /** 24 kHz; owns its buffer. Empty when the text has nothing to say. */
  pcm: Float32Array;
  words: WordTime[];
}

export interface SpeechMaker {
  /** `pause` is awaited before each run of the model after the first, and may throw to end the work. E_ARGS (language). */
  speak(request: SpeechRequest, pause: () => Promise<void>): Promise<MadeSpeech>;
  /** Ids with the padding at both ends. E_ARGS (language). */
  phonemize(request: Pick<SpeechRequest, "text" | "language">): { phonemes: string; ids: number[] };
}

export interface SpeechMakerDependencies {
  model: KokoroModel;
  vocabulary: Vocabulary;
  styles: VoiceStyles;
  /** The first that speaks the language is asked. */
  phonemizers: readonly Phonemizer[];
}

const msPerSample = 1000 / sampleRateHz;

export function createSpeechMaker(deps: SpeechMakerDependencies): SpeechMaker {
  const { model, vocabulary, styles, phonemizers } = deps;
  const readers = new Map<string, TextReader>();
  const readerOf = (language: string): TextReader => {
    const reader = readers.get(language) ?? createTextReader(language);
    readers.set(language, reader);
    return reader;
  };

  const readOut = ({ text, language }: Pick<SpeechRequest, "text" | "language">) => {
    const phonemizer = phonemizers.find((candidate) => candidate.canSpeak(language));
    if (!phonemizer) throw new AppError("E_ARGS", `no phonemes for the language ${language}`, { language });
    const tokens = readerOf(language).read(text);
    const letters = buildPhonemeText(tokens, phonemizer, language);
    return { tokens, letters: letters.filter(({ letter }) => vocabulary.has(letter)) };
  };
  const takeLetters = (phonemes: string) => {
    const letters = [...phonemes].map((letter) => ({ letter: /\s/.test(letter) ? " " : letter, token: -1 }));
    const unknown = new Set(letters.map(({ letter }) => letter).filter((letter) => !vocabulary.has(letter)));
    if (unknown.size > 0) {
      throw new AppError("E_ARGS", `no phonemes of this model: ${[...unknown].slice(0, 10).join(" ")}`);
    }
    return { tokens: [], letters };
  };

  return {
    phonemize(request) {
      const { letters } = readOut(request);
      const ids = letters.map(({ letter }) => vocabulary.get(letter) ?? paddingId);
      return { phonemes: letters.map(({ letter }) => letter).join(""), ids: [paddingId, ...ids, paddingId] };
    },
    async speak({ text, shares, language, speed, isPhonemes = false }, pause) {
      const { tokens, letters } = isPhonemes ? takeLetters(text) : readOut({ text, language });
      const pieces = cutPieces(letters);
      const parts: Float32Array[] = [];
      const times: TokenTime[] = [];
      let madeSamples = 0;
      for (const piece of pieces) {
        // Punctuation alone has no sound, though the model would breathe.
        if (!piece.some(({ letter }) => /[\p{L}]/u.test(letter))) continue;
        if (parts.length > 0) await pause();
        const ids = piece.map(({ letter }) => vocabulary.get(letter) ?? paddingId);
        const style = await styles.getStyle(shares, ids.length);
        const speech = await model.speak({ ids: [paddingId, ...ids, paddingId], style, speed });
        const trimmed = trimSilence(speech.pcm, silenceAround(speech, piece, speed));
        times.push(...timeTokens(piece, speech.durations, madeSamples - trimmed.cutSamples));
        parts.push(trimmed.pcm);
        madeSamples += trimmed.pcm.length;
      }
      return { pcm: concatPcm(parts), words: placeWords(text, tokens, times) };
    },
  };
}

function silenceAround({ durations }: KokoroSpeech, piece: readonly PhonemeLetter[], speed: number) {
  // Behind the last sound: the marks and blanks that end the piece, and the padding.
  const sounding = piece.findLastIndex(({ letter }) => /[\p{L}]/u.test(letter));
  const behind = durations.slice(sounding + 2).reduce((sum, duration) => sum + duration, 0);
  return {
    leadSamples: (durations[0] ?? 0) * samplesPerDuration,
    tailSamples: behind * samplesPerDuration,
    pauseMs: pauseMsAfter(piece.at(-1)?.letter ?? "") / Math.max(1, speed),
  };
}

/** A token sounds from the beginning of its first letter to the end of its last. `durations` begins with the padding. */
function timeTokens(
  piece: readonly PhonemeLetter[],
  durations: readonly number[],
  offsetSamples: number,
): TokenTime[] {
  const times: TokenTime[] = [];
  let sample = offsetSamples + (durations[0] ?? 0) * samplesPerDuration;
  for (const [i, { token }] of piece.entries()) {
    const end = sample + (durations[i + 1] ?? 0) * samplesPerDuration;
    const last = times.at(-1);
    if (token >= 0 && last?.token === token) last.endMs = Math.max(0, end * msPerSample);
    else if (token >= 0) {
      times.push({
        token,
        startMs: Math.max(0, sample * msPerSample),
        endMs: Math.max(0, end * msPerSample),
      });
    }
    sample = end;
  }
  return times;
}
