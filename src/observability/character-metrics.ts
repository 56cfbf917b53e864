// The cast and its tools, under the names that its users already watch.
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { LoadErrorType, LoadProblem } from "../characters/port.ts";
import { createBoundedLabel } from "./bounded-label.ts";
import { waitBuckets } from "./buckets.ts";
import type { EventHandlers } from "./system-event.ts";

const errorTypes: readonly LoadErrorType[] = [
  "ReadError",
  "SyntaxError",
  "ImportError",
  "EvaluationError",
  "Timeout",
  "MissingExport",
  "ValidationError",
  "MissingMethod",
  "InvalidTools",
  "DuplicateName",
  "BadPrompt",
  "Crashed",
];
/** Ten tools for each of ten characters, and the rest together. */
const toolLabelLimit = 100;

export function createCharacterMetrics(registry: Registry): EventHandlers {
  const registers = [registry];
  const loaded = new Gauge({ name: "worker_characters_loaded", help: "Characters on stage", registers });
  const loadCount = new Counter({
    name: "worker_character_load_count",
    help: "Versions of characters put on stage",
    registers,
  });
  const loadErrors = new Counter({
    name: "worker_character_load_errors",
    help: "Character files that failed, each time they do",
    labelNames: ["error_type"],
    registers,
  });
  for (const error_type of errorTypes) loadErrors.inc({ error_type }, 0);
  const loadDuration = new Histogram({
    name: "worker_character_load_duration",
    help: "Seconds of each load, the first and every reload",
    buckets: waitBuckets,
    registers,
  });
  const reloadDuration = new Histogram({
    name: "character_reload_duration_seconds",
    help: "Seconds from a noticed change or a request to the new cast on stage",
    buckets: waitBuckets,
    registers,
  });
  const quarantines = new Counter({
    name: "character_quarantines_total",
    help: "Characters taken off stage because their code hung or crashed",
    registers,
  });
  const inQuarantine = new Gauge({
    name: "worker_characters_quarantined",
    help: "Character files that are not run until they change, because they hung or crashed",
    registers,
  });
  const toolCalls = new Counter({
    name: "character_tool_calls_total",
    help: "Calls of characters' tools",
    labelNames: ["tool", "outcome"],
    registers,
  });
  const toolLatency = new Histogram({
    name: "character_tool_latency_seconds",
    help: "Seconds of each call of a character's tool",
    buckets: waitBuckets,
    registers,
  });
  const toolLabel = createBoundedLabel(toolLabelLimit);
  let known = new Set<string>();
  const quarantined = new Set<string>();
  let countedUpTo = 0;

  return {
    "characters-load-end": ({ book, durationMs, reason, problems }) => {
      loaded.set(book.characters.length);
      // Every file that is still in quarantine is among those with a problem.
      const faulty = new Set(problems.filter(isQuarantining).map(({ file }) => file));
      for (const file of quarantined) if (!faulty.has(file)) quarantined.delete(file);
      inQuarantine.set(quarantined.size);
      // A version carries the generation in which it first stood; a load may have taken several.
      loadCount.inc(book.characters.filter(({ generation }) => generation > countedUpTo).length);
      countedUpTo = book.generation;
      loadDuration.observe(durationMs / 1000);
      if (reason !== "start") reloadDuration.observe(durationMs / 1000);
      // A watcher reads only what changed: a file that is still broken did not fail again.
      const isNew = (problem: LoadProblem): boolean => reason !== "watch" || !known.has(keyOf(problem));
      for (const problem of problems) if (isNew(problem)) loadErrors.inc({ error_type: problem.error_type });
      known = new Set(problems.map(keyOf));
    },
    "character-quarantine": ({ file }) => {
      quarantines.inc();
      inQuarantine.set(quarantined.add(file).size);
    },
    "character-tool-call": ({ tool, outcome, durationMs }) => {
      toolCalls.inc({ tool: toolLabel(tool), outcome });
      toolLatency.observe(durationMs / 1000);
    },
  };
}

const isQuarantining = ({ error_type }: LoadProblem): boolean =>
  error_type === "Timeout" || error_type === "Crashed";

const keyOf = ({ file, stage, error_type, message }: LoadProblem): string =>
  JSON.stringify([file, stage, error_type, message]);
