// One stretch of the user's speech on its way through the recogniser: audio goes in while it is spoken, so that little is
// left to do when it ends. What the recogniser was given is kept until the words are there: an engine that dies in between
// costs a second run, not the utterance.
import type { Clock } from "../base/clock.ts";
import { abortReason } from "../base/deadline.ts";
import { AppError, isAbortError } from "../base/errors.ts";
import type { PartialTranscript, RecognizerSession, SpeechRecognizer, Transcript } from "../speech/ports.ts";
import { inputRateHz } from "./input-audio.ts";
import { release } from "./release.ts";

export interface UtteranceDependencies {
  /** Waits for a recogniser that is being loaded, up to `timeoutMs`. */
  getRecognizer: (timeoutMs: number, signal: AbortSignal) => Promise<SpeechRecognizer>;
  clock: Clock;
}

export interface UtteranceOptions {
  language?: string | undefined;
  onPartial?: ((partial: PartialTranscript) => void) | undefined;
  firstPartialMs?: number | undefined;
}

export interface OpenUtterance {
  /** 16 kHz; the samples must not change afterwards. */
  push(pcm: Float32Array): void;
  /** All has been pushed. Throws what the recogniser throws at the second try; E_BUSY at the deadline. */
  finish(): Promise<Transcript>;
  drop(): void;
}

/** An engine is back within 2 s of its death (spec/speech.md); this leaves it some more. */
const secondTryWaitMs = 5000;
/** Beyond the utterance's own length: recognisers are faster than speech. */
const finishTimeoutMs = 30_000;

export function openUtterance(deps: UtteranceDependencies, options: UtteranceOptions): OpenUtterance {
  const abort = new AbortController();
  const { signal } = abort;
  const pushed: Float32Array[] = [];
  let session: RecognizerSession | undefined;
  let failure: unknown;

  const open = async (timeoutMs: number): Promise<RecognizerSession> => {
    const recognizer = await deps.getRecognizer(timeoutMs, signal);
    if (signal.aborted) throw abortReason(signal);
    const { language, firstPartialMs, onPartial } = options;
    return recognizer.open({ language, firstPartialMs, partials: onPartial !== undefined, signal });
  };

  const catchUp = (opened: RecognizerSession): void => {
    try {
      for (const pcm of pushed) opened.push(pcm);
    } catch (error) {
      void release(opened);
      throw error;
    }
  };

  const opening = open(0)
    .then((opened) => {
      catchUp(opened);
      session = opened;
      if (options.onPartial) void followPartials(opened, options.onPartial);
    })
    .catch((error: unknown) => {
      failure = error;
    });

  const late = new AppError("E_BUSY", "the recogniser gave no words in time; try again in a moment");
  const finishSession = async (opened: RecognizerSession): Promise<Transcript> => {
    const samples = pushed.reduce((sum, pcm) => sum + pcm.length, 0);
    const timeoutMs = finishTimeoutMs + (samples * 1000) / inputRateHz;
    const given = Promise.withResolvers<never>();
    const onAbort = (): void => given.reject(abortReason(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    using _deadline = deps.clock.schedule(() => given.reject(late), timeoutMs);
    try {
      return await Promise.race([opened.finish(), given.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
      void release(opened);
    }
  };

  return {
    push(pcm) {
      pushed.push(pcm);
      try {
        session?.push(pcm);
      } catch (error) {
        void release(session);
        session = undefined;
        failure = error;
      }
    },
    async finish() {
      await opening;
      try {
        if (!session) throw failure;
        return await finishSession(session);
      } catch (error) {
        if (signal.aborted || isAbortError(error) || error === late) throw error;
        const again = await open(secondTryWaitMs);
        catchUp(again);
        return await finishSession(again);
      }
    },
    drop() {
      abort.abort(new AppError("E_INTERRUPTED", "the utterance was dropped"));
      void opening.then(() => release(session));
    },
  };
}

async function followPartials(
  session: RecognizerSession,
  onPartial: (partial: PartialTranscript) => void,
): Promise<void> {
  try {
    for await (const partial of session.partials) onPartial(partial);
  } catch {
    // `finish` meets the same failure, and deals with it.
    return;
  }
}
