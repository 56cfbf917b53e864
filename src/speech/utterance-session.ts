// One utterance on its way through a recogniser: audio comes in, is looked at now and then while it comes, is cut in
// pauses when it grows long, and is decided when it ends. One decode of an utterance runs at a time.
import { type Clock, systemClock } from "../base/clock.ts";
import { abortReason, throwIfAborted } from "../base/deadline.ts";
import { AppError, errorTable } from "../base/errors.ts";
import { createNewestValue } from "./newest-value.ts";
import type { PartialTranscript, RecognizerSession, Transcript, WordTime } from "./ports.ts";
import { findQuietPoint, findSpeechBounds, type SampleRange } from "./speech-bounds.ts";
import type { DecodeRequest, DecodeResult, HeardWord, SpeechDecoder } from "./speech-decoder.ts";
import { extendStable, splitStable } from "./stable-words.ts";
import { createUtteranceAudio } from "./utterance-audio.ts";
import { estimateWordTimes } from "./word-timing.ts";

export interface UtteranceOptions {
  language: string | undefined;
  /** What the transcript says when the engine heard nothing that has a language. */
  defaultLanguage: string;
  partials: boolean;
  /** Audio before the first look, at least. */
  firstPartialMs?: number | undefined;
  /** Audio between two looks, at least. */
  partialIntervalMs: number;
  /** Whose turn it is in the engine's queue. */
  sessionId: string;
  signal?: AbortSignal | undefined;
  /** By which looks are timed; default: the system's. */
  clock?: Pick<Clock, "nowMs"> | undefined;
  /** Called once, when the utterance is over in any way. */
  onClose(): void;
}

const samplesPerMs = 16;
/** Before that, what is heard is a guess at half a word. */
const defaultFirstPartialMs = 800;
/** Undecided audio that one utterance may hold: an hour, 230 MB. */
const maxKeptSamples = 3600 * 1000 * samplesPerMs;
/** A look may take this share of the time between looks; a slow engine is looked through less often. */
const partialShare = 0.4;

interface Pass {
  /** Relative to the segment. */
  bounds: SampleRange;
  result: DecodeResult;
}

