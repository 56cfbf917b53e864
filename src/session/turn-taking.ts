// Whose turn it is, from the probabilities of speech that voice detection gives for each frame. Pure: positions are
// samples at 16 kHz since the session began, so it works the same for live speech and for a file sent in a burst.

export const samplesPerMs = 16;

/** Speech this long opens a turn; a click does not. */
const minSpeechMs = 96;
/** Silero's own hysteresis: a turn that is open closes only below the threshold by this much. */
const closingMargin = 0.15;

export interface TurnRules {
  /** Probability from which a frame counts as speech. */
  threshold: number;
  /** Silence that ends a turn. */
  silenceDurationMs: number;
}

export interface VoiceFrame {
  fromSample: number;
  toSample: number;
  /** 0 to 1 */
  probability: number;
  /** Loudness, dBFS. */
  levelDb: number;
}

export interface Listening {
  isSpeaking: boolean;
  /** Where the speech began that may become a turn. */
  speechFrom: number | null;
  /** Where the silence began that may end the turn. */
  silenceFrom: number | null;
}

export const quiet: Listening = { isSpeaking: false, speechFrom: null, silenceFrom: null };

export type TurnChange =
  | { type: "speech-start"; speechFrom: number }
  /** The silence that ended the turn is part of it, as in OpenAI's `audio_end_ms`. */
  | { type: "speech-stop"; toSample: number };

export function listen(
  before: Listening,
  frame: VoiceFrame,
  rules: TurnRules,
): { listening: Listening; change: TurnChange | null } {
  const isSpeech = frame.probability >= rules.threshold;
  const isSilence = frame.probability < Math.max(0.01, rules.threshold - closingMargin);
  if (!before.isSpeaking) {
    const speechFrom = isSpeech ? (before.speechFrom ?? frame.fromSample) : null;
    if (speechFrom === null || frame.toSample - speechFrom < minSpeechMs * samplesPerMs) {
      return { listening: { ...quiet, speechFrom }, change: null };
    }
    return {
      listening: { isSpeaking: true, speechFrom: null, silenceFrom: null },
      change: { type: "speech-start", speechFrom },
    };
  }
  const silenceFrom = isSpeech ? null : (before.silenceFrom ?? (isSilence ? frame.fromSample : null));
  if (silenceFrom !== null && frame.toSample - silenceFrom >= rules.silenceDurationMs * samplesPerMs) {
    return { listening: quiet, change: { type: "speech-stop", toSample: frame.toSample } };
  }
  return { listening: { ...before, silenceFrom }, change: null };
}

/** Pauses in milliseconds: after words that are surely an end, and after words that surely are none (OpenAI's figures). */
const pausesMs = {
  low: { shortest: 800, longest: 8000 },
  medium: { shortest: 500, longest: 4000 },
  auto: { shortest: 500, longest: 4000 },
  high: { shortest: 300, longest: 2000 },
};
/** Where nobody judges the words, eagerness is how long a pause may be. */
const plainPauseMs = { low: 1000, medium: 600, auto: 600, high: 400 };

/** How long a pause ends the turn, by the chance (0 to 1) that its words were the last. */
export function choosePauseMs(eagerness: keyof typeof pausesMs, endChance: number | undefined): number {
  if (endChance === undefined) return plainPauseMs[eagerness];
  const { shortest, longest } = pausesMs[eagerness];
  // What is rather an end than none is taken for one.
  const doubt = Math.max(0, 1 - 2 * endChance);
  return shortest + (longest - shortest) * doubt;
}
