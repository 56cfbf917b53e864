// Runs the browser: keys and answers into the reducer, its state onto the screen, until something is chosen.
import { createBoundedQueue } from "../../base/bounded-queue.ts";
import { abortReason, throwIfAborted } from "../../base/deadline.ts";
import { AppError } from "../../base/errors.ts";
import type { ModelSummary } from "../../models/hub/port.ts";
import {
  type BrowsedModel,
  type BrowseEvent,
  type Choice,
  reduceBrowse,
  startBrowsing,
} from "./browse-state.ts";
import { type BrowseTitle, renderBrowse } from "./browse-view.ts";
import type { Screen, ScreenOptions } from "./screen.ts";

export interface BrowseDependencies {
  open: (listeners: Pick<ScreenOptions, "onKey" | "onResize">) => Screen;
  describe: (modelId: string, signal: AbortSignal) => Promise<BrowsedModel>;
}

export interface BrowseOptions extends BrowseTitle {
  models: readonly ModelSummary[];
  signal: AbortSignal;
}

/** Keys that come faster than they are worked off, pasted text for one, are dropped beyond this. */
const queueLimit = 1024;

/**
 * Resolves with what was chosen and confirmed, null when somebody leaves without. E_INTERRUPTED on Ctrl-C, and when
 * `signal` aborts. The terminal is as it was in every case.
 */
export async function runBrowse(
  { open, describe }: BrowseDependencies,
  { models, signal, ...title }: BrowseOptions,
): Promise<{ model: BrowsedModel; choice: Choice } | null> {
  throwIfAborted(signal);
  const events = createBoundedQueue<BrowseEvent>(queueLimit);
  const stop = (): void => events.close();
  signal.addEventListener("abort", stop, { once: true });
  let asking = new AbortController();
  using screen = open({
    onKey: (key) => void events.push({ type: "key", key }),
    onResize: () => void events.push({ type: "resized" }),
  });

  const ask = async (modelId: string): Promise<void> => {
    asking = new AbortController();
    const { signal: own } = asking;
    try {
      const model = await describe(modelId, AbortSignal.any([signal, own]));
      if (!own.aborted) events.push({ type: "described", model });
    } catch (error) {
      if (own.aborted) return;
      if (error instanceof AppError) events.push({ type: "failed", message: error.message });
      // A bug ends the browser; it must not be lost in the background.
      else events.fail(error);
    }
  };

  try {
    let state = startBrowsing(models);
    screen.draw(renderBrowse(state, screen.size(), title));
    for await (const event of events) {
      if (signal.aborted) break;
      const step = reduceBrowse(state, event);
      state = step.state;
      switch (step.effect?.type) {
        case "describe":
          void ask(step.effect.modelId);
          break;
        case "give-up":
          asking.abort();
          break;
        case "download":
          return { model: step.effect.model, choice: step.effect.choice };
        case "leave":
          return null;
        case "interrupt":
          throw new AppError("E_INTERRUPTED", "stopped; nothing was downloaded");
        case undefined:
      }
      screen.draw(renderBrowse(state, screen.size(), title));
    }
    throw abortReason(signal);
  } finally {
    signal.removeEventListener("abort", stop);
    asking.abort();
    events.close();
  }
}
