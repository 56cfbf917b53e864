// One step of the reducer: the state so far, and the effects so far. The state's values are never changed in place.
import type { Fault, SessionInput, SessionOutput, SessionView } from "./events.ts";
import { findItem, replaceItem } from "./history.ts";
import type { Item } from "./items.ts";
import type { ActiveResponse, InputState, SessionEffect, SessionState } from "./state.ts";
import { playbackEndMs } from "./audio-pacer.ts";

export interface Step {
  state: SessionState;
  /** Monotonic. */
  readonly atMs: number;
  readonly effects: SessionEffect[];
  /** To be taken next, within this step. */
  readonly later: SessionInput[];
}

export type InputOf<T extends SessionInput["type"]> = Extract<SessionInput, { type: T }>;

export function update(step: Step, change: Partial<SessionState>): void {
  step.state = { ...step.state, ...change };
}

export function updateInput(step: Step, change: Partial<InputState>): void {
  update(step, { input: { ...step.state.input, ...change } });
}

export function updateResponse(step: Step, change: Partial<ActiveResponse>): void {
  const { response } = step.state;
  if (response) update(step, { response: { ...response, ...change } });
}

export function send(step: Step, output: SessionOutput): void {
  step.effects.push({ type: "send", output });
}

export function perform(step: Step, effect: SessionEffect): void {
  step.effects.push(effect);
}

export function refuse(
  step: Step,
  eventId: string | undefined,
  code: string,
  message: string,
  param?: string,
): void {
  const fault: Fault = { code, message, kind: "invalid-request", param, eventId };
  send(step, { type: "fault", fault });
}

export function makeId(step: Step, prefix: string): string {
  const number = step.state.nextNumber;
  update(step, { nextNumber: number + 1 });
  return `${prefix}_${step.state.id.replace(/^sess_/, "")}${number.toString(36).padStart(4, "0")}`;
}

export function lookUpItem(state: SessionState, id: string): Item | undefined {
  return findItem(state.items, id) ?? findItem(state.response?.detached ?? [], id);
}

export function storeItem(step: Step, item: Item): void {
  const detached = step.state.response?.detached ?? [];
  if (findItem(detached, item.id)) updateResponse(step, { detached: replaceItem(detached, item) });
  else update(step, { items: replaceItem(step.state.items, item) });
}

export function viewSession({ id, config, cast, expiresAt }: SessionState): SessionView {
  return { id, config, cast, expiresAt };
}

/** When the listener will have heard all that was sent. */
export function busyUntilMs({ playing }: SessionState): number {
  return playing.reduce((latest, playback) => Math.max(latest, playbackEndMs(playback)), 0);
}

/** Sound that has been made and not sent, of a reply that was begun early too. */
export function unsentMs({ response, earlyReply }: SessionState): number {
  let sumMs = 0;
  for (const slice of response?.queue ?? []) sumMs += slice.durationMs;
  for (const input of earlyReply?.inputs ?? []) {
    if (input.type === "speech") sumMs += (input.pcm.length * 1000) / input.sampleRateHz;
  }
  return sumMs;
}
