// The ports of speech: what an engine can do, in types. Nothing above knows which engine runs.
// Samples are float32 mono in [-1, 1]; recognisers and detectors take 16 kHz.

export interface WordTime {
  text: string;
  /** From the first sample of the chunk (synthesis) or of the utterance (recognition). */
  startMs: number;
  endMs: number;
}

/** One piece of synthesised speech, in the order in which it is to be heard. */
export interface SynthesisChunk {
  /** The consumer owns the buffer. */
  pcm: Float32Array;
  sampleRateHz: number;
  /** The written text of this piece. Joined, the pieces' texts give back the whole text. */
  text: string;
  words?: WordTime[];
}

export interface SynthesisOptions {
  /** A voice id of this synthesizer, or a blend where it knows blends: `af_bella(2)+af_sky(1)`. */
  voice?: string | undefined;
  /** 0.25 to 4; default 1. */
  speed?: number | undefined;
  /** BCP 47; default is the voice's own. */
  language?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Whose turn it is in the engine's queue: requests of different sessions are served in turns. */
  sessionId?: string | undefined;
  /** Serve before other sessions' `tail` pieces: `head` is the first piece of an answer. Default `tail`. */
  priority?: "head" | "tail" | undefined;
}

export interface VoiceDescription {
  id: string;
  name: string;
  /** BCP 47 */
  language: string;
  gender?: "female" | "male" | undefined;
}

export interface SynthesizerCapabilities {
  streaming: boolean;
  wordTimes: boolean;
  cloning: boolean;
  languages: readonly string[];
}

/** What a model reads, for authors who look at how a text is said, or say it otherwise. */
export interface PhonemeSpeech {
  /** The letters and their ids, as one input of the model has them, padding included. E_ARGS (empty text, language). */
  phonemize(
    text: string,
    options?: Pick<SynthesisOptions, "language" | "signal" | "sessionId">,
  ): Promise<{ phonemes: string; ids: readonly number[] }>;
  /** Says letters as they are. Throws as `SpeechSynthesizer.synthesize`; E_ARGS for a letter that the model does not know. */
  synthesize(phonemes: string, options?: SynthesisOptions): AsyncIterable<SynthesisChunk>;
}

export interface SpeechSynthesizer extends AsyncDisposable {
  readonly id: string;
  readonly capabilities: SynthesizerCapabilities;
  /** Of one whose model reads phonemes. */
  readonly phonemes?: PhonemeSpeech | undefined;
  voices(): readonly VoiceDescription[];
  /** True for every voice string that `synthesize` takes, blends included. */
  hasVoice(voice: string): boolean;
  /**
   * Chunks as they are made. Throws E_ARGS (empty text, unknown voice, speed out of range), E_BUSY (queue full, engine
   * stopped), E_INTERRUPTED (signal).
   */
  synthesize(text: string, options?: SynthesisOptions): AsyncIterable<SynthesisChunk>;
}

export interface PartialTranscript {
  /** Words that will not be taken back. */
  stableText: string;
  /** stableText and the guess that follows it. */
  text: string;
}

export interface Transcript {
  text: string;
  /** Times from the first pushed sample. */
  words?: WordTime[];
  /** BCP 47 */
  language: string;
  durationMs: number;
}

export interface RecognizerSession extends AsyncDisposable {
  /** 16 kHz; copied before the call returns. */
  push(pcm: Float32Array): void;
  /** One consumer; ends at finish(). Only the newest is kept for a slow consumer. */
  readonly partials: AsyncIterable<PartialTranscript>;
  finish(): Promise<Transcript>;
}

export interface RecognizerOptions {
  /** BCP 47; default: the engine's, or detected where it can. */
  language?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Ask for partial transcripts while audio is pushed; default false. */
  partials?: boolean | undefined;
  /** Audio before the first of them, at least; default 800, since less is a guess at half a word. */
  firstPartialMs?: number | undefined;
}

export interface SpeechRecognizer extends AsyncDisposable {
  readonly id: string;
  readonly languages: readonly string[];
  /** Weights are shared; utterance state is the session's. Throws E_BUSY when too many are open. */
  open(options?: RecognizerOptions): RecognizerSession;
}

/** Samples in a frame of voice detection: 32 ms at 16 kHz. */
export const vadFrameSamples = 512;

export interface VoiceActivityStream extends AsyncDisposable {
  /** Exactly vadFrameSamples samples at 16 kHz → probability of speech, 0 to 1. Frames answer in order. */
  push(frame: Float32Array): Promise<number>;
  /** Forgets what was heard. */
  reset(): void;
}

export interface VoiceActivityDetector extends AsyncDisposable {
  readonly id: string;
  open(): VoiceActivityStream;
}

/** Transcript so far → probability that the speaker's turn is over. */
export interface TurnDetector {
  readonly id: string;
  detect(transcript: string): number;
}

/** The sound of a turn so far → probability that it is over. */
export interface AudioTurnDetector extends AsyncDisposable {
  readonly id: string;
  /**
   * 16 kHz, the newest last; not to be changed before the answer. Of a long turn its end is what counts. Throws E_BUSY
   * (queue full, engine stopped, still loading), E_INTERRUPTED (signal).
   */
  judge(
    pcm: Float32Array,
    options?: { signal?: AbortSignal | undefined; sessionId?: string | undefined },
  ): Promise<number>;
}

export type ProviderState =
  /** `note`: what it says of itself while it works, such as that it is getting faster. */
  | { state: "ready"; note?: string }
  | { state: "loading"; detail: string }
  | { state: "not-installed" | "missing-credentials" | "incompatible" | "disabled"; reason: string };
