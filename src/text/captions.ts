// Transcripts as caption files: word times grouped into cues that fit a screen.
import { AppError } from "../base/errors.ts";

export interface TimedWord {
  text: string;
  startMs: number;
  endMs: number;
}

export interface Cue {
  startMs: number;
  endMs: number;
  text: string;
}

/** Broadcast practice: two lines of 42 characters, at most 7 seconds. */
const maxCueChars = 84;
const maxCueMs = 7000;
/** A pause this long begins a new cue. */
const cueGapMs = 1000;

/** Cues end at a sentence's end, at a long pause, or when full. */
export function buildCues(words: readonly TimedWord[]): Cue[] {
  const cues: Cue[] = [];
  let current: Cue | undefined;
  for (const word of words) {
    const isFull =
      current !== undefined &&
      (current.text.length + 1 + word.text.length > maxCueChars ||
        word.endMs - current.startMs > maxCueMs ||
        word.startMs - current.endMs > cueGapMs ||
        /[.!?…]["'”»)]*$/.test(current.text));
    if (current === undefined || isFull) {
      current = { ...word };
      cues.push(current);
    } else {
      current.text += ` ${word.text}`;
      current.endMs = word.endMs;
    }
  }
  return cues;
}

/** SubRip or WebVTT text of the cues. */
export function encodeCaptions(cues: readonly Cue[], format: "srt" | "vtt"): string {
  const mark = format === "srt" ? "," : ".";
  const blocks = cues.map((cue, index) => {
    const times = `${encodeTime(cue.startMs, mark)} --> ${encodeTime(cue.endMs, mark)}`;
    return format === "srt" ? `${index + 1}\n${times}\n${cue.text}\n` : `${times}\n${cue.text}\n`;
  });
  return (format === "vtt" ? "WEBVTT\n\n" : "") + blocks.join("\n");
}

function encodeTime(timeMs: number, mark: string): string {
  if (!Number.isFinite(timeMs) || timeMs < 0) {
    throw new AppError("E_ARGS", `a caption time must be a positive number of milliseconds, not ${timeMs}`);
  }
  const ms = Math.round(timeMs);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const clock = `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}`;
  return `${clock}${mark}${String(ms % 1000).padStart(3, "0")}`;
}
