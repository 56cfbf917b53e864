// Speech while the character talks. Not all of it is meant to stop it: until it has lasted, or has words, it is a murmur, of
// which the client is told nothing. One that ends as a murmur is a turn only if words are found in it.
import { addUserItem, forgetBefore, openUtterance, toMs } from "./input-buffer.ts";
import { armSilence, interrupt } from "./responses.ts";
import { countWords } from "./spoken-words.ts";
import type { PendingTranscript } from "./state.ts";
import { busyUntilMs, perform, send, type Step, update, updateInput } from "./step.ts";
import { samplesPerMs } from "./turn-taking.ts";

/** Speech has begun at `speechFrom`. */
export function beginSpeech(step: Step, speechFrom: number): void {
  const { turnDetection } = step.state.config;
  const paddingMs = turnDetection?.type === "server-vad" ? turnDetection.prefixPaddingMs : 300;
  const { startSample } = step.state.input;
  const fromSample = Math.max(startSample, speechFrom - paddingMs * samplesPerMs);
  forgetBefore(step, fromSample);
  openUtterance(step);
  updateInput(step, { murmur: { fromSample, speechFrom } });
  considerMurmur(step);
}

/** Takes the murmur for a turn once it has lasted, or there is nobody whom it could interrupt by mistake. */
export function considerMurmur(step: Step): void {
  const { input, config } = step.state;
  const { murmur, listening, judgedSample } = input;
  if (!murmur) return;
  const speechMs = ((listening.silenceFrom ?? judgedSample) - murmur.speechFrom) / samplesPerMs;
  if (!isGuarded(step) || speechMs >= config.interruption.minSpeechMs) openTurn(step);
}

/** What the recogniser makes of it so far. */
export function hearMurmur(step: Step, text: string): void {
  if (step.state.input.murmur && hasWordsEnough(step, text)) openTurn(step);
}

function hasWordsEnough(step: Step, text: string): boolean {
  return countWords(text) >= Math.max(1, step.state.config.interruption.minWords);
}

function isGuarded(step: Step): boolean {
  const { config, response } = step.state;
  if (config.turnDetection?.interruptResponse !== true) return false;
  // Between two sentences it has not finished.
  const isTalking =
    busyUntilMs(step.state) > step.atMs || (response !== null && response.firstAudioMs !== null);
  return isTalking && config.interruption.minSpeechMs > 0;
}

/** The user speaks, and whoever listens is told. */
export function openTurn(step: Step): void {
  const { murmur, utterance } = step.state.input;
  if (!murmur || !utterance) return;
  announceHeld(step);
  updateInput(step, { murmur: null, isTurnOpen: true });
  perform(step, { type: "clear-timer", name: "silence" });
  const { itemId } = utterance;
  send(step, { type: "speech-started", itemId, audioStartMs: toMs(murmur.fromSample) });
  if (step.state.config.turnDetection?.interruptResponse === true) interrupt(step, itemId);
}

/** Nothing came of it yet; the words will tell. */
export function endMurmur(step: Step, toSample: number, isTurn: boolean): void {
  const { murmur, utterance, pending } = step.state.input;
  if (!murmur || !utterance) return;
  const { itemId } = utterance;
  const untold = {
    audioStartMs: toMs(murmur.fromSample),
    audioEndMs: toMs(toSample),
    endedAtMs: step.atMs,
  };
  updateInput(step, {
    murmur: null,
    utterance: null,
    pending: [...pending, { itemId, toldText: "", isTurn, untold }],
  });
  perform(step, { type: "finish-utterance", itemId, toSample });
  forgetBefore(step, toSample);
}

/** The words of a murmur are known. False: there are none to speak of, and it never was. */
export function settleMurmur(step: Step, murmur: PendingTranscript, text: string): boolean {
  if (murmur.untold === null) return true;
  if (!hasWordsEnough(step, text)) {
    armSilence(step);
    return false;
  }
  announce(step, murmur);
  // It has words, so there is nothing to go back to.
  update(step, { interrupted: null });
  return true;
}

/** What comes next must stand behind what was said before it, words or none. */
export function announceHeld(step: Step): void {
  const { pending } = step.state.input;
  const held = pending.filter(({ untold }) => untold !== null);
  if (held.length === 0) return;
  updateInput(step, { pending: pending.map((one) => ({ ...one, untold: null })) });
  for (const murmur of held) announce(step, murmur);
}

function announce(step: Step, { itemId, untold }: PendingTranscript): void {
  if (!untold) return;
  const { audioStartMs, audioEndMs, endedAtMs } = untold;
  send(step, { type: "speech-started", itemId, audioStartMs });
  if (step.state.config.turnDetection?.interruptResponse === true) interrupt(step, itemId);
  update(step, { speechEndedAtMs: endedAtMs });
  send(step, { type: "speech-stopped", itemId, audioEndMs });
  send(step, { type: "input-committed", itemId, previousItemId: step.state.items.at(-1)?.id ?? null });
  addUserItem(step, itemId, null);
}
