// What a response puts out, piece by piece: messages, their sound and words, and calls for the client. Everything that is
// added here gets its done here.
import { type AudioSlice, beginPlayback, notePlayback, playbackEndMs } from "./audio-pacer.ts";
import type { PartAddress } from "./events.ts";
import { insertItem } from "./history.ts";
import type { CallItem, Item, ItemStatus, MessageItem, MessagePart } from "./items.ts";
import { lookUpItem, makeId, send, type Step, storeItem, update, updateResponse } from "./step.ts";

/** Writes text that is not to be spoken. */
export function writeText(step: Step, delta: string): void {
  const message = openMessage(step, { type: "output-text", text: "" });
  const part = message?.item.parts[0];
  if (!message || part?.type !== "output-text") return;
  storeItem(step, { ...message.item, parts: [{ ...part, text: part.text + delta }] });
  send(step, { type: "text-delta", delta, ...message.address });
}

/** Sends one slice of sound, the words that begin in it first. */
export function writeSlice(step: Step, slice: AudioSlice): void {
  const message = openMessage(step, { type: "output-audio", words: [], audioMs: 0, heardMs: null });
  const part = message?.item.parts[0];
  const { response } = step.state;
  if (!response || !message || part?.type !== "output-audio") return;
  const { address } = message;
  const words = [...part.words, ...slice.words];
  const audioMs = part.audioMs + slice.durationMs;
  storeItem(step, { ...message.item, parts: [{ ...part, words, audioMs }] });
  const delta = slice.words.map((word) => word.text).join("");
  if (delta !== "") send(step, { type: "speech-text-delta", delta, ...address });
  if (slice.words.length > 0 && step.state.config.extensions.words) {
    send(step, { type: "words", words: slice.words, ...address });
  }
  if (slice.pcm.length === 0) return;
  send(step, { type: "audio-delta", pcm: slice.pcm, format: outputFormat(step), ...address });
  notePlaying(step, address.itemId, slice.durationMs);
  if (response.firstAudioMs === null) {
    updateResponse(step, { firstAudioMs: step.atMs - response.waitedSinceMs });
  }
}

function outputFormat({ state }: Step) {
  const { response, config } = state;
  return response?.wish.outputFormat ?? response?.config.outputFormat ?? config.outputFormat;
}

function notePlaying(step: Step, itemId: string, durationMs: number): void {
  const { playing } = step.state;
  const own = playing.find((playback) => playback.itemId === itemId) ?? beginPlayback(itemId);
  const others = playing.filter(
    (playback) => playback.itemId !== itemId && playbackEndMs(playback) > step.atMs,
  );
  const busyMs = others.reduce((latest, playback) => Math.max(latest, playbackEndMs(playback)), 0);
  update(step, { playing: [...others, notePlayback(own, durationMs, step.atMs, busyMs)] });
}

interface OpenMessage {
  item: MessageItem;
  address: PartAddress;
}

/** The message that is being written; the first words of a response open it. */
function openMessage(step: Step, part: MessagePart): OpenMessage | undefined {
  const { response } = step.state;
  if (!response) return undefined;
  if (response.message) return findMessage(step);
  const item: MessageItem = {
    type: "message",
    id: makeId(step, "item"),
    role: "assistant",
    status: "in-progress",
    parts: [],
    toolRuns: response.toolRuns,
  };
  const outputIndex = addOutput(step, item);
  updateResponse(step, { message: { itemId: item.id, outputIndex } });
  const whole = { ...item, parts: [part] };
  storeItem(step, whole);
  const address = { responseId: response.id, itemId: item.id, outputIndex, contentIndex: 0 };
  send(step, { type: "part-added", part, ...address });
  return { item: whole, address };
}

function findMessage({ state }: Step): OpenMessage | undefined {
  const { response } = state;
  const item = response?.message ? lookUpItem(state, response.message.itemId) : undefined;
  if (!response?.message || item?.type !== "message") return undefined;
  const { itemId, outputIndex } = response.message;
  return { item, address: { responseId: response.id, itemId, outputIndex, contentIndex: 0 } };
}

/** Ends the message that is being written, if one is. */
export function closeMessage(step: Step, status: ItemStatus): void {
  const message = findMessage(step);
  if (!message) return;
  const { address } = message;
  const item: MessageItem = { ...message.item, status, toolRuns: step.state.response?.toolRuns ?? [] };
  storeItem(step, item);
  const part = item.parts[0];
  if (part?.type === "output-audio") {
    send(step, { type: "audio-done", ...address });
    const text = part.words.map((word) => word.text).join("");
    send(step, { type: "speech-text-done", text, ...address });
  } else if (part?.type === "output-text") {
    send(step, { type: "text-done", text: part.text, ...address });
  }
  if (part) send(step, { type: "part-done", part, ...address });
  finishOutput(step, item, address.outputIndex);
  updateResponse(step, { message: null });
  // A word that was cut in the middle has been announced, and will never be heard whole.
  if (part?.type === "output-audio" && part.words.some(({ endMs }) => endMs > part.audioMs + 1)) {
    const heardMs = Math.min(part.heardMs ?? Infinity, Math.floor(part.audioMs));
    storeItem(step, { ...item, parts: [{ ...part, heardMs }] });
  }
}

/** Hands the client the calls that are its own to answer. */
export function writeCalls(step: Step): void {
  const { response } = step.state;
  for (const call of response?.calls ?? []) {
    const item: CallItem = {
      type: "call",
      id: makeId(step, "item"),
      status: "in-progress",
      ...call,
      arguments: "",
    };
    const outputIndex = addOutput(step, item);
    const done: CallItem = { ...item, status: "completed", arguments: call.arguments };
    const address = { responseId: response?.id ?? "", itemId: item.id, outputIndex, contentIndex: 0 };
    const { callId, name } = call;
    send(step, { type: "call-delta", callId, delta: call.arguments, ...address });
    send(step, { type: "call-done", callId, name, arguments: call.arguments, ...address });
    storeItem(step, done);
    finishOutput(step, done, outputIndex);
  }
}

function addOutput(step: Step, item: Item): number {
  const { response, items } = step.state;
  if (!response) return 0;
  const outputIndex = response.outputIds.length;
  updateResponse(step, { outputIds: [...response.outputIds, item.id] });
  send(step, { type: "output-item-added", responseId: response.id, outputIndex, item });
  if (response.wish.conversation === "none") {
    updateResponse(step, { detached: [...response.detached, item] });
    return outputIndex;
  }
  const inserted = insertItem(items, item);
  if (inserted) {
    update(step, { items: inserted.items });
    send(step, { type: "item-added", item, previousItemId: inserted.previousItemId });
  }
  return outputIndex;
}

function finishOutput(step: Step, item: Item, outputIndex: number): void {
  const { response, items } = step.state;
  if (!response) return;
  if (response.wish.conversation !== "none") {
    const at = items.findIndex(({ id }) => id === item.id);
    send(step, { type: "item-done", item, previousItemId: items[at - 1]?.id ?? null });
  }
  send(step, { type: "output-item-done", responseId: response.id, outputIndex, item });
}
