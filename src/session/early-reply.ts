// A reply that is begun before the user's turn is over, because its words or its sound say that it is: what comes of it is
// held back until the turn has ended with just these words, and dropped when it goes on or ends with others.
import type { SessionInput } from "./events.ts";
import type { MessageItem } from "./items.ts";
import { chanceOfEnd } from "./pause-judgement.ts";
import { buildPlan } from "./response-plan.ts";
import { countWords } from "./spoken-words.ts";
import type { ActiveResponse, EarlyReply } from "./state.ts";
import { makeId, perform, type Step, update, updateInput } from "./step.ts";
import { samplesPerMs } from "./turn-taking.ts";

/** From here on the words so far are taken for the last ones. */
const minEndChance = 0.6;
/** A look at the sound that was told sooner after the last of it may have missed the last word. */
const minSilenceMs = 100;
/** Each costs the reply model its start; who hesitates so often will hesitate again. */
const maxTries = 2;

/** The recogniser has looked at the sound so far. What it finds behind a moment of silence may be the last words. */
export function noteWords(step: Step, text: string): void {
  const { utterance, listening, judgedSample } = step.state.input;
  const { silenceFrom } = listening;
  if (!utterance || silenceFrom === null || judgedSample - silenceFrom < minSilenceMs * samplesPerMs) return;
  updateInput(step, { utterance: { ...utterance, pauseWords: { silenceFrom, text } } });
}

/** Words or sound say that the turn may be over. `begin` makes the response that would follow. */
export function replyEarly(step: Step, begin: () => Omit<ActiveResponse, "id">): void {
  const { input, config, response, nextCast, earlyReply, interrupted } = step.state;
  const { utterance, listening, isTurnOpen, pending } = input;
  if (!utterance || !isTurnOpen || config.turnDetection?.createResponse !== true) return;
  if (response || nextCast || interrupted || pending.length > 0) return;
  const { silenceFrom } = listening;
  const { pauseWords, mayReplyEarly = false, earlyTries = 0 } = utterance;
  if (!pauseWords || pauseWords.silenceFrom !== silenceFrom || countWords(pauseWords.text) === 0) return;
  if ((chanceOfEnd(utterance, silenceFrom) ?? 0) < minEndChance) return;
  if (!mayReplyEarly || earlyTries >= maxTries || (config.tools ?? []).length > 0) return;
  const spoken: MessageItem = {
    type: "message",
    id: utterance.itemId,
    role: "user",
    status: "completed",
    parts: [{ type: "input-audio", transcript: pauseWords.text }],
    toolRuns: [],
  };
  const responseId = makeId(step, "resp");
  const items = [...step.state.items, spoken];
  const plan = buildPlan({ ...begin(), id: responseId }, { ...step.state, items });
  if (earlyReply && Bun.deepEquals(earlyReply.plan, plan)) return;
  dropEarlyReply(step);
  update(step, {
    earlyReply: { responseId, plan, inputs: [] },
  });
  updateInput(step, { utterance: { ...utterance, earlyTries: earlyTries + 1 } });
  perform(step, { type: "start-reply", responseId, plan });
}

export function dropEarlyReply(step: Step): void {
  const { earlyReply } = step.state;
  if (!earlyReply) return;
  update(step, { earlyReply: null });
  perform(step, { type: "stop-reply", responseId: earlyReply.responseId });
}

/** The reply that has begun, if it is the one that this response needs. Any other is dropped. */
export function takeEarlyReply(step: Step, response: Omit<ActiveResponse, "id">): EarlyReply | null {
  const { earlyReply } = step.state;
  if (!earlyReply) return null;
  const plan = buildPlan({ ...response, id: earlyReply.responseId }, step.state);
  if (!response.isAutomatic || response.waitingFor.length > 0 || !Bun.deepEquals(plan, earlyReply.plan)) {
    dropEarlyReply(step);
    return null;
  }
  update(step, { earlyReply: null });
  perform(step, { type: "adopt-reply", responseId: earlyReply.responseId });
  return earlyReply;
}

/** Something of a reply that has begun early. False when there is no such reply. */
export function holdBack(step: Step, input: SessionInput): boolean {
  const { earlyReply } = step.state;
  if (!earlyReply || !("responseId" in input) || input.responseId !== earlyReply.responseId) return false;
  // One that fails is tried again when it is its time.
  if (input.type === "reply-failed") update(step, { earlyReply: null });
  else update(step, { earlyReply: { ...earlyReply, inputs: [...earlyReply.inputs, input] } });
  return true;
}

/** Nobody is speaking any more, or speaks again. */
export function reconsiderEarlyReply(step: Step): void {
  const { isTurnOpen, listening, pending } = step.state.input;
  const isPausing = isTurnOpen && listening.silenceFrom !== null;
  if (!isPausing && !(pending.length > 0 && !isTurnOpen)) dropEarlyReply(step);
}
