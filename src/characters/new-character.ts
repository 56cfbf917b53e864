// The file that a new character begins as: everything that is needed, nothing that is not, each part explained.
import { selectFileName } from "./cards/character-file-name.ts";
import { printDeclaration } from "./cards/print-literal.ts";
import type { Instructions } from "./module-contract.ts";

export interface NewCharacter {
  name: string;
  type: Instructions["type"];
  /** A Kokoro voice id or blend. */
  voice: string;
}

/** What a language model is told to do, by type: a first line for the author to change. */
const firstLines: Readonly<Record<Instructions["type"], string>> = {
  constant: "You keep the last bookshop in town and love to recommend something odd.",
  smalltalk: "You enjoy small talk: the weather, the weekend, what people are up to.",
  quiz_show: "You host a quiz: ask one question at a time, judge the answer kindly, keep score.",
  guess_animal: "You are thinking of an animal. Answer yes or no until it is guessed.",
  news: "You tell one piece of today's news at a time, and ask what people think of it.",
  unmute_explanation: "You explain how this system works, in plain words.",
};

/** A file name that is free beside `taken`, and the text of the file. */
export function buildNewCharacter(
  { name, type, voice }: NewCharacter,
  taken: ReadonlySet<string>,
): { fileName: string; source: string } {
  const line = firstLines[type];
  const instructions = {
    type,
    ...(type === "constant" && { text: line }),
    ...(type !== "unmute_explanation" && { language: "en" }),
  };
  const told = type === "constant" ? `\${instructions.text}` : line;
  const source = `// Save this file while Troupe runs, and the next answer is by the new version.

${printDeclaration("export const CHARACTER_NAME", name)}
// Who speaks: a voice id, or a blend such as "af_bella(2)+af_sky(1)".
${printDeclaration("export const VOICE_SOURCE", { source_type: "kokoro", voice })}
${printDeclaration("export const INSTRUCTIONS", instructions)}
// What the page shows.
export const METADATA = { good: true, tagline: "New here" };

interface Message {
  role: string;
  content: string;
}

export class PromptGenerator {
  instructions: typeof INSTRUCTIONS;

  constructor(instructions: typeof INSTRUCTIONS) {
    this.instructions = instructions;
  }

  // What a language model is told, if there is one.
  makeSystemPrompt(context: { now: Date }): string {
    const { instructions } = this;
    return [
      \`You are \${CHARACTER_NAME}. ${told}\`,
      "Your words are spoken aloud: one or two short sentences, no markdown, no emoji.",
      "What you read was heard by a machine and may be wrong: ask when it makes no sense.",
      'Three dots, "...", mean that nothing was said. After three of them say goodbye, and end with "Bye!".',
      \`It is \${context.now.toDateString()}. Your kind of talk: \${instructions.type}.\`,
    ].join("\\n");
  }

  // How the character answers when there is no language model.
  reply(messages: Message[]): string {
    const last = messages.at(-1);
    if (last === undefined) return "Hello! I am new on this stage. What brings you here?";
    if (/\\bbye\\b/i.test(last.content)) return "Come back soon. Bye!";
    return \`You said: \${last.content} Tell me more.\`;
  }
}
`;
  return { fileName: selectFileName(name, "character", taken), source };
}
