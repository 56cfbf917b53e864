// Kokoro behind the port: checks what is asked, cuts the text into pieces, and has the engine speak them one by one, so
// that a cancel is heard between two and other sessions get their turn.
import { throwIfAborted } from "../../../base/deadline.ts";
import { AppError } from "../../../base/errors.ts";
import type { Engine } from "../../../speech/engine.ts";
import type { SpeechSynthesizer, SynthesisChunk, SynthesisOptions } from "../../../speech/ports.ts";
import { guessLanguage } from "../../../text/language-guess.ts";
import { type PauseStretch, splitPauses } from "../../../text/pause-marks.ts";
import { splitSentences } from "../../../text/sentence-splitter.ts";
import { isSpeakable } from "../../../text/speakable-text.ts";
import { sampleRateHz } from "./kokoro-model.ts";
import type { MadeSpeech, SpeechRequest } from "./speech-maker.ts";
import { leadingVoice, parseVoiceBlend } from "./voice-blend.ts";
import { kokoroLanguages, kokoroVoices, languageOfVoice } from "./voices.ts";

export interface KokoroSynthesizerOptions {
  /** Spoken with when none is named. */
  defaultVoice: string;
  /** BCP 47 primary subtags that can be spoken. */
  canSpeak: (languageTag: string) => boolean;
}

export const [minSpeed, maxSpeed] = [0.25, 4];

export function createKokoroSynthesizer(
  { engine }: { engine: Engine },
  options: KokoroSynthesizerOptions,
): SpeechSynthesizer {
  const speakPiece = async (text: string, request: Omit<SpeechRequest, "text">, job: SynthesisOptions) => {
    const { signal, sessionId, priority } = job;
    const made = await engine.run("speak", { ...request, text }, { signal, sessionId, priority });
    return made as MadeSpeech;
  };

  const voices = kokoroVoices.filter(({ language }) => options.canSpeak(language));
  return {
    id: "kokoro",
    capabilities: {
      streaming: true,
      wordTimes: true,
      cloning: false,
      languages: kokoroLanguages.filter(options.canSpeak),
    },
    voices: () => voices,
    phonemes: {
      async phonemize(text, { language = "en-US", signal, sessionId } = {}) {
        throwIfAborted(signal);
        const { language: spoken } = checkRequest(text, { language }, options);
        const made = await engine.run("phonemize", { text, language: spoken }, { signal, sessionId });
        return made as { phonemes: string; ids: number[] };
      },
      async *synthesize(phonemes, job = {}) {
        throwIfAborted(job.signal);
        const request = { ...checkRequest(phonemes, job, options), isPhonemes: true };
        yield { ...(await speakPiece(phonemes, request, job)), sampleRateHz, text: phonemes };
      },
    },
    hasVoice(voice) {
      try {
        return options.canSpeak(languageOfVoice(leadingVoice(parseVoiceBlend(voice))));
      } catch {
        return false;
      }
    },
    async *synthesize(text, job = {}): AsyncGenerator<SynthesisChunk> {
      throwIfAborted(job.signal);
      const request = checkRequest(text, job, options);
      let priority = job.priority;
      for (const piece of cutText(text, priority !== "tail")) {
        throwIfAborted(job.signal);
        if (piece.kind === "pause") {
          yield { pcm: silence(piece, request.speed), sampleRateHz, text: piece.text, words: [] };
          continue;
        }
        const language =
          job.language === undefined
            ? chooseLanguage(piece.text, request.language, options.canSpeak)
            : request.language;
        const made = await speakPiece(piece.text, { ...request, language }, { ...job, priority });
        priority = "tail";
        yield { ...made, sampleRateHz, text: piece.text };
      }
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

/** Throws E_ARGS, with what would be right. */
function checkRequest(
  text: string,
  { voice, speed = 1, language }: SynthesisOptions,
  options: KokoroSynthesizerOptions,
): Omit<SpeechRequest, "text"> {
  if (!isSpeakable(text) && splitPauses(text).every(({ kind }) => kind === "text")) {
    throw new AppError("E_ARGS", "there is nothing to say: the text has neither a letter nor a digit");
  }
  if (!(speed >= minSpeed && speed <= maxSpeed)) {
    throw new AppError("E_ARGS", `speed is ${speed}; it must be from ${minSpeed} to ${maxSpeed}`, { speed });
  }
  const shares = parseVoiceBlend(voice ?? options.defaultVoice);
  const ofVoice = languageOfVoice(leadingVoice(shares));
  // "en" means the English of the voice.
  const isOwn = language === undefined || ofVoice.toLowerCase().startsWith(`${language.toLowerCase()}-`);
  const spoken = isOwn ? ofVoice : language;
  if (!options.canSpeak(spoken)) {
    const known = kokoroLanguages.filter(options.canSpeak).join(", ");
    const cure = "choose another voice or language, or the phonemizer espeak";
    throw new AppError("E_ARGS", `kokoro does not speak ${spoken} here, but ${known}; ${cure}`, {
      language: spoken,
    });
  }
  return { shares, speed, language: spoken };
}

type TextPiece = { kind: "text"; text: string } | PauseStretch;

function* cutText(text: string, isFirstShort: boolean): Generator<TextPiece> {
  let isFirst = isFirstShort;
  for (const stretch of splitPauses(text)) {
    if (stretch.kind === "pause") yield stretch;
    else {
      for (const piece of splitSentences(stretch.text, { isFirstShort: isFirst })) {
        yield { kind: "text", text: piece };
      }
      isFirst = false;
    }
  }
}

/** A bilingual character has one voice and two languages: what is plainly French is read as French. */
function chooseLanguage(text: string, ofVoice: string, canSpeak: (tag: string) => boolean): string {
  const guess = guessLanguage(text);
  const isOwn = guess === undefined || ofVoice.toLowerCase().startsWith(guess);
  return isOwn || !canSpeak(guess) ? ofVoice : guess;
}

function silence({ durationMs }: PauseStretch, speed: number): Float32Array {
  return new Float32Array(Math.round((durationMs / 1000 / speed) * sampleRateHz));
}
