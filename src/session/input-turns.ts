// What comes in: the audio buffer, the user's turns, and the words that were understood. The samples themselves stay with
// the runner; here are only their positions.
import { silenceText } from "../reply/plain-messages.ts";
import { noteWords, replyEarly } from "./early-reply.ts";
import {
  addUserItem,
  closeTurn,
  commit,
  dropUtterance,
  forgetBefore,
  openUtterance,
  refuseToHear,
  toMs,
} from "./input-buffer.ts";
import {
  announceHeld,
  beginSpeech,
  considerMurmur,
  endMurmur,
  hearMurmur,
  learnLevel,
  openTurn,
  settleMurmur,
} from "./murmur.ts";
import { chanceOfEnd, judgePause, notePauseJudged } from "./pause-judgement.ts";
import { answerIfOwed, armSilence, beginReply, createResponse, planResponse } from "./responses.ts";
import { settleInterruption } from "./resumption.ts";
import type { TurnDetection } from "./session-config.ts";
import type { PendingTranscript, Utterance } from "./state.ts";
import {
  type InputOf,
  lookUpItem,
  makeId,
  perform,
  refuse,
  send,
  type Step,
  storeItem,
  update,
  updateInput,
  updateResponse,
} from "./step.ts";
import {
  choosePauseMs,
  type Listening,
  listen,
  quiet,
  samplesPerMs,
  type TurnRules,
  type VoiceFrame,
} from "./turn-taking.ts";

/** OpenAI's smallest commit. */
const minCommitMs = 100;
/** Kept before the speech that may come, so that a client's own commit finds it; silence older than this is let go. */
const keptSilenceMs = 2000;

export function onAudioReceived(step: Step, { toSample }: InputOf<"audio-received">): void {
  updateInput(step, { receivedSample: toSample });
  // With voice detection on, the recogniser follows what has been judged; without it, what has come.
  if (step.state.config.turnDetection !== null) return;
  openUtterance(step);
  perform(step, { type: "extend-utterance", toSample });
}

export function onVoiceFrame(step: Step, { frame }: InputOf<"voice-frame">): void {
  const { turnDetection } = step.state.config;
  // Answers for audio that has been committed or cleared meanwhile come too late to matter.
  if (turnDetection === null || frame.fromSample < step.state.input.judgedSample) return;
  const { listening: before, utterance } = step.state.input;
  const { listening, change } = listen(before, frame, rulesOf(turnDetection, utterance, before));
  updateInput(step, { listening, judgedSample: frame.toSample });
  if (change?.type === "speech-start") beginSpeech(step, change.speechFrom);
  noteLevel(step, frame, turnDetection);
  if (change === null) considerMurmur(step);
  const { isTurnOpen, murmur, startSample } = step.state.input;
  if (isTurnOpen || murmur) perform(step, { type: "extend-utterance", toSample: frame.toSample });
  if (change === null) judgePause(step);
  if (change?.type === "speech-stop") {
    if (murmur) {
      endMurmur(step, change.toSample, turnDetection.createResponse);
      return;
    }
    closeTurn(step, change.toSample);
    commit(step, change.toSample, turnDetection.createResponse);
  } else if (!isTurnOpen && !murmur) {
    const kept = frame.toSample - keptSilenceMs * samplesPerMs;
    if (kept > startSample) forgetBefore(step, kept);
  }
}

/** Speech that has just begun counts from the frame in which that was found. */
function noteLevel(step: Step, frame: VoiceFrame, detection: NonNullable<TurnDetection>): void {
  const { utterance } = step.state.input;
  const isSpeech = frame.probability >= thresholdOf(detection);
  if (!utterance || !isSpeech || frame.levelDb <= (utterance.levelDb ?? Number.NEGATIVE_INFINITY)) return;
  updateInput(step, { utterance: { ...utterance, levelDb: frame.levelDb } });
}

const thresholdOf = (detection: NonNullable<TurnDetection>): number =>
  detection.type === "server-vad" ? detection.threshold : 0.5;

function rulesOf(
  detection: NonNullable<TurnDetection>,
  utterance: Utterance | null,
  { silenceFrom }: Listening,
): TurnRules {
  const threshold = thresholdOf(detection);
  if (detection.type === "server-vad") return { threshold, silenceDurationMs: detection.silenceDurationMs };
  const endChance = chanceOfEnd(utterance, silenceFrom);
  return { threshold, silenceDurationMs: choosePauseMs(detection.eagerness, endChance) };
}

export function commitByClient(step: Step, eventId: string | undefined): void {
  const { receivedSample, startSample } = step.state.input;
  const bufferedMs = (receivedSample - startSample) / samplesPerMs;
  if (bufferedMs < minCommitMs) {
    const message = `the buffer has ${bufferedMs.toFixed(2)} ms of audio; a commit needs at least ${minCommitMs} ms`;
    refuse(step, eventId, "input_audio_buffer_commit_empty", message);
    return;
  }
  if (refuseToHear(step, eventId)) return;
  if (step.state.input.murmur) openTurn(step);
  else announceHeld(step);
  closeTurn(step, receivedSample);
  commit(step, receivedSample, false);
  listenAgain(step, receivedSample);
}

export function clearByClient(step: Step): void {
  const { receivedSample } = step.state.input;
  closeTurn(step, receivedSample);
  dropUtterance(step);
  updateInput(step, { murmur: null });
  update(step, { interrupted: null });
  forgetBefore(step, receivedSample);
  listenAgain(step, receivedSample);
  send(step, { type: "input-cleared" });
  answerIfOwed(step);
}

function listenAgain(step: Step, sample: number): void {
  updateInput(step, { listening: quiet, judgedSample: sample });
  if (step.state.config.turnDetection !== null) perform(step, { type: "listen-from", sample });
}

