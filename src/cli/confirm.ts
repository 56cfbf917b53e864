// Asking before something goes: on a terminal, and never anywhere else.
import { AppError } from "../base/errors.ts";
import type { CommandContext, CommandInput } from "./command-context.ts";
import type { Output } from "./output.ts";

/** True with `--yes`. Nobody to ask (no terminal, or --json) is E_ARGS naming it; `what` is what would be done. */
export async function requestConsent(
  { input, output }: Pick<CommandContext, "input" | "output">,
  { yes, what, question }: { yes: boolean; what: string; question: string },
): Promise<boolean> {
  if (yes) return true;
  requireSomebody({ input, output }, what);
  return await confirm(input, output, question);
}

/** E_ARGS naming --yes where nobody can be asked. */
export function requireSomebody(context: Pick<CommandContext, "input" | "output">, what: string): void {
  if (canAsk(context)) return;
  throw new AppError("E_ARGS", `nobody can be asked whether to ${what}; give --yes`);
}

export const canAsk = ({ input, output }: Pick<CommandContext, "input" | "output">): boolean =>
  input.isInteractive && !output.options.isJson;

/** One line of an answer; anything but a yes is a no. */
export async function confirm(input: CommandInput, output: Output, question: string): Promise<boolean> {
  output.terminal.writeError(question);
  for await (const line of input.readLines()) return /^\s*y(es)?\s*$/i.test(line);
  return false;
}
