// A whole session's server events, judged: by the rules of a session, by the schemas of `@openai/agents-realtime`, and by the
// types of `openai`.
import { judgeByAgents } from "./agents-schema.ts";
import { betaTypes, judgeByOpenAi } from "./openai-types.ts";
import { createInvariantChecker, type ServerEvent } from "./realtime-invariants.ts";

/** All breaches of a log in today's dialect. `isCut`: the connection was lost, so what was begun need not have ended. */
export function findBreaches(events: readonly ServerEvent[], options?: { isCut?: boolean }): string[] {
  const checker = createInvariantChecker();
  for (const event of events) checker.push(event);
  const judged = events.flatMap((event) => [judgeByAgents(event), judgeByOpenAi(event)]);
  return [...judged.filter((breach) => breach !== undefined), ...checker.finish(options)];
}

/** What the package's types for the beta do not know, or know otherwise. */
export function findBetaBreaches(events: readonly ServerEvent[]): string[] {
  return events.flatMap((event) => judgeByOpenAi(useTheirModel(event), betaTypes) ?? []);
}

/** The beta's types list OpenAI's models by name; here a model is a character. All else must fit as it is. */
function useTheirModel(event: ServerEvent): ServerEvent {
  const session = event["session"] as object | undefined;
  return session ? { ...event, session: { ...session, model: "gpt-4o-realtime-preview" } } : event;
}
