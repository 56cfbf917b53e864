// The page's live view: a snapshot first, then what changes, as one bounded queue per listener. Progress is coalesced for
// a slow listener; one that falls behind on what must not be lost is ended, and gets a new snapshot when it comes back.
import type { AssetEvent } from "../assets/port.ts";
import { createBoundedQueue } from "../base/bounded-queue.ts";
import { AppError } from "../base/errors.ts";
import type { CharacterBook, CharacterEvent } from "../characters/port.ts";
import type { SpeechEvent } from "../speech/engine.ts";
import { encodeCharacter, encodeProblem, readCastContext } from "../session/character-record.ts";
import { encodeProgress, type LiveState } from "./live-state.ts";
import { readHealth } from "./health.ts";
import type { Services } from "./services.ts";

const queueLimit = 256;

type ObservedEvent = AssetEvent | CharacterEvent | SpeechEvent | { type: "reply-source-change" };
type FeedServices = Pick<Services, "stage" | "speech" | "replies" | "version" | "events" | "conversations">;

export interface FeedEvent {
  type: string;
  [field: string]: unknown;
}

/** Ends when `signal` aborts, or when the listener has fallen behind. */
export async function* openLiveFeed(
  services: FeedServices,
  state: LiveState,
  signal: AbortSignal,
): AsyncIterable<FeedEvent> {
  const { stage, events } = services;
  // A place in the queue holds a function, so that what is sent is the state at that moment, not at the event's.
  const queue = createBoundedQueue<() => FeedEvent | undefined | Promise<FeedEvent | undefined>>(queueLimit);
  const progress = new Map<string, FeedEvent>();
  let engines = JSON.stringify(state.engines());
  let book: CharacterBook = stage.book;

  const push = (make: () => FeedEvent | undefined | Promise<FeedEvent | undefined>): void => {
    if (!queue.push(make)) queue.close();
  };
  const pushProgress = (asset: string, event: FeedEvent): void => {
    const isWaiting = progress.has(asset);
    progress.set(asset, event);
    if (isWaiting) return;
    push(() => {
      const newest = progress.get(asset);
      progress.delete(asset);
      return newest;
    });
  };
  const onEvent = (event: ObservedEvent): void => {
    switch (event.type) {
      case "asset-progress":
        pushProgress(event.asset, { type: event.type, ...encodeProgress(event) });
        break;
      case "asset-phase-start":
        push(() => ({ type: event.type, asset: event.asset, phase: event.phase }));
        break;
      case "asset-download-end":
        push(() => ({ type: event.type, asset: event.asset, from_cache: event.result.fromCache }));
        break;
      case "asset-remove-end":
        push(() => ({ type: event.type, asset: event.asset, freed_bytes: event.freedBytes }));
        break;
      case "asset-download-fail":
        push(() => ({
          type: event.type,
          asset: event.asset,
          message: event.error.message,
          // E_INTERRUPTED: somebody cancelled it.
          error_code: event.error instanceof AppError ? event.error.code : "E_INTERNAL",
        }));
        break;
      case "character-tool-call":
        push(() => ({
          type: "tool-run",
          character: event.character,
          tool: event.tool,
          outcome: event.outcome,
          duration_ms: Math.round(event.durationMs),
        }));
        break;
      case "reply-source-change":
        push(async () => ({
          type: "reply-change",
          reply: encodeReply(services),
          health: await encodeHealth(services),
        }));
        break;
      case "provider-state":
      case "engine-load-start":
      case "engine-load-end":
      case "engine-load-fail":
      case "engine-exit":
      case "engine-unload":
        pushEngineChange();
        break;
      default:
    }
  };
  const pushEngineChange = (): void => {
    const now = JSON.stringify(state.engines());
    if (now === engines) return;
    engines = now;
    push(async () => ({
      type: "engine-state",
      engines: state.engines(),
      health: await encodeHealth(services),
    }));
  };

  const onAbort = (): void => queue.clear();
  signal.addEventListener("abort", onAbort, { once: true });
  using _events = events.subscribe((event) => onEvent(event as ObservedEvent));
  using _books = stage.onChange((next) => {
    const before = book;
    book = next;
    push(async () => ({ type: "characters-change", ...(await encodeChange(services, before, next)) }));
  });
  try {
    if (signal.aborted) return;
    yield await encodeSnapshot(services, state);
    for await (const make of queue) {
      const event = await make();
      if (event) yield event;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function encodeSnapshot(services: FeedServices, state: LiveState): Promise<FeedEvent> {
  const context = await readCastContext(services.speech);
  const { generation, characters, problems } = services.stage.book;
  return {
    type: "snapshot",
    health: await encodeHealth(services),
    reply: encodeReply(services),
    engines: state.engines(),
    assets: state.assets(),
    keeps_conversations: services.conversations !== undefined,
    generation,
    characters: characters.map((character) => encodeCharacter(character, context)),
    errors: problems.map(encodeProblem),
  };
}

async function encodeHealth(services: FeedServices) {
  const { canServeText, ...health } = await readHealth(services);
  return { ...health, can_serve_text: canServeText };
}

function encodeReply({ replies }: FeedServices) {
  const { isUp, source, model, detail } = replies.status();
  return { is_up: isUp, source, model: model ?? null, detail: detail ?? null };
}

/** What one swap of the book did: whole records of who came or changed, names of who left. */
async function encodeChange({ speech }: FeedServices, before: CharacterBook, now: CharacterBook) {
  const context = await readCastContext(speech);
  const old = new Map(before.characters.map((character) => [character.name, character]));
  const names = new Set(now.characters.map(({ name }) => name));
  const added = now.characters.filter(({ name }) => !old.has(name));
  // Whoever is as it was is the same object, in the next book too.
  const changed = now.characters.filter((character) => {
    const previous = old.get(character.name);
    return previous !== undefined && previous !== character;
  });
  return {
    generation: now.generation,
    added: added.map((character) => encodeCharacter(character, context)),
    changed: changed.map((character) => encodeCharacter(character, context)),
    removed: [...old.keys()].filter((name) => !names.has(name)),
    errors: now.problems.map(encodeProblem),
  };
}
