// Where the time goes between the end of the user's speech and the first sound of the answer. Only looks on: it is told what
// the reducer is told and what comes of it, and decides nothing.
import type { SessionInput, SessionOutput, VoiceSessionEvent } from "./events.ts";

export type FirstAudioEvent = Extract<VoiceSessionEvent, { type: "voice-first-audio" }>;
export type InterruptionEvent = Extract<VoiceSessionEvent, { type: "voice-interruption" }>;

export interface StageTimes {
  noteInput(input: SessionInput, atMs: number): void;
  noteReplyStart(responseId: string, atMs: number): void;
  /** What is to be told of it. */
  noteOutput(output: SessionOutput, atMs: number): FirstAudioEvent | InterruptionEvent | undefined;
}

/** Arrivals that the detector has not judged; more than these are of a burst, where the first is as good as any. */
const maxArrivals = 256;

interface Reply {
  startedAtMs: number;
  /** The turn whose words it waited for. */
  turn: Heard | undefined;
  writtenAtMs: number | undefined;
  spokenAtMs: number | undefined;
  isTold: boolean;
}

/** The last turn that was over. */
interface Heard {
  itemId: string;
  /** When the audio came that made the pause long enough, or the client committed. */
  sinceMs: number;
  stoppedAtMs: number;
}

export function createStageTimes(sessionId: string): StageTimes {
  let arrivals: { toSample: number; atMs: number }[] = [];
  let judgedSample = 0;
  let heard: Heard | undefined;
  /** The words that have just become known. */
  let told: Heard | undefined;
  let current: { responseId: string; reply: Reply } | undefined;

  const noteArrival = (toSample: number, atMs: number): void => {
    if (arrivals.length < maxArrivals) arrivals.push({ toSample, atMs });
    const last = arrivals.at(-1);
    if (last && last.toSample < toSample) last.toSample = toSample;
  };

  const finish = (responseId: string, reply: Reply, atMs: number): FirstAudioEvent => {
    const { startedAtMs, turn, writtenAtMs = startedAtMs, spokenAtMs = writtenAtMs } = reply;
    const totalMs = atMs - (turn?.sinceMs ?? startedAtMs);
    const detectorMs = turn ? turn.stoppedAtMs - turn.sinceMs : null;
    const recognizerMs = turn ? startedAtMs - turn.stoppedAtMs : null;
    const replyMs = writtenAtMs - startedAtMs;
    const synthesizerMs = spokenAtMs - writtenAtMs;
    const ownMs = totalMs - (detectorMs ?? 0) - (recognizerMs ?? 0) - replyMs - synthesizerMs;
    const stages = { detectorMs, recognizerMs, replyMs, synthesizerMs, ownMs: Math.max(0, ownMs) };
    return { type: "voice-first-audio", sessionId, responseId, totalMs, ...stages };
  };

  return {
    noteInput(input, atMs) {
      told = undefined;
      switch (input.type) {
        case "audio-received":
          return noteArrival(input.toSample, atMs);
        case "voice-frame":
          judgedSample = input.frame.toSample;
          arrivals = arrivals.filter(({ toSample }) => toSample >= judgedSample);
          return;
        case "transcript":
          if (heard?.itemId === input.itemId) told = heard;
          return;
        case "reply-text":
        case "reply-written":
          if (current?.responseId === input.responseId && input.text !== "") {
            current.reply.writtenAtMs ??= atMs;
          }
          return;
        case "speech":
          if (current?.responseId === input.responseId && input.pcm.length > 0) {
            current.reply.spokenAtMs ??= atMs;
          }
          return;
        default:
          return;
      }
    },
    noteReplyStart(responseId, startedAtMs) {
      // One that begins at any other moment has waited for something else, such as the client.
      const reply = { startedAtMs, turn: told, writtenAtMs: undefined, spokenAtMs: undefined, isTold: false };
      current = { responseId, reply };
    },
    noteOutput(output, atMs) {
      switch (output.type) {
        case "speech-stopped": {
          const { itemId } = output;
          const sinceMs = arrivals.find(({ toSample }) => toSample >= judgedSample)?.atMs ?? atMs;
          heard = { itemId, sinceMs, stoppedAtMs: atMs };
          return undefined;
        }
        case "input-committed":
          if (heard?.itemId !== output.itemId) {
            heard = { itemId: output.itemId, sinceMs: atMs, stoppedAtMs: atMs };
          }
          return undefined;
        case "audio-delta": {
          if (current?.responseId !== output.responseId || current.reply.isTold) return undefined;
          current.reply.isTold = true;
          return finish(output.responseId, current.reply, atMs);
        }
        case "response-done": {
          const { id: responseId, cancelReason } = output.response;
          if (cancelReason !== "turn-detected") return undefined;
          return { type: "voice-interruption", sessionId, responseId };
        }
        default:
          return undefined;
      }
    },
  };
}