export function createUtteranceSession(decoder: SpeechDecoder, options: UtteranceOptions): RecognizerSession {
  const { clock = systemClock } = options;
  const audio = createUtteranceAudio();
  const partials = createNewestValue<PartialTranscript>();
  const closing = new AbortController();
  const maxSegmentSamples = decoder.maxSegmentMs * samplesPerMs;
  const decided: WordTime[] = [];
  /** Where the segment that is not decided begins. */
  let segmentStart = 0;
  /** The segment's words that have been shown as certain, and what the last look at it heard. */
  let stable: readonly HeardWord[] = [];
  let lastPass: Pass | undefined;
  let lastLookEnd = 0;
  let lastLookMs = 0;
  let language = options.language ?? options.defaultLanguage;
  let look: { abort: AbortController; done: Promise<void> } | undefined;
  let finishing: Promise<Transcript> | undefined;

  const close = (reason: AppError): void => {
    if (closing.signal.aborted) return;
    closing.abort(reason);
    partials.close();
    options.signal?.removeEventListener("abort", onAbort);
    audio.dropBefore(audio.end);
    options.onClose();
  };
  const onAbort = (): void => close(abortReason(options.signal as AbortSignal));
  if (options.signal?.aborted) onAbort();
  else options.signal?.addEventListener("abort", onAbort, { once: true });

  const decode = async (
    pcm: Float32Array,
    request: Pick<DecodeRequest, "prefix" | "draft" | "priority" | "signal">,
  ): Promise<Pass | undefined> => {
    throwIfAborted(request.signal);
    const bounds = findSpeechBounds(pcm);
    if (!bounds) return undefined;
    const result = await decoder.decode({
      pcm: pcm.slice(bounds.start, bounds.end),
      language: options.language,
      sessionId: options.sessionId,
      ...request,
    });
    return { bounds, result };
  };

  /** What an earlier pass heard in this segment, beginning with what is certain. */
  const continueFrom = () => ({ prefix: stable, draft: lastPass?.result.words.slice(stable.length) ?? [] });

  /** The words of a pass are final: they get their times, and the next segment begins. */
  const decide = (pcm: Float32Array, pass: Pass | undefined, rest: readonly HeardWord[]): void => {
    if (pass) {
      const { bounds, result } = pass;
      const words = result.words.map((word) => word.text);
      const offsetMs = (segmentStart + bounds.start) / samplesPerMs;
      decided.push(...estimateWordTimes(words, pcm.subarray(bounds.start, bounds.end), offsetMs));
      language = result.language;
    }
    segmentStart += pcm.length;
    audio.dropBefore(segmentStart);
    stable = rest;
    lastPass = undefined;
    lastLookEnd = segmentStart;
  };

  const decideSegment = async (priority: "head" | "tail"): Promise<void> => {
    const window = audio.slice(segmentStart, segmentStart + maxSegmentSamples);
    const cut = findQuietPoint(window, { start: Math.floor(window.length / 2), end: window.length });
    const pcm = window.slice(0, cut);
    const { signal } = closing;
    // What has been shown may reach beyond the cut, so this pass is not bound to it; its words are matched afterwards.
    const draft = lastPass?.result.words ?? stable;
    const pass = await decode(pcm, { prefix: [], draft, priority, signal });
    const { decided: words, rest } = splitStable(stable, pass?.result.words ?? []);
    decide(pcm, pass && { ...pass, result: { ...pass.result, words } }, rest);
  };

  const lookAgain = async (signal: AbortSignal): Promise<void> => {
    const pcm = audio.slice(segmentStart, audio.end);
    lastLookEnd = audio.end;
    const startedMs = clock.nowMs();
    const pass = await decode(pcm, { ...continueFrom(), priority: "tail", signal });
    lastLookMs = clock.nowMs() - startedMs;
    if (!pass) return;
    if (decoder.keepsPrefix) stable = extendStable(stable, lastPass?.result.words ?? [], pass.result.words);
    lastPass = pass;
  };

  const showPartial = (): void => {
    if (!options.partials) return;
    const sure = [...decided, ...stable].map((word) => word.text).join(" ");
    const rest = (lastPass?.result.words ?? stable).slice(stable.length).map((word) => word.text);
    partials.set({ stableText: sure, text: [sure, ...rest].filter((text) => text !== "").join(" ") });
  };

  const isSegmentFull = (): boolean => audio.end - segmentStart > maxSegmentSamples;
  const isLookDue = (): boolean => {
    if (!options.partials) return false;
    const unseenMs = (audio.end - lastLookEnd) / samplesPerMs;
    const segmentMs = (audio.end - segmentStart) / samplesPerMs;
    const { firstPartialMs = defaultFirstPartialMs, partialIntervalMs } = options;
    if (lastLookEnd <= segmentStart) return segmentMs >= firstPartialMs;
    return segmentMs >= firstPartialMs && unseenMs >= Math.max(partialIntervalMs, lastLookMs / partialShare);
  };

  /** Begins the next decode if one is due and none runs. A failed one is only late: its audio is still there. */
  const schedule = (): void => {
    if (look || finishing || closing.signal.aborted) return;
    const isFull = isSegmentFull();
    if (!isFull && !isLookDue()) return;
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, closing.signal]);
    const work = isFull ? decideSegment("tail") : lookAgain(signal);
    const done = work.then(
      () => {
        look = undefined;
        showPartial();
        schedule();
      },
      () => {
        look = undefined;
      },
    );
    look = { abort, done };
  };

  const finishWith = async (): Promise<Transcript> => {
    // A look is for show; a segment being decided is not, and aborting only the look's signal leaves it alone.
    look?.abort.abort();
    await look?.done;
    while (isSegmentFull()) await retryOnce(() => decideSegment("head"));
    const pcm = audio.slice(segmentStart, audio.end);
    const { signal } = closing;
    const pass = isAlreadyHeard(pcm)
      ? lastPass
      : await retryOnce(() => decode(pcm, { ...continueFrom(), priority: "head", signal }));
    const durationMs = audio.end / samplesPerMs;
    // Words that were shown as certain stay, even when what is left of the audio is silence.
    const shown = { bounds: { start: 0, end: pcm.length }, result: { words: stable, language } };
    decide(pcm, pass ?? shown, []);
    const text = decided.map((word) => word.text).join(" ");
    return { text, words: decided, language, durationMs };
  };

  /** Nothing but silence came after the last look. */
  const isAlreadyHeard = (pcm: Float32Array): boolean => {
    const bounds = lastPass && findSpeechBounds(pcm);
    if (!bounds || !lastPass) return false;
    const slack = 40 * samplesPerMs;
    const { start, end } = lastPass.bounds;
    return Math.abs(start - bounds.start) <= slack && Math.abs(end - bounds.end) <= slack;
  };

  /** The engine may have died under this job; the audio is still here, and a successor is on its way. */
  const retryOnce = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AppError) || !errorTable[error.code].retryable) throw error;
      return work();
    }
  };

  return {
    push(pcm) {
      if (finishing) throw new AppError("E_ARGS", "this utterance has been finished; open another one");
      if (closing.signal.aborted) throw abortReason(closing.signal);
      if (audio.keptSamples + pcm.length > maxKeptSamples) {
        throw new AppError(
          "E_QUOTA",
          "more than an hour of audio is waiting to be recognised; cut the recording",
        );
      }
      audio.push(pcm);
      schedule();
    },
    partials,
    finish() {
      if (closing.signal.aborted && !finishing) return Promise.reject(abortReason(closing.signal));
      finishing ??= finishWith().finally(() => close(new AppError("E_INTERRUPTED", "the utterance is over")));
      return finishing;
    },
    async [Symbol.asyncDispose]() {
      close(new AppError("E_INTERRUPTED", "the utterance was dropped"));
      await look?.done;
      await finishing?.catch(() => undefined);
    },
  };
}
