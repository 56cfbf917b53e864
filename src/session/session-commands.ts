// What clients ask for, one function each. Whatever cannot be done is refused with OpenAI's code, and changes nothing.
import { cutPlayback } from "./audio-pacer.ts";
import type { SessionCommand } from "./events.ts";
import { addItem, refuseToHear } from "./input-buffer.ts";
import { clearByClient, commitByClient, switchDetection } from "./input-turns.ts";
import type { Item } from "./items.ts";
import {
  createResponse,
  cutToHeard,
  finishResponse,
  greet,
  takeNextCast,
  tellCharacter,
} from "./responses.ts";
import { mergeConfig } from "./session-config.ts";
import {
  lookUpItem,
  makeId,
  perform,
  refuse,
  send,
  type Step,
  update,
  updateInput,
  viewSession,
} from "./step.ts";

type CommandOf<T extends SessionCommand["type"]> = Extract<SessionCommand, { type: T }>;

export function obey(step: Step, command: SessionCommand, eventId: string | undefined): void {
  switch (command.type) {
    case "update-session":
      return updateSession(step, command, eventId);
    case "commit-input":
      return commitByClient(step, eventId);
    case "clear-input":
      return clearByClient(step);
    case "create-item":
      return createItem(step, command, eventId);
    case "retrieve-item":
      return retrieveItem(step, command, eventId);
    case "delete-item":
      return deleteItem(step, command, eventId);
    case "truncate-item":
      return truncateItem(step, command, eventId);
    case "create-response":
      return askForResponse(step, command, eventId);
    case "cancel-response":
      return cancelResponse(step, command, eventId);
  }
}

function updateSession(step: Step, command: CommandOf<"update-session">, eventId: string | undefined): void {
  const { patch, cast } = command;
  const { config: before, cast: current, items, response } = step.state;
  if (cast && cast.character.name !== current.character.name) {
    if (items.length > 0 || response) {
      const message = `the session talks with ${current.character.name}; another character needs a new session`;
      refuse(step, eventId, "invalid_value", message, "session.model");
      return;
    }
    update(step, { cast, nextCast: null });
  }
  update(step, { config: mergeConfig(before, patch) });
  switchDetection(step, before.turnDetection);
  send(step, { type: "session-updated", session: viewSession(step.state) });
  if (!before.greeting) greet(step);
}

function createItem(step: Step, command: CommandOf<"create-item">, eventId: string | undefined): void {
  const { item: wanted, after, audio } = command;
  const { items, input } = step.state;
  // Words that are still being made out belong to that item, also when it has been deleted meanwhile.
  const spoken = [...input.pending, ...(input.utterance ? [input.utterance] : [])];
  const isTaken = lookUpItem(step.state, wanted.id) ?? spoken.find(({ itemId }) => itemId === wanted.id);
  if (wanted.id !== "" && isTaken) {
    const message = `there is an item "${wanted.id}" already`;
    refuse(step, eventId, "item_already_exists", message, "item.id");
    return;
  }
  if (wanted.type === "call-output" && !hasCall(items, wanted.callId)) {
    const message = `no function call has the id "${wanted.callId}"`;
    refuse(step, eventId, "invalid_tool_call_id", message, "item.call_id");
    return;
  }
  if (audio && refuseToHear(step, eventId)) return;
  const item = wanted.id === "" ? { ...wanted, id: makeId(step, "item") } : wanted;
  if (!addItem(step, item, after)) {
    const message = `there is no item "${after}" to follow`;
    refuse(step, eventId, "invalid_value", message, "previous_item_id");
    return;
  }
  updateInput(step, { unheard: null, news: audio ? input.news : "words" });
  if (!audio) return;
  const { config } = step.state;
  updateInput(step, {
    pending: [...input.pending, { itemId: item.id, toldText: "", isTurn: false, untold: null }],
  });
  const language = config.transcription?.language;
  perform(step, { type: "recognise-item", itemId: item.id, audio, language });
}

