// What a recogniser's engine does with one stretch of audio. The rest of hearing (where to cut, what is certain, when to
// look again) is the same for all engines and is in utterance-session.ts.

export interface HeardWord {
  text: string;
  /** The engine's own tokens of this word, where it can begin from them again. */
  tokens: readonly number[];
}

export interface DecodeRequest {
  /** 16 kHz; at most the decoder's `maxSegmentMs`. */
  pcm: Float32Array;
  /** Words that the answer begins with: they have been shown as certain. */
  prefix: readonly HeardWord[];
  /** What an earlier pass over the beginning of this audio heard after the prefix; a hint, for speed. */
  draft: readonly HeardWord[];
  language: string | undefined;
  priority: "head" | "tail";
  sessionId: string;
  signal: AbortSignal;
}

export interface DecodeResult {
  words: readonly HeardWord[];
  /** BCP 47 */
  language: string;
}

export interface SpeechDecoder {
  decode(request: DecodeRequest): Promise<DecodeResult>;
  readonly maxSegmentMs: number;
  /** True if an answer can be made to begin with given words. Only then are words called certain before their segment is done. */
  readonly keepsPrefix: boolean;
}
