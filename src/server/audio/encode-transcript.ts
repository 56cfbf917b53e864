// A transcript in the formats that OpenAI's clients ask for.
import { deflateSync } from "node:zlib";
import type { Transcript } from "../../speech/ports.ts";
import { buildCues, type Cue, encodeCaptions } from "../../text/captions.ts";

/** Cues by word times; without them the whole is one. */
export function buildSegments(transcript: Transcript, durationSeconds: number): Cue[] {
  const { text, words } = transcript;
  if (words && words.length > 0) return buildCues(words);
  return text === "" ? [] : [{ startMs: 0, endMs: durationSeconds * 1000, text }];
}

export const encodeSubtitles = (
  transcript: Transcript,
  durationSeconds: number,
  format: "srt" | "vtt",
): string => encodeCaptions(buildSegments(transcript, durationSeconds), format);

export function encodeVerbose(
  transcript: Transcript,
  durationSeconds: number,
  granularities: readonly ("word" | "segment")[],
) {
  const { text, language, words } = transcript;
  const wantsWords = granularities.includes("word") && words !== undefined;
  return {
    task: "transcribe" as const,
    language: nameLanguage(language),
    duration: roundMs(durationSeconds),
    text,
    ...(granularities.includes("segment") && {
      segments: buildSegments(transcript, durationSeconds).map(encodeSegment),
    }),
    ...(wantsWords && {
      words: words.map((word) => ({
        word: word.text,
        start: roundMs(word.startMs / 1000),
        end: roundMs(word.endMs / 1000),
      })),
    }),
    usage: { type: "duration" as const, seconds: Math.ceil(durationSeconds) },
  };
}

/** The engines decode greedily (temperature 0) and report neither tokens nor probabilities: those are empty and 0. */
function encodeSegment({ startMs, endMs, text }: Cue, id: number) {
  return {
    id,
    seek: 0,
    start: roundMs(startMs / 1000),
    end: roundMs(endMs / 1000),
    text,
    tokens: [],
    temperature: 0,
    avg_logprob: 0,
    compression_ratio: measureCompression(text),
    no_speech_prob: 0,
  };
}

/** How much smaller zlib makes the text: above 2.4 a recogniser that repeats itself (OpenAI's own rule of thumb). */
function measureCompression(text: string): number {
  const bytes = new TextEncoder().encode(text);
  return bytes.length === 0 ? 0 : Math.round((bytes.length / deflateSync(bytes).length) * 100) / 100;
}

const roundMs = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/** `en` → `english`, as OpenAI's verbose form names languages. */
function nameLanguage(tag: string): string {
  try {
    return (new Intl.DisplayNames(["en"], { type: "language" }).of(tag) ?? tag).toLowerCase();
  } catch (error) {
    // What is no language tag is shown as it is.
    if (error instanceof RangeError) return tag;
    throw error;
  }
}
