// Events → Prometheus metrics, in a registry of our own: several servers in one process do not share numbers.
import { Registry } from "prom-client";
import { type Clock, systemClock } from "../base/clock.ts";
import { createAssetMetrics } from "./asset-metrics.ts";
import { createCharacterMetrics } from "./character-metrics.ts";
import { createHttpMetrics } from "./http-metrics.ts";
import { createProcessMetrics } from "./process-metrics.ts";
import { createSessionMetrics } from "./session-metrics.ts";
import { createSpeechMetrics } from "./speech-metrics.ts";
import { createWorkerMetrics } from "./worker-metrics.ts";
import { type EventSource, subscribeHandlers } from "./system-event.ts";

export interface EventMetrics extends Disposable {
  readonly contentType: string;
  /** Text exposition format. */
  render(): Promise<string>;
}

export function createMetrics(events: EventSource, options: { clock?: Clock } = {}): EventMetrics {
  const registry = new Registry();
  const held = new DisposableStack();
  const groups = [
    createCharacterMetrics(registry),
    createAssetMetrics(registry),
    createSpeechMetrics(registry),
    createSessionMetrics(registry),
    createWorkerMetrics(registry),
    createHttpMetrics(registry),
  ];
  for (const handlers of groups) held.use(subscribeHandlers(events, handlers));
  held.use(createProcessMetrics(registry, options.clock ?? systemClock));
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    [Symbol.dispose]: () => held.dispose(),
  };
}
