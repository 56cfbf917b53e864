// Moonshine behind the recogniser port: English, partial transcripts, words that are never taken back.
import { AppError } from "../../../base/errors.ts";
import type { Engine } from "../../../speech/engine.ts";
import type { SpeechRecognizer } from "../../../speech/ports.ts";
import type { HeardWord, SpeechDecoder } from "../../../speech/speech-decoder.ts";
import { createUtteranceRecognizer } from "../../../speech/utterance-recognizer.ts";
import type { TranscribeRequest } from "./model.ts";

export interface MoonshineOptions {
  /** Utterances that may be open at once. */
  maxSessions: number;
  /** Audio between two partial transcripts, at least. */
  partialIntervalMs: number;
}

/** The model was trained on up to 30 s; it is quadratic in length and beyond that begins to invent. */
const maxSegmentMs = 20_000;
/** A segment takes half a second on two cores. */
const jobTimeoutMs = 30_000;

/** Owns the engine. */
export function createMoonshineRecognizer(
  { engine }: { engine: Engine },
  options: MoonshineOptions,
): SpeechRecognizer {
  const decoder: SpeechDecoder = {
    maxSegmentMs,
    keepsPrefix: true,
    async decode({ pcm, prefix, draft, priority, sessionId, signal }) {
      const params: TranscribeRequest = {
        pcm,
        prefix: prefix.flatMap((word) => word.tokens),
        draft: draft.flatMap((word) => word.tokens),
      };
      const options = { priority, sessionId, signal, timeoutMs: jobTimeoutMs };
      const words = (await engine.run("transcribe", params, options)) as HeardWord[];
      return { words, language: "en" };
    },
  };

  const selectLanguage = (tag: string | undefined) => {
    if (tag === undefined || /^en(-|$)/i.test(tag)) return { language: tag, defaultLanguage: "en" };
    throw new AppError(
      "E_ARGS",
      `Moonshine hears English only, not ${tag}; choose the recognizer \`whisper\` for other languages`,
      { language: tag },
    );
  };
  const languages = ["en"];
  return createUtteranceRecognizer(
    { engine, decoder },
    { id: "moonshine", languages, selectLanguage, ...options },
  );
}
