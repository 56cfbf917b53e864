// The zod union by which the package `@openai/agents-realtime` judges server events; what fails it becomes "generic" there.
// The package does not export it, so it is taken from beside its entry.
import { z } from "zod";
import type { ServerEvent } from "./realtime-invariants.ts";

const entry = import.meta.resolve("@openai/agents-realtime");
const module = (await import(new URL("openaiRealtimeEvents.mjs", entry).pathname)) as {
  realtimeServerEventSchema: z.ZodType;
};

/** Events of OpenAI's that the package does not know. */
const unknownThere = new Set(["input_audio_buffer.timeout_triggered"]);

/** Why the package would not take the event; undefined when it does. */
export function judgeByAgents(event: ServerEvent): string | undefined {
  if (event.type.startsWith("troupe.") || unknownThere.has(event.type)) return undefined;
  const parsed = module.realtimeServerEventSchema.safeParse(event);
  return parsed.success ? undefined : `${event.type}: ${z.prettifyError(parsed.error)}`;
}
