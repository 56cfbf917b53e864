// Everything that the house says of itself, and a subscription that handles it by type.
import type { AssetEvent } from "../assets/port.ts";
import type { AnyEvent, EventHub } from "../base/events.ts";
import type { CharacterEvent } from "../characters/port.ts";
import type { ReplySourceEvent } from "../reply/source.ts";
import type { VoiceSessionEvent } from "../session/events.ts";
import type { SpeechEvent } from "../speech/engine.ts";
import type { HttpEvent } from "./http-event.ts";

/** Work that nobody waits for has failed. */
export type BackgroundEvent = { type: "background-failure"; error: unknown };

export type SystemEvent =
  | BackgroundEvent
  | AssetEvent
  | CharacterEvent
  | SpeechEvent
  | ReplySourceEvent
  | VoiceSessionEvent
  | HttpEvent;

export type EventOf<T extends SystemEvent["type"]> = Extract<SystemEvent, { type: T }>;

/** What to do with each type; types without an entry are passed over. */
export type EventHandlers = { readonly [T in SystemEvent["type"]]?: (event: EventOf<T>) => void };

export type EventSource = Pick<EventHub<AnyEvent>, "subscribe">;

export function subscribeHandlers(events: EventSource, handlers: EventHandlers): Disposable {
  return events.subscribe((event) => {
    if (!Object.hasOwn(handlers, event.type)) return;
    const handle = handlers[event.type as SystemEvent["type"]] as ((event: AnyEvent) => void) | undefined;
    handle?.(event);
  });
}
