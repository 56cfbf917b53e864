// Written text on its way → sound on its way: deltas are cut into speakable pieces, and while one piece is being listened
// to the next one is made. Speech requests and voice sessions share it.
import { throwIfAborted } from "../base/deadline.ts";
import { AppError } from "../base/errors.ts";
import type { SpeechSynthesizer, SynthesisChunk, SynthesisOptions } from "../speech/ports.ts";
import { createSentenceSplitter } from "../text/sentence-splitter.ts";
import { hasPause } from "../text/pause-marks.ts";
import { isSpeakable } from "../text/speakable-text.ts";
import { readAhead } from "./read-ahead.ts";

export interface SentenceStreamOptions extends SynthesisOptions {
  synthesizer: SpeechSynthesizer;
}

/** Chunks made ahead of the consumer: enough to hide the making of one, little to throw away at a barge-in. */
const aheadChunks = 2;
/** Of a chunk without samples, when none with samples came before it. */
const anyRateHz = 24_000;

/**
 * Chunks in order; joined, their texts are the deltas. Text that cannot be said (blanks, emoji) and has no neighbour that
 * can is a chunk without samples. The first piece is asked for as `head`, the others as `tail`, unless a priority is
 * given. The consumer may leave at any time, which cancels what is being made. Throws what the synthesizer and the deltas
 * throw; E_INTERRUPTED (signal).
 */
export async function* synthesizeStream(
  deltas: AsyncIterable<string>,
  { synthesizer, signal, ...options }: SentenceStreamOptions,
): AsyncGenerator<SynthesisChunk> {
  throwIfAborted(signal);
  const leaving = new AbortController();
  const stop = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal;

  const speak = async function* (): AsyncGenerator<SynthesisChunk> {
    let priority = options.priority ?? "head";
    let sampleRateHz = anyRateHz;
    for await (const text of cutPieces(deltas)) {
      if (!isSpeakable(text) && !hasPause(text)) {
        yield { pcm: new Float32Array(0), sampleRateHz, text, words: [] };
        continue;
      }
      for await (const chunk of synthesizer.synthesize(text, { ...options, priority, signal: stop })) {
        ({ sampleRateHz } = chunk);
        yield chunk;
      }
      priority = options.priority ?? "tail";
    }
  };

  try {
    for await (const chunk of readAhead(speak(), aheadChunks)) {
      throwIfAborted(signal);
      yield chunk;
    }
  } finally {
    leaving.abort(new AppError("E_INTERRUPTED", "nobody listens any more"));
  }
}

/** What was written is said, also when the rest fails to come. */
async function* cutPieces(deltas: AsyncIterable<string>): AsyncGenerator<string> {
  const splitter = createSentenceSplitter();
  let failure: { error: unknown } | undefined;
  try {
    for await (const delta of deltas) yield* splitter.push(delta);
  } catch (error) {
    failure = { error };
  }
  yield* splitter.finish();
  if (failure) throw failure.error;
}