/** Turn detection was switched on or off: what has not been committed is neither lost nor taken twice. */
export function switchDetection(step: Step, before: TurnDetection): void {
  const { turnDetection } = step.state.config;
  const { receivedSample, startSample } = step.state.input;
  if ((before === null) === (turnDetection === null)) return;
  if (turnDetection === null) {
    perform(step, { type: "listen-from", sample: null });
    closeTurn(step, receivedSample);
    updateInput(step, { murmur: null });
    if (receivedSample > startSample) {
      openUtterance(step);
      perform(step, { type: "extend-utterance", toSample: receivedSample });
    }
    answerIfOwed(step);
  } else {
    dropUtterance(step);
    listenAgain(step, startSample);
  }
}

export function onPartialTranscript(step: Step, input: InputOf<"partial-transcript">): void {
  const { itemId, partial, endChance, mayReplyEarly } = input;
  const { utterance, pending } = step.state.input;
  const known = utterance?.itemId === itemId ? utterance : pending.find((p) => p.itemId === itemId);
  if (!known) return;
  if (utterance && known === utterance) {
    updateInput(step, { utterance: { ...utterance, endChance, mayReplyEarly } });
    hearMurmur(step, partial.text);
  }
  const isUntold = known === utterance ? step.state.input.murmur : pending.find((p) => p === known)?.untold;
  if (isUntold) return;
  if (step.state.config.extensions.partials) send(step, { type: "partial-transcript", itemId, partial });
  const toldText = tell(step, itemId, known.toldText, partial.stableText);
  const now = step.state.input.utterance;
  if (known !== utterance) {
    updateInput(step, { pending: pending.map((p) => (p === known ? { ...p, toldText } : p)) });
  } else if (now) {
    updateInput(step, { utterance: { ...now, toldText } });
    noteWords(step, partial.text.trim());
    replyIfLikelyOver(step);
  }
}

export function onPauseJudged(step: Step, input: InputOf<"pause-judged">): void {
  notePauseJudged(step, input);
  replyIfLikelyOver(step);
}

const replyIfLikelyOver = (step: Step): void => replyEarly(step, () => planResponse(step, {}, true));

/** Sends what is new in `text`; never takes back what was told. Gives what has been told now. */
function tell(step: Step, itemId: string, toldText: string, text: string): string {
  if (step.state.config.transcription === null) return toldText;
  if (!text.startsWith(toldText) || text.length === toldText.length) return toldText;
  send(step, { type: "transcript-delta", itemId, delta: text.slice(toldText.length) });
  return text;
}

export function onTranscript(step: Step, { itemId, text, audioMs }: InputOf<"transcript">): void {
  const settled = settle(step, itemId);
  if (!settled) return;
  if (!settleMurmur(step, settled, text)) {
    answerIfOwed(step);
    return;
  }
  learnLevel(step, settled, text);
  const item = lookUpItem(step.state, itemId);
  if (item?.type === "message") {
    const parts = item.parts.map((part) =>
      part.type === "input-audio" && part.transcript === null ? { ...part, transcript: text } : part,
    );
    storeItem(step, { ...item, parts });
  }
  if (step.state.config.transcription !== null && item) {
    tell(step, itemId, settled.toldText, text);
    send(step, { type: "transcript-done", itemId, transcript: text, audioMs });
  }
  const hasWords = text.trim() !== "";
  const wasNone = settleInterruption(step, settled, text);
  if (settled.isTurn && hasWords && !wasNone) update(step, { isReplyOwed: true });
  if (hasWords && !wasNone) updateInput(step, { news: "words" });
  else if (!settled.isTurn && step.state.input.news === "none") updateInput(step, { news: "silence" });
  answerWaiting(step, itemId);
}

export function onTranscriptFailed(step: Step, { itemId, error }: InputOf<"transcript-failed">): void {
  const settled = settle(step, itemId);
  if (!settled) return;
  const { code, message } = error;
  if (lookUpItem(step.state, itemId)) send(step, { type: "transcript-failed", itemId, code, message });
  if (!settled.isTurn && !settled.untold) updateInput(step, { unheard: error });
  answerWaiting(step, itemId);
}

function settle(step: Step, itemId: string): PendingTranscript | undefined {
  const { pending } = step.state.input;
  const settled = pending.find((p) => p.itemId === itemId);
  if (settled) updateInput(step, { pending: pending.filter((p) => p !== settled) });
  return settled;
}

function answerWaiting(step: Step, itemId: string): void {
  const { response } = step.state;
  if (response?.waitingFor.includes(itemId) === true) {
    updateResponse(step, { waitingFor: response.waitingFor.filter((id) => id !== itemId) });
    beginReply(step);
  }
  answerIfOwed(step);
  armSilence(step);
}

/** Nobody has spoken for so long that the character is told of it. */
export function onSilence(step: Step): void {
  const { turnDetection } = step.state.config;
  const { isTurnOpen, murmur, pending, judgedSample, receivedSample } = step.state.input;
  if (turnDetection?.type !== "server-vad" || turnDetection.idleTimeoutMs === null) return;
  if (isTurnOpen || murmur || pending.length > 0 || step.state.response) return;
  const itemId = makeId(step, "item");
  const audioEndMs = toMs(receivedSample);
  const audioStartMs = Math.max(0, audioEndMs - turnDetection.idleTimeoutMs);
  forgetBefore(step, judgedSample);
  send(step, { type: "silence-noticed", itemId, audioStartMs, audioEndMs });
  send(step, { type: "input-committed", itemId, previousItemId: step.state.items.at(-1)?.id ?? null });
  addUserItem(step, itemId, silenceText);
  updateInput(step, { news: "words" });
  createResponse(step, {}, false);
}
