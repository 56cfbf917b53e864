// Whisper behind the recogniser port. It cannot be made to begin with given words, so in its partial transcripts only the
// words of segments that are decided are called certain.
import { AppError } from "../../../base/errors.ts";
import type { Engine } from "../../../speech/engine.ts";
import type { SpeechRecognizer } from "../../../speech/ports.ts";
import type { SpeechDecoder } from "../../../speech/speech-decoder.ts";
import { createUtteranceRecognizer } from "../../../speech/utterance-recognizer.ts";
import type { TranscribeAnswer, TranscribeRequest } from "./model.ts";

export interface WhisperOptions {
  /** ISO 639, what the model knows. */
  languages: readonly string[];
  /** When a caller names none; undefined listens which it is. */
  defaultLanguage: string | undefined;
  /** Utterances that may be open at once. */
  maxSessions: number;
  /** Audio between two partial transcripts, at least. */
  partialIntervalMs: number;
}

/** The model's window is 30 s. */
const maxSegmentMs = 28_000;
/** The largest model needs about this long for a full window on a small machine. */
const jobTimeoutMs = 300_000;

/** Owns the engine. */
export function createWhisperRecognizer(
  { engine }: { engine: Engine },
  { languages, defaultLanguage, ...options }: WhisperOptions,
): SpeechRecognizer {
  const decoder: SpeechDecoder = {
    maxSegmentMs,
    keepsPrefix: false,
    async decode({ pcm, language, priority, sessionId, signal }) {
      const params: TranscribeRequest = { pcm, language };
      const answer = await engine.run("transcribe", params, {
        priority,
        sessionId,
        signal,
        timeoutMs: jobTimeoutMs,
      });
      const { words, language: heard } = answer as TranscribeAnswer;
      return { words: words.map((text) => ({ text, tokens: [] })), language: heard };
    },
  };

  const selectLanguage = (tag = defaultLanguage) => {
    // BCP 47 → the model's own codes, which have no regions.
    const language = tag?.toLowerCase().split(/[-_]/)[0];
    if (language === undefined || languages.includes(language)) {
      return { language, defaultLanguage: language ?? languages[0] ?? "en" };
    }
    const known = languages.length === 1 ? "English only" : `${languages.length} languages, but not ${tag}`;
    throw new AppError("E_ARGS", `this Whisper model hears ${known}; choose another model or language`, {
      language: tag,
    });
  };
  return createUtteranceRecognizer(
    { engine, decoder },
    { id: "whisper", languages, selectLanguage, ...options },
  );
}
