// A response's configuration, fixed at its start: what the session says, with what the client wishes for this one.
import type { ResponseStatus, ResponseView } from "./events.ts";
import { findItem } from "./history.ts";
import { tellConversation } from "./memory.ts";
import type { ClientTool } from "./session-config.ts";
import type { ActiveResponse, ReplyPlan, SessionState } from "./state.ts";
import { lookUpItem } from "./step.ts";

export function buildPlan(
  response: ActiveResponse,
  { items, memory, limits }: Pick<SessionState, "items" | "memory" | "limits">,
): ReplyPlan {
  const { wish, config, cast } = response;
  const told = wish.input?.flatMap((item) =>
    typeof item === "string" ? (findItem(items, item) ?? []) : [item],
  );
  const tools = wish.tools ?? config.tools ?? [];
  return {
    character: cast.character,
    say: response.say ?? undefined,
    messages: told ? tellConversation(told, null) : tellConversation(items, memory),
    historyTokens: limits.historyTokens,
    instructions: wish.instructions ?? config.instructions ?? undefined,
    clientTools: tools.filter((tool) => !isOwnTool(response, tool)),
    toolChoice: wish.toolChoice ?? config.toolChoice,
    maxOutputTokens: wish.maxOutputTokens === undefined ? config.maxOutputTokens : wish.maxOutputTokens,
    speech:
      modalityOf(response) === "text"
        ? null
        : {
            voice: wish.voice ?? config.voice,
            speed: config.speed,
            sampleRateHz: (wish.outputFormat ?? config.outputFormat).sampleRateHz,
          },
  };
}

export function modalityOf({ wish, config }: ActiveResponse): "audio" | "text" {
  return wish.outputModality ?? config.outputModality;
}

/** A client that sends back the tools it was shown wants them to go on running here. */
function isOwnTool({ cast }: ActiveResponse, tool: ClientTool): boolean {
  return cast.character.tools.some(
    (own) =>
      own.name === tool.name &&
      own.description === tool.description &&
      Bun.deepEquals(own.parameters, tool.parameters),
  );
}

export function viewResponse(
  state: SessionState,
  response: ActiveResponse,
  ending: Pick<ResponseView, "cancelReason" | "incompleteReason" | "error"> & { status: ResponseStatus },
): ResponseView {
  const { wish, config, cast, usage } = response;
  return {
    id: response.id,
    ...ending,
    output: response.outputIds.flatMap((id) => lookUpItem(state, id) ?? []),
    conversation: wish.conversation ?? "auto",
    outputModality: modalityOf(response),
    outputFormat: wish.outputFormat ?? config.outputFormat,
    voice: wish.voice ?? config.voice ?? cast.voice.voice,
    maxOutputTokens: wish.maxOutputTokens === undefined ? config.maxOutputTokens : wish.maxOutputTokens,
    metadata: wish.metadata ?? null,
    usage,
  };
}
