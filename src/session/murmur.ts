// Speech while the character talks. Not all of it is meant to stop it: until it has lasted, or has words, it is a murmur, of
// which the client is told nothing. One that ends as a murmur is a turn only if words are found in it.
import { addUserItem, forgetBefore, openUtterance, toMs } from "./input-buffer.ts";
import { armSilence, interrupt } from "./responses.ts";
import { countWords } from "./spoken-words.ts";
import type { PendingTranscript, Utterance } from "./state.ts";
import { busyUntilMs, perform, send, type Step, update, updateInput } from "./step.ts";
import { samplesPerMs } from "./turn-taking.ts";

/** A laugh or an "mm-hm" may last so many times as long as speech that is let to be one. */
const wordlessPatience = 3;
/** Beyond the length that makes it speech, a murmur waits so long for the recogniser's first look at it. */
const lookGraceMs = 250;
/** The first look: early enough to be there in time, with what was heard before the speech. */
const firstLookMs = 400;
/** A user's loudest frames are about so loud, where nothing is known of them; quieter by `faintDb` is faint. */
const usualLevelDb = -28;

/** Speech has begun at `speechFrom`. */
export function beginSpeech(step: Step, speechFrom: number): void {
  const { turnDetection } = step.state.config;
  const paddingMs = turnDetection?.type === "server-vad" ? turnDetection.prefixPaddingMs : 300;
  const { startSample } = step.state.input;
  const fromSample = Math.max(startSample, speechFrom - paddingMs * samplesPerMs);
  forgetBefore(step, fromSample);
  const isGuessed = isGuarded(step);
  openUtterance(step, isGuessed ? firstLookMs + (speechFrom - fromSample) / samplesPerMs : undefined);
  updateInput(step, { murmur: { fromSample, speechFrom, isWordless: false } });
  considerMurmur(step);
}

/** Takes the murmur for a turn once it has lasted, or there is nobody whom it could interrupt by mistake. */
export function considerMurmur(step: Step): void {
  const { input, config } = step.state;
  const { murmur, listening, judgedSample } = input;
  if (!murmur) return;
  const speechMs = ((listening.silenceFrom ?? judgedSample) - murmur.speechFrom) / samplesPerMs;
  const { minSpeechMs } = config.interruption;
  const patienceMs = murmur.isWordless ? wordlessPatience * minSpeechMs : minSpeechMs + lookGraceMs;
  if (!isGuarded(step) || (!isFaint(step, input.utterance) && speechMs >= patienceMs)) openTurn(step);
}

/** Somebody else, further away. */
function isFaint(step: Step, speech: Pick<Utterance, "levelDb"> | null): boolean {
  const { input, config } = step.state;
  const { faintDb } = config.interruption;
  if (faintDb === 0 || speech?.levelDb === undefined) return false;
  return speech.levelDb < (input.userLevelDb ?? usualLevelDb) - faintDb;
}

/** What had words was the user's: so loud do they speak. */
export function learnLevel(step: Step, { levelDb }: PendingTranscript, text: string): void {
  const { userLevelDb } = step.state.input;
  if (levelDb === undefined || countWords(text) === 0) return;
  updateInput(step, { userLevelDb: userLevelDb === null ? levelDb : 0.7 * userLevelDb + 0.3 * levelDb });
}

/** What the recogniser makes of it so far. */
export function hearMurmur(step: Step, text: string): void {
  const { murmur, utterance } = step.state.input;
  if (!murmur || isFaint(step, utterance)) return;
  if (hasWordsEnough(step, text)) openTurn(step);
  else updateInput(step, { murmur: { ...murmur, isWordless: true } });
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
  const { itemId, levelDb } = utterance;
  const untold = {
    audioStartMs: toMs(murmur.fromSample),
    audioEndMs: toMs(toSample),
    endedAtMs: step.atMs,
  };
  updateInput(step, {
    murmur: null,
    utterance: null,
    pending: [...pending, { itemId, toldText: "", levelDb, isTurn, untold }],
  });
  perform(step, { type: "finish-utterance", itemId, toSample });
  forgetBefore(step, toSample);
}

/** The words of a murmur are known. False: there are none to speak of, and it never was. */
export function settleMurmur(step: Step, murmur: PendingTranscript, text: string): boolean {
  if (murmur.untold === null) return true;
  if (!hasWordsEnough(step, text) || isFaint(step, murmur)) {
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
