// The helper for authors: what it gives back, and what a type checker says to it.
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { defineCharacter, defineTool } from "../../src/characters/define-character.ts";

class Prompts {
  readonly instructions: { readonly type: "smalltalk" };
  constructor(instructions: { readonly type: "smalltalk" }) {
    this.instructions = instructions;
  }
  makeSystemPrompt(context: { userName: string | undefined }): string {
    return `Talk with ${context.userName ?? "the user"}.`;
  }
}

describe("defineCharacter", () => {
  test("gives back what it was given, with its types", () => {
    const definition = defineCharacter({
      CHARACTER_NAME: "Ada",
      VOICE_SOURCE: { source_type: "kokoro", voice: "af_heart", speed: 1.1 },
      INSTRUCTIONS: { type: "smalltalk" },
      PromptGenerator: Prompts,
    });
    const generator = new definition.PromptGenerator(definition.INSTRUCTIONS);
    expect(generator.makeSystemPrompt({ userName: undefined })).toBe("Talk with the user.");
    expect(definition.CHARACTER_NAME).toBe("Ada");
  });

  test("refuses what does not fit, in the editor", () => {
    defineCharacter({
      CHARACTER_NAME: "Ada",
      // @ts-expect-error a kokoro voice has a name
      VOICE_SOURCE: { source_type: "kokoro" },
      INSTRUCTIONS: { type: "smalltalk" },
      PromptGenerator: Prompts,
    });
    defineCharacter({
      CHARACTER_NAME: "Ada",
      VOICE_SOURCE: { source_type: "kokoro", voice: "af_heart" },
      // @ts-expect-error no such kind of instructions
      INSTRUCTIONS: { type: "opera" },
      PromptGenerator: Prompts,
    });
    expect(true).toBe(true);
  });

  test("types a tool's arguments by its zod object", () => {
    const tool = defineTool({
      name: "roll",
      description: "Rolls a die.",
      parameters: z.object({ sides: z.number() }),
      execute: ({ sides }) => sides.toFixed(0),
    });
    expect(tool.execute({ sides: 6 }, {} as never)).toBe("6");
  });
});
