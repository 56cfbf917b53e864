// An interruption that turns out to be none: the character goes on from where it was heard.
import { createResponse } from "./responses.ts";
import { countWords } from "./spoken-words.ts";
import type { Interrupted, PendingTranscript } from "./state.ts";
import { lookUpItem, type Step, update } from "./step.ts";

/** The words of the turn that has interrupted are known. True when it was none, so that it is not to be answered. */
export function settleInterruption(step: Step, turn: PendingTranscript, text: string): boolean {
  const { interrupted, input, config, response, speechEndedAtMs } = step.state;
  if (!interrupted || interrupted.itemId !== turn.itemId) return false;
  if (countWords(text) > 0 || !turn.isTurn) {
    update(step, { interrupted: null });
    return false;
  }
  // Who coughs twice has coughed.
  const next = input.isTurnOpen ? input.utterance : input.pending.find(({ isTurn }) => isTurn);
  if (next) {
    update(step, { interrupted: { ...interrupted, itemId: next.itemId } });
    return true;
  }
  update(step, { interrupted: null });
  const say = findRest(step, interrupted);
  const isInTime = step.atMs - (speechEndedAtMs ?? step.atMs) <= config.interruption.resumeMs;
  if (!isInTime || response || say === "") return false;
  createResponse(step, interrupted.wish, false, say);
  return true;
}

/** Everything of what was to be said that nobody has heard. */
function findRest(step: Step, { itemIds, unsaidText }: Interrupted): string {
  const unheard = itemIds.map((id) => {
    const item = lookUpItem(step.state, id);
    const part = item?.type === "message" ? item.parts[0] : undefined;
    if (part?.type !== "output-audio" || part.heardMs === null) return "";
    const { heardMs } = part;
    const rest = part.words.filter(({ endMs }) => endMs > heardMs);
    return rest.map((word) => word.text).join("");
  });
  return [...unheard, unsaidText].join("").trim();
}
