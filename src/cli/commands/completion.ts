// `troupe completion SHELL`: the script that lets a shell complete verbs and flags. Reads no settings.
import { Argument, type Command } from "commander";
import { buildCompletionScript, type CompletionShell, completionShells } from "../completion-script.ts";
import type { Output } from "../output.ts";

export function registerCompletion(program: Command, openOutput: (command: Command) => Output): void {
  program
    .command("completion")
    .description("a completion script for the shell")
    .addArgument(new Argument("<shell>").choices(completionShells))
    .addHelpText(
      "after",
      "\nExample:\n  troupe completion bash > ~/.local/share/bash-completion/completions/troupe",
    )
    .action((shell: CompletionShell, _flags: unknown, command: Command) => {
      const script = buildCompletionScript(shell, program);
      openOutput(command).result({ shell, script }, script);
    });
}