function hasCall(items: readonly Item[], callId: string): boolean {
  return items.some((item) => item.type === "call" && item.callId === callId);
}

function retrieveItem(step: Step, { itemId }: CommandOf<"retrieve-item">, eventId: string | undefined): void {
  const item = lookUpItem(step.state, itemId);
  if (item) send(step, { type: "item-retrieved", item });
  else refuse(step, eventId, "item_retrieve_invalid_item_id", `there is no item "${itemId}"`, "item_id");
}

function deleteItem(step: Step, { itemId }: CommandOf<"delete-item">, eventId: string | undefined): void {
  const { items, memory, response, playing } = step.state;
  if (!items.some(({ id }) => id === itemId)) {
    refuse(step, eventId, "item_delete_invalid_item_id", `there is no item "${itemId}"`, "item_id");
    return;
  }
  if (response?.outputIds.includes(itemId) === true) {
    const message = `the item "${itemId}" is still being written; cancel the response first`;
    refuse(step, eventId, "item_delete_invalid_item_id", message, "item_id");
    return;
  }
  // A summary cannot forget one of the things that it was made of.
  const isRemembered = memory?.itemIds.includes(itemId) === true;
  update(step, {
    items: items.filter(({ id }) => id !== itemId),
    memory: isRemembered ? null : memory,
    playing: playing.filter((playback) => playback.itemId !== itemId),
  });
  send(step, { type: "item-deleted", itemId });
}

function truncateItem(step: Step, command: CommandOf<"truncate-item">, eventId: string | undefined): void {
  const { itemId, contentIndex, audioEndMs } = command;
  const item = lookUpItem(step.state, itemId);
  if (!item) {
    refuse(step, eventId, "item_truncate_invalid_item_id", `there is no item "${itemId}"`, "item_id");
    return;
  }
  if (contentIndex !== 0 || !cutToHeard(step, itemId, audioEndMs)) {
    const message = `the item "${itemId}" has no sound of a character at content_index ${contentIndex}`;
    refuse(step, eventId, "invalid_value", message, "content_index");
    return;
  }
  // The client has stopped playing it.
  const playing = step.state.playing.map((playback) =>
    playback.itemId === itemId ? cutPlayback(playback, step.atMs) : playback,
  );
  update(step, { playing });
}

function askForResponse(
  step: Step,
  { wish }: CommandOf<"create-response">,
  eventId: string | undefined,
): void {
  if (step.state.response) {
    const message = `the response ${step.state.response.id} is in progress; wait for its end or cancel it`;
    refuse(step, eventId, "conversation_already_has_active_response", message);
    return;
  }
  const missing = wish.input?.find((item) => typeof item === "string" && !lookUpItem(step.state, item));
  if (typeof missing === "string") {
    refuse(step, eventId, "invalid_value", `there is no item "${missing}"`, "response.input");
    return;
  }
  createResponse(step, wish, false);
}

function cancelResponse(
  step: Step,
  command: CommandOf<"cancel-response">,
  eventId: string | undefined,
): void {
  const { response } = step.state;
  if (!response || (command.responseId !== undefined && command.responseId !== response.id)) {
    refuse(step, eventId, "response_cancel_not_active", "there is no such response in progress");
    return;
  }
  finishResponse(step, { status: "cancelled", cancelReason: "client-cancelled" });
}

/** A new version of the character: taken at once between turns, else when the turn is over. */
export function onCastChanged(step: Step, cast: NonNullable<Step["state"]["nextCast"]>): void {
  const { cast: current } = step.state;
  if (cast.character.name !== current.character.name) return;
  if (cast.character === current.character) {
    // It had to answer before it was known.
    update(step, { cast });
    tellCharacter(step);
    return;
  }
  update(step, { nextCast: cast });
  const { response, input } = step.state;
  if (cast.isSketch === true) return;
  if (!response && !input.isTurnOpen && input.pending.length === 0) takeNextCast(step);
}
