// Asking before something goes: on a terminal, and never anywhere else.
import { throwIfAborted } from "../base/deadline.ts";
import { AppError } from "../base/errors.ts";
import type { CommandContext } from "./command-context.ts";

/** True with `--yes`. Nobody to ask (no terminal, or --json) is E_ARGS naming it; E_INTERRUPTED. `what` is what would be done. */
export async function requestConsent(
  { input, output, signal }: Pick<CommandContext, "input" | "output" | "signal">,
  { yes, what, question }: { yes: boolean; what: string; question: string },
): Promise<boolean> {
  if (yes) return true;
  requireSomebody({ input, output }, what);
  return await confirm({ input, output, signal }, question);
}

/** E_ARGS naming --yes where nobody can be asked. */
export function requireSomebody(context: Pick<CommandContext, "input" | "output">, what: string): void {
  if (canAsk(context)) return;
  throw new AppError("E_ARGS", `nobody can be asked whether to ${what}; give --yes`);
}

export const canAsk = ({ input, output }: Pick<CommandContext, "input" | "output">): boolean =>
  input.isInteractive && !output.options.isJson;

/** One line of an answer; anything but a yes is a no. E_INTERRUPTED. */
export async function confirm(
  { input, output, signal }: Pick<CommandContext, "input" | "output" | "signal">,
  question: string,
): Promise<boolean> {
  output.terminal.writeError(question);
  for await (const line of input.readLines()) return /^\s*y(es)?\s*$/i.test(line);
  // Ctrl-C is no answer: the input only ends.
  throwIfAborted(signal);
  return false;
}
