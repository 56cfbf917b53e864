// `troupe chat NAME`: a conversation in the terminal, by text.
import type { Command } from "commander";
import type { ReplyMessage } from "../../reply/port.ts";
import { findCharacter } from "../find-character.ts";
import { charactersOption, type CommandContext, type Run } from "../command-context.ts";

export function registerChat(program: Command, run: Run): void {
  program
    .command("chat")
    .description("talk with a character in the terminal")
    .argument("<name>", "the character's name")
    .addOption(charactersOption())
    .addHelpText(
      "after",
      '\nExample:\n  troupe chat "Quiz Master"      (an empty line is silence, Ctrl-D ends)',
    )
    .action(async (name: string, _flags: unknown, command: Command) => {
      await run(command, (context) => chat(context, name));
    });
}

async function chat({ app, output, signal, input }: CommandContext, name: string): Promise<void> {
  await using stage = await app.openStage({ watch: true });
  await app.replies.probe(signal);
  const messages: ReplyMessage[] = [];
  const answer = async (): Promise<void> => {
    // Looked up each turn: a saved edit is on stage for the next line.
    const character = findCharacter(stage.book, name);
    if (!output.options.isJson) output.terminal.writeOut(`${character.name}: `);
    let text = "";
    for await (const event of app.replyAsCharacter({ character, messages, userName: app.userName, signal })) {
      if (event.type !== "text-delta") continue;
      text += event.text;
      if (!output.options.isJson) output.terminal.writeOut(event.text);
    }
    output.line("");
    output.event({ event: "reply", character: character.name, text });
    messages.push({ role: "assistant", content: text });
  };

  const prompt = (): void => {
    if (output.terminal.isInteractive && !output.options.isJson) output.terminal.writeOut("You: ");
  };
  await answer();
  prompt();
  for await (const line of input.readLines()) {
    messages.push({ role: "user", content: line.trim() === "" ? "..." : line });
    await answer();
    prompt();
  }
  output.result({ messages }, "");
}
