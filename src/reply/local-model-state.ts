// What keeps models from running here, for those who list providers: looked for without loading anything.
import { AppError, messageOf } from "../base/errors.ts";
import { type LocalReplyDependencies, notLookedFor } from "./local-reply-source.ts";
import type { ReplyStatus } from "./source.ts";

export type LocalModelState =
  | { state: "ready" }
  | { state: "loading"; detail: string }
  | { state: "not-installed" | "incompatible"; reason: string };

/** `status` is the reply source's; one that runs a model here knows best how that is. */
export async function lookAtLocalModels(
  { loadProvider, ...context }: LocalReplyDependencies,
  status: ReplyStatus,
): Promise<LocalModelState> {
  const isChosen = status.source === "local";
  if (isChosen && status.isUp) return { state: "ready" };
  try {
    const provider = await loadProvider();
    const name = await provider.find(context, isChosen ? status.model : undefined);
    // Nobody has wanted it yet: it could run.
    if (!isChosen || status.detail === notLookedFor) return { state: "ready" };
    const detail = status.detail ?? `loading ${name}`;
    return status.isFailed === true
      ? { state: "incompatible", reason: detail }
      : { state: "loading", detail };
  } catch (error) {
    const code = error instanceof AppError ? error.code : undefined;
    // Several are installed: whoever chooses this source says which.
    if (!isChosen && code === "E_ARGS") return { state: "ready" };
    return { state: code === "E_NOT_FOUND" ? "not-installed" : "incompatible", reason: messageOf(error) };
  }
}
