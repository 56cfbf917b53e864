// Server events as the types of the package `openai` say that they are, today's and the beta's.
import { type DeclaredTypes, loadDeclaredTypes } from "./declared-types.ts";
import type { ServerEvent } from "./realtime-invariants.ts";

const resources = new URL("./resources/", import.meta.resolve("openai"));
export const gaTypes: DeclaredTypes = loadDeclaredTypes(
  new URL("realtime/realtime.d.ts", resources).pathname,
);
export const betaTypes: DeclaredTypes = loadDeclaredTypes(
  new URL("beta/realtime/realtime.d.ts", resources).pathname,
);

/** Why it is no event of the package's; undefined when it is one, or one of this system's own. */
export function judgeByOpenAi(event: ServerEvent, types: DeclaredTypes = gaTypes): string | undefined {
  if (event.type.startsWith("troupe.")) return undefined;
  return types.judge("RealtimeServerEvent", event);
}
