// The life of a response: at most one at a time, one beginning, one end, and nothing of it after the end.
import { estimateTokens } from "../reply/estimate-tokens.ts";
import { playedMs, sliceSpeech } from "./audio-pacer.ts";
import { takeEarlyReply } from "./early-reply.ts";
import type { ResponseView, ResponseWish } from "./events.ts";
import { alignWords } from "./heard-words.ts";
import { planCondensing } from "./memory.ts";
import { closeMessage, writeCalls, writeSlice, writeText } from "./response-output.ts";
import { buildPlan, viewResponse } from "./response-plan.ts";
import type { ActiveResponse, PendingTranscript, SessionState } from "./state.ts";
import {
  busyUntilMs,
  type InputOf,
  lookUpItem,
  makeId,
  perform,
  send,
  type Step,
  storeItem,
  update,
  updateInput,
  updateResponse,
  viewSession,
} from "./step.ts";

export type Ending = Pick<ResponseView, "status" | "cancelReason" | "incompleteReason" | "error">;

export function createResponse(
  step: Step,
  wish: ResponseWish,
  isAutomatic: boolean,
  say: string | null = null,
): void {
  takeNextCast(step);
  const planned = planResponse(step, wish, isAutomatic, say);
  const early = takeEarlyReply(step, planned);
  const response: ActiveResponse = { ...planned, id: early?.responseId ?? makeId(step, "resp") };
  update(step, { interrupted: null });
  update(step, { response, isReplyOwed: wish.conversation === "none" ? step.state.isReplyOwed : false });
  perform(step, { type: "clear-timer", name: "silence" });
  const view = viewResponse(step.state, response, { status: "in-progress" });
  send(step, { type: "response-created", response: view });
  if (early) {
    updateInput(step, { news: "none" });
    step.later.push(...early.inputs);
  } else beginReply(step);
}

export function planResponse(
  step: Step,
  wish: ResponseWish,
  isAutomatic: boolean,
  say: string | null = null,
): Omit<ActiveResponse, "id"> {
  const { config, cast, input, speechEndedAtMs } = step.state;
  return {
    wish,
    config,
    cast,
    isAutomatic,
    say,
    writtenText: "",
    isWhollyWritten: false,
    waitingFor: wish.input || say !== null ? [] : awaitedIds(input.pending),
    outputIds: [],
    detached: [],
    message: null,
    queue: [],
    madeMs: 0,
    calls: [],
    runningTools: [],
    toolRuns: [],
    outcome: null,
    usage: null,
    startedAtMs: step.atMs,
    waitedSinceMs: isAutomatic ? (speechEndedAtMs ?? step.atMs) : step.atMs,
    firstAudioMs: null,
  };
}

function awaitedIds(pending: readonly PendingTranscript[]): string[] {
  return pending.flatMap(({ itemId, untold }) => (untold ? [] : itemId));
}

/** Once all that the user has said is known. */
export function beginReply(step: Step): void {
  const { response, input } = step.state;
  if (!response || response.waitingFor.length > 0) return;
  if (response.say !== null) {
    perform(step, { type: "start-reply", responseId: response.id, plan: buildPlan(response, step.state) });
    return;
  }
  if (input.unheard && !response.wish.input) {
    // An answer to everything but the last thing said would be worse than none.
    const { code, message } = input.unheard;
    updateInput(step, { unheard: null });
    const error = { code, message: `what was said could not be made out: ${message}` };
    finishResponse(step, { status: "failed", error });
    return;
  }
  const { input: told, instructions, conversation } = response.wish;
  const { news } = input;
  if (conversation !== "none" && !told) updateInput(step, { news: "none" });
  if (news === "silence" && !told && instructions === undefined && conversation !== "none") {
    // Nothing was said, so there is nothing to answer. Who asks once more wants the character to speak all the same.
    finishResponse(step, { status: "completed" });
    return;
  }
  perform(step, { type: "start-reply", responseId: response.id, plan: buildPlan(response, step.state) });
}

/** The turn boundary: from here on the new version of the character answers. */
export function takeNextCast(step: Step): void {
  const { nextCast } = step.state;
  if (!nextCast) return;
  update(step, { cast: nextCast, nextCast: null });
  if (nextCast.isSketch !== true) tellCharacter(step);
}

export function tellCharacter(step: Step): void {
  if (!step.state.config.extensions.characterChanges) return;
  send(step, { type: "character-changed", session: viewSession(step.state) });
}

/** Lets the character speak first, where it is to and nobody has. */
export function greet(step: Step): void {
  const { config, items, response, input } = step.state;
  const isUnderWay = items.length > 0 || response || input.isTurnOpen || input.pending.length > 0;
  if (config.greeting && !isUnderWay) createResponse(step, {}, false);
}

/** Answers what the user has said, unless somebody is talking or words are still being made out. */
export function answerIfOwed(step: Step): void {
  const { isReplyOwed, response, input, isClosed } = step.state;
  if (!isReplyOwed || isClosed || response || input.isTurnOpen || input.pending.some(({ isTurn }) => isTurn))
    return;
  createResponse(step, {}, true);
}

