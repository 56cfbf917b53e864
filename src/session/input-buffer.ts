// The input buffer's contents as the conversation sees them: the utterance that is followed, and the items that come of it.
import { insertItem } from "./history.ts";
import type { Item, MessageItem } from "./items.ts";
import { makeId, perform, refuse, send, type Step, update, updateInput } from "./step.ts";
import { samplesPerMs } from "./turn-taking.ts";

export const toMs = (samples: number): number => Math.round(samples / samplesPerMs);

/** Utterances of the client's whose words are awaited: who sends more than a recogniser can hear waits for it. */
const maxAwaited = 64;

/** Says so, and is true, when nothing more is to be heard before some of it has been. */
export function refuseToHear(step: Step, eventId: string | undefined): boolean {
  if (step.state.input.pending.length < maxAwaited) return false;
  const message = `the words of ${maxAwaited} items are still being made out; wait for some of them`;
  refuse(step, eventId, "rate_limit_exceeded", message);
  return true;
}

export function openUtterance(step: Step, firstPartialMs?: number): string {
  const known = step.state.input.utterance;
  if (known) return known.itemId;
  const itemId = makeId(step, "item");
  const { transcription, turnDetection, extensions } = step.state.config;
  updateInput(step, { utterance: { itemId, toldText: "" } });
  perform(step, {
    type: "open-utterance",
    itemId,
    fromSample: step.state.input.startSample,
    language: transcription?.language,
    // Turns are judged by the words so far.
    firstPartialMs,
    wantsPartials: transcription !== null || turnDetection !== null || extensions.partials,
  });
  return itemId;
}

export function forgetBefore(step: Step, sample: number): void {
  if (sample <= step.state.input.startSample) return;
  updateInput(step, { startSample: sample });
  perform(step, { type: "forget-audio", beforeSample: sample });
}

export function dropUtterance(step: Step): void {
  if (!step.state.input.utterance) return;
  updateInput(step, { utterance: null });
  perform(step, { type: "drop-utterance" });
}

/** The user has fallen silent. */
export function closeTurn(step: Step, toSample: number): void {
  const { isTurnOpen, utterance } = step.state.input;
  if (!isTurnOpen || !utterance) return;
  updateInput(step, { isTurnOpen: false });
  update(step, { speechEndedAtMs: step.atMs });
  send(step, { type: "speech-stopped", itemId: utterance.itemId, audioEndMs: toMs(toSample) });
}

/** Takes the buffer up to `toSample` as an item of the user's. */
export function commit(step: Step, toSample: number, isTurn: boolean): void {
  const itemId = openUtterance(step);
  const { input, items } = step.state;
  const toldText = input.utterance?.toldText ?? "";
  const levelDb = input.utterance?.levelDb;
  const pending = [...input.pending, { itemId, toldText, levelDb, isTurn, untold: null }];
  updateInput(step, { utterance: null, pending, unheard: null });
  perform(step, { type: "finish-utterance", itemId, toSample });
  forgetBefore(step, toSample);
  send(step, { type: "input-committed", itemId, previousItemId: items.at(-1)?.id ?? null });
  addUserItem(step, itemId, null);
}

export function addUserItem(step: Step, id: string, transcript: string | null): void {
  const parts: MessageItem["parts"] = [{ type: "input-audio", transcript }];
  addItem(step, { type: "message", id, role: "user", status: "completed", parts, toolRuns: [] });
}

/** False when `after` names no item. */
export function addItem(step: Step, item: Item, after?: string | null): boolean {
  const inserted = insertItem(step.state.items, item, after);
  if (!inserted) return false;
  const { previousItemId } = inserted;
  update(step, { items: inserted.items });
  send(step, { type: "item-added", item, previousItemId });
  send(step, { type: "item-done", item, previousItemId });
  return true;
}
