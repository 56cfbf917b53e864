// A recogniser out of an engine that decodes stretches of audio: it opens utterances, so many at once.
import { AppError } from "../base/errors.ts";
import type { Engine } from "./engine.ts";
import type { SpeechRecognizer } from "./ports.ts";
import type { SpeechDecoder } from "./speech-decoder.ts";
import { createUtteranceSession, type UtteranceOptions } from "./utterance-session.ts";

export interface UtteranceRecognizerOptions extends Pick<SpeechRecognizer, "id" | "languages"> {
  /** Utterances that may be open at once. */
  maxSessions: number;
  /** Audio between two partial transcripts, at least. */
  partialIntervalMs: number;
  /** What the engine is told for the BCP 47 tag that a caller names, if one is named. Throws E_ARGS for one that it cannot hear. */
  selectLanguage: (tag: string | undefined) => Pick<UtteranceOptions, "language" | "defaultLanguage">;
}

/** Owns the engine. */
export function createUtteranceRecognizer(
  { engine, decoder }: { engine: Engine; decoder: SpeechDecoder },
  options: UtteranceRecognizerOptions,
): SpeechRecognizer {
  const { id, languages, maxSessions, partialIntervalMs, selectLanguage } = options;
  let openCount = 0;
  let nextId = 1;
  return {
    id,
    languages,
    open({ language, partials = false, firstPartialMs, signal } = {}) {
      const spoken = selectLanguage(language);
      if (openCount >= maxSessions) {
        throw new AppError("E_BUSY", `${maxSessions} utterances are being heard; try again in a moment`, {
          maxSessions,
        });
      }
      openCount += 1;
      return createUtteranceSession(decoder, {
        ...spoken,
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