export function onReplyText(step: Step, { text }: InputOf<"reply-text">): void {
  writeText(step, text);
}

export function onReplyWritten(step: Step, { text, isWhole }: InputOf<"reply-written">): void {
  const writtenText = (step.state.response?.writtenText ?? "") + text;
  updateResponse(step, { writtenText, isWhollyWritten: isWhole });
}

export function onSpeech(step: Step, speech: InputOf<"speech">): void {
  const { response } = step.state;
  if (!response) return;
  const durationMs = (speech.pcm.length * 1000) / speech.sampleRateHz;
  const { text, words } = speech;
  const aligned = alignWords({ text, words, durationMs, startMs: response.madeMs });
  const slices = sliceSpeech(speech.pcm, speech.sampleRateHz, response.madeMs, aligned);
  updateResponse(step, { queue: [...response.queue, ...slices], madeMs: response.madeMs + durationMs });
  pump(step);
}

export function onClientCall(step: Step, { callId, name, arguments: args }: InputOf<"client-call">): void {
  const calls = step.state.response?.calls ?? [];
  updateResponse(step, { calls: [...calls, { callId, name, arguments: args }] });
}

export function onToolStart(step: Step, tool: InputOf<"tool-start">): void {
  const { callId, name, arguments: args, atChar, responseId } = tool;
  const run = { callId, name, arguments: args, content: "", atChar };
  updateResponse(step, { runningTools: [...(step.state.response?.runningTools ?? []), run] });
  if (step.state.config.extensions.tools) {
    send(step, { type: "tool-started", responseId, callId, name, arguments: args });
  }
}

export function onToolEnd(step: Step, result: InputOf<"tool-end">): void {
  const { response, config } = step.state;
  const run = response?.runningTools.find(({ callId }) => callId === result.callId);
  if (!response || !run) return;
  const { callId, name } = run;
  const { outcome, content, durationMs, responseId } = result;
  updateResponse(step, {
    runningTools: response.runningTools.filter((other) => other !== run),
    toolRuns: [...response.toolRuns, { ...run, content }],
  });
  if (config.extensions.tools) {
    send(step, { type: "tool-finished", responseId, callId, name, outcome, content, durationMs });
  }
}

export function onReplyEnd(step: Step, { reason, usage }: InputOf<"reply-end">): void {
  const outcome: ActiveResponse["outcome"] =
    reason === "length"
      ? { status: "incomplete", incompleteReason: "max-output-tokens" }
      : reason === "content-filter"
        ? { status: "incomplete", incompleteReason: "content-filter" }
        : { status: "completed" };
  updateResponse(step, { outcome, usage });
  pump(step);
}

/** What has been made is still said; then the response ends as failed, and the session lives. */
export function onReplyFailed(step: Step, { error }: InputOf<"reply-failed">): void {
  const { code, message } = error;
  updateResponse(step, { outcome: { status: "failed", error: { code, message } }, calls: [] });
  pump(step);
}

/**
 * Sends the next slice if it may go, and ends the response when nothing is left. One slice at a time: whether the socket
 * takes another is known only when it has been given one.
 */
export function pump(step: Step): void {
  const { response, isWritable, limits } = step.state;
  if (!response) return;
  const [slice, ...queue] = response.queue;
  if (!slice) {
    if (response.outcome) finishResponse(step, response.outcome);
    return;
  }
  if (!isWritable) return;
  // With the slice the lead must not be more than is allowed; a lead shorter than a slice is one slice.
  const dueMs = busyUntilMs(step.state) - Math.max(0, limits.aheadMs - slice.durationMs);
  if (slice.durationMs > 0 && dueMs > step.atMs) {
    perform(step, { type: "set-timer", name: "pace", atMs: dueMs });
    return;
  }
  updateResponse(step, { queue });
  writeSlice(step, slice);
  perform(step, { type: "continue" });
}

export function finishResponse(step: Step, ending: Ending): void {
  const isComplete = ending.status === "completed";
  closeMessage(step, isComplete ? "completed" : "incomplete");
  if (isComplete) writeCalls(step);
  const { response } = step.state;
  if (!response) return;
  if (response.outcome === null) perform(step, { type: "stop-reply", responseId: response.id });
  perform(step, { type: "clear-timer", name: "pace" });
  send(step, { type: "response-done", response: viewResponse(step.state, response, ending) });
  send(step, { type: "limits" });
  const { id, startedAtMs, firstAudioMs } = response;
  perform(step, {
    type: "report",
    event: {
      type: "voice-response-end",
      sessionId: step.state.id,
      responseId: id,
      status: ending.status,
      firstAudioMs,
      durationMs: step.atMs - startedAtMs,
    },
  });
  update(step, { response: null });
  armSilence(step);
  answerIfOwed(step);
}

