// Whisper behind the recogniser port. It cannot be made to begin with given words, so in its partial transcripts only the
// words of segments that are decided are called certain.
import { AppError } from "../../../base/errors.ts";
import type { Engine } from "../../../speech/engine.ts";
import type { SpeechRecognizer } from "../../../speech/ports.ts";
import type { SpeechDecoder } from "../../../speech/speech-decoder.ts";
import { createUtteranceSession } from "../../../speech/utterance-session.ts";
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
  options: WhisperOptions,
): SpeechRecognizer {
  const { languages, maxSessions, partialIntervalMs } = options;
  let openCount = 0;
  let nextId = 1;

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

  return {
    id: "whisper",
    languages,
    open({ language = options.defaultLanguage, partials = false, firstPartialMs, signal } = {}) {
      // BCP 47 → the model's own codes, which have no regions.
      const code = language?.toLowerCase().split(/[-_]/)[0];
      if (code !== undefined && !languages.includes(code)) {
        const known =
          languages.length === 1 ? "English only" : `${languages.length} languages, but not ${language}`;
        throw new AppError("E_ARGS", `this Whisper model hears ${known}; choose another model or language`, {
          language,
        });
      }
      if (openCount >= maxSessions) {
        throw new AppError("E_BUSY", `${maxSessions} utterances are being heard; try again in a moment`, {
          maxSessions,
        });
      }
      openCount += 1;
      return createUtteranceSession(decoder, {
        language: code,
        defaultLanguage: code ?? languages[0] ?? "en",
        partials,
        firstPartialMs,
        partialIntervalMs,
        sessionId: `utterance-${nextId++}`,
        signal,
        onClose: () => {
          openCount -= 1;
        },
      });
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
