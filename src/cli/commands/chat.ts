// `troupe chat NAME`: a conversation in the terminal, by text or by voice.
import type { Command } from "commander";
import { systemClock } from "../../base/clock.ts";
import type { ReplyMessage } from "../../reply/port.ts";
import { awaitCharacter, findCharacter } from "../find-character.ts";
import { charactersOption, type CommandContext, type Run } from "../command-context.ts";
import { openFileLoudspeaker, openLoudspeaker } from "../loudspeaker.ts";
import { createFileMicrophone, createMicrophone } from "../microphone.ts";
import { runVoiceChat } from "../voice-chat.ts";

interface ChatFlags {
  voice?: boolean;
  headphones?: boolean;
  microphone?: string;
  output?: string;
}

export function registerChat(program: Command, run: Run): void {
  program
    .command("chat")
    .description("talk with a character in the terminal")
    .argument("<name>", "the character's name")
    .addOption(charactersOption())
    .option("--voice", "by voice, through the sound card")
    .option("--headphones", "with --voice: speaking interrupts; without it the microphone rests meanwhile")
    .option("--microphone <file>", "with --voice: hear a file instead, and end with it")
    .option("-o, --output <file>", "with --voice: write what is said to a WAV file instead")
    .addHelpText(
      "after",
      `
Example:
  troupe chat "Quiz Master"                        (an empty line is silence, Ctrl-D ends)
  troupe chat "Quiz Master" --voice --headphones   (Enter interrupts, Ctrl-C ends)`,
    )
    .action(async (name: string, flags: ChatFlags, command: Command) => {
      const talk = (context: CommandContext): Promise<void> =>
        flags.voice === true ? chatByVoice(context, name, flags) : chat(context, name);
      await run(command, talk, { isLasting: true });
    });
}

async function chat({ app, output, signal, input }: CommandContext, name: string): Promise<void> {
  await using stage = await app.openStage({ watch: true });
  await awaitCharacter(stage, name);
  await app.replies.probe(signal);
  const messages: ReplyMessage[] = [];
  const answer = async (): Promise<void> => {
    // Looked up each turn: a saved edit is on stage for the next line.
    const character = findCharacter(stage.book, name);
    output.text(`${character.name}: `);
    let text = "";
    for await (const event of app.replyAsCharacter({ character, messages, userName: app.userName, signal })) {
      if (event.type !== "text-delta") continue;
      text += event.text;
      output.text(event.text);
    }
    output.line("");
    output.event({ event: "reply", character: character.name, text });
    messages.push({ role: "assistant", content: text });
  };

  const prompt = (): void => {
    if (output.terminal.isInteractive) output.text("You: ");
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

async function chatByVoice(context: CommandContext, name: string, flags: ChatFlags): Promise<void> {
  const { app, output, signal, input } = context;
  await using stage = await app.openStage({ watch: true });
  const character = await awaitCharacter(stage, name);
  const clock = systemClock;
  const whenReady = { timeoutMs: Infinity, signal };
  await Promise.all([
    app.replies.probe(signal),
    app.speech.synthesizer(whenReady),
    app.speech.recognizer(whenReady),
    app.speech.detector(whenReady),
  ]);
  await using loudspeaker =
    flags.output === undefined ? openLoudspeaker() : await openFileLoudspeaker({ clock }, flags.output);
  const messages: { role: "user" | "assistant"; content: string }[] = [];
  let spoken = "";
  const show = (line: { speaker: "user" | "character"; text: string; isWhole: boolean }): void => {
    if (line.speaker === "user") {
      output.line(`You: ${line.text}`);
      output.event({ event: "heard", text: line.text });
      messages.push({ role: "user", content: line.text });
      return;
    }
    if (line.text !== "") output.text(spoken === "" ? `${character.name}: ${line.text}` : line.text);
    spoken += line.text;
    if (!line.isWhole || spoken === "") return;
    output.line("");
    output.event({ event: "reply", character: character.name, text: spoken });
    messages.push({ role: "assistant", content: spoken });
    spoken = "";
  };
  output.note(
    flags.headphones === true
      ? "Speak whenever you like; Ctrl-C ends the talk."
      : "The microphone rests while the character speaks (--headphones keeps it open); Enter interrupts, Ctrl-C ends.",
  );
  await runVoiceChat(
    {
      clock,
      microphone:
        flags.microphone === undefined
          ? createMicrophone()
          : createFileMicrophone({ clock }, flags.microphone),
      loudspeaker,
      openSession: (channel) => app.openTalk(stage, character, channel),
      show,
      onFault: (message) => output.note(`(${message})`),
    },
    { hasHeadphones: flags.headphones === true, interruptions: input.readLines(), signal },
  );
  output.result({ messages }, "");
}