/** Between turns, so that nobody waits for it. */
export function condense(step: Step): void {
  const { items, memory, isCondensing, response, isClosed, isReplyOwed, input } = step.state;
  const isBusy = response || isReplyOwed || input.isTurnOpen || input.pending.length > 0;
  if (isCondensing || isBusy || isClosed) return;
  const plan = planCondensing(items, memory, roomBesidePrompt(step.state));
  if (!plan) return;
  update(step, { isCondensing: true });
  perform(step, { type: "condense", ...plan });
}

/** What is told of the history is what the system prompt leaves; where it leaves next to nothing, a summary still has room. */
function roomBesidePrompt({ limits, config, cast }: SessionState): number {
  const { historyTokens } = limits;
  return Math.max(historyTokens / 4, historyTokens - estimateTokens(config.instructions ?? cast.prompt));
}

/** A summary of something that has been deleted meanwhile is forgotten with it. */
export function onCondensed(step: Step, { memory }: InputOf<"condensed">): void {
  update(step, { isCondensing: false });
  const known = new Set(step.state.items.map(({ id }) => id));
  if (memory?.itemIds.every((id) => known.has(id)) === true) update(step, { memory });
}

/** At the end of a session: a client that leaves has heard no more than was played by then. */
export function rememberHeard(step: Step): void {
  for (const playback of step.state.playing.filter(({ isTold }) => !isTold)) {
    const item = lookUpItem(step.state, playback.itemId);
    const part = item?.type === "message" ? item.parts[0] : undefined;
    if (item?.type !== "message" || part?.type !== "output-audio" || part.heardMs !== null) continue;
    const heardMs = Math.floor(playedMs(playback, step.atMs));
    if (heardMs < Math.floor(playback.sentMs)) storeItem(step, { ...item, parts: [{ ...part, heardMs }] });
  }
}

/** The user speaks while the character does: it falls silent at once and remembers only what was heard. */
export function interrupt(step: Step, itemId: string): void {
  const { response, config } = step.state;
  const wish = response?.wish ?? {};
  const unsaidText = response ? findUnsaid(step, response) : "";
  const isUnsaid = response !== null && response.isAutomatic && response.outputIds.length === 0;
  if (response) {
    finishResponse(step, { status: "cancelled", cancelReason: "turn-detected" });
    // Nobody has heard an answer yet: it is given after the turn that has begun.
    if (isUnsaid) update(step, { isReplyOwed: true });
  }
  const itemIds = response?.message ? [response.message.itemId] : [];
  for (const playback of step.state.playing.filter(({ isTold }) => !isTold)) {
    const heardMs = Math.floor(playedMs(playback, step.atMs));
    if (heardMs >= Math.floor(playback.sentMs)) continue;
    cutToHeard(step, playback.itemId, heardMs);
    if (!itemIds.includes(playback.itemId)) itemIds.unshift(playback.itemId);
  }
  update(step, { playing: [] });
  const isCut = itemIds.length > 0 || unsaidText !== "";
  if (isCut && !isUnsaid && wish.conversation !== "none" && config.interruption.resumeMs > 0) {
    update(step, { interrupted: { itemId, itemIds, unsaidText, wish } });
  }
}

/** What was written and has not been sent; of an unfinished text no half sentence, where there is a whole one. */
function findUnsaid(step: Step, { message, writtenText, isWhollyWritten }: ActiveResponse): string {
  const item = message ? lookUpItem(step.state, message.itemId) : undefined;
  const part = item?.type === "message" ? item.parts[0] : undefined;
  const sent = part?.type === "output-audio" ? part.words.map(({ text }) => text).join("") : "";
  const rest = writtenText.slice(sent.length);
  return isWhollyWritten ? rest : (/^[^]*[.!?…]["'”’)\]]*(?=\s|$)/.exec(rest)?.[0] ?? rest);
}

/** Forgets the words of an item that were not heard. Clamped to what there is; false when the item has no sound. */
export function cutToHeard(step: Step, itemId: string, audioEndMs: number): boolean {
  const item = lookUpItem(step.state, itemId);
  const part = item?.type === "message" ? item.parts[0] : undefined;
  if (item?.type !== "message" || part?.type !== "output-audio") return false;
  const heardMs = Math.min(Math.max(0, audioEndMs), Math.floor(part.audioMs));
  storeItem(step, { ...item, parts: [{ ...part, heardMs }] });
  send(step, { type: "item-truncated", itemId, contentIndex: 0, audioEndMs: heardMs });
  return true;
}

/** The character is told of the silence when it has lasted so long. */
export function armSilence(step: Step): void {
  const { turnDetection } = step.state.config;
  const { isTurnOpen, murmur, pending } = step.state.input;
  if (turnDetection?.type !== "server-vad" || turnDetection.idleTimeoutMs === null) return;
  if (isTurnOpen || murmur || pending.length > 0 || step.state.response) return;
  const atMs = Math.max(step.atMs, busyUntilMs(step.state)) + turnDetection.idleTimeoutMs;
  perform(step, { type: "set-timer", name: "silence", atMs });
}
