// The helper for authors: what it gives back, and what a type checker says to it.
import { afterAll, describe, expect, test } from "bun:test";
import { z } from "zod";
import { kokoroVoiceFiles } from "../../src/assets/catalogue/kokoro-voice-files.ts";
import { defineCharacter, defineTool, type VoiceSource } from "../../src/characters/define-character.ts";
import { kokoroVoices } from "../../src/providers/tts/kokoro/voices.ts";
import { openEditor } from "../support/editor.ts";

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

  test("takes every way to write a voice, and refuses those that name none", () => {
    const withVoice = {
      CHARACTER_NAME: "Ada",
      INSTRUCTIONS: { type: "smalltalk" },
      PromptGenerator: Prompts,
    } as const;
    const computed: string = ["af", "heart"].join("_");
    const good = [
      defineCharacter({ ...withVoice, VOICE_SOURCE: { source_type: "kokoro", voice: "bm_george" } }),
      defineCharacter({
        ...withVoice,
        VOICE_SOURCE: { source_type: "kokoro", voice: "af_heart(2)+bm_george(1)" },
      }),
      defineCharacter({
        ...withVoice,
        VOICE_SOURCE: { source_type: "kokoro", voice: "af_bella(.5) + af_sky", speed: 1.2 },
      }),
      defineCharacter({ ...withVoice, VOICE_SOURCE: { source_type: "kokoro", voice: computed } }),
      defineCharacter({
        ...withVoice,
        VOICE_SOURCE: { source_type: "provider", provider: "piper", voice: "en_US-amy" },
      }),
      defineCharacter({ ...withVoice, VOICE_SOURCE: { source_type: "asset", asset: "my-voice" } }),
      defineCharacter({
        ...withVoice,
        VOICE_SOURCE: { source_type: "file", path_on_server: 'a "b"/`c`.wav' },
      }),
      defineCharacter({
        ...withVoice,
        VOICE_SOURCE: { source_type: "freesound", url: "https://x", path_on_server: "y" },
      }),
    ];
    // @ts-expect-error af_hart is no voice
    defineCharacter({ ...withVoice, VOICE_SOURCE: { source_type: "kokoro", voice: "af_hart" } });
    // @ts-expect-error the second of the blend is no voice
    defineCharacter({ ...withVoice, VOICE_SOURCE: { source_type: "kokoro", voice: "af_heart(2)+bm_gorge" } });
    // @ts-expect-error a weight is a number
    defineCharacter({ ...withVoice, VOICE_SOURCE: { source_type: "kokoro", voice: "af_heart(much)" } });
    // @ts-expect-error and not below zero
    defineCharacter({ ...withVoice, VOICE_SOURCE: { source_type: "kokoro", voice: "af_heart(-1)+af_sky" } });
    // @ts-expect-error nothing follows the plus
    defineCharacter({ ...withVoice, VOICE_SOURCE: { source_type: "kokoro", voice: "af_heart+" } });
    // @ts-expect-error a plain export is checked by `satisfies`
    const wrong = { source_type: "kokoro", voice: "af_hart" } satisfies VoiceSource;
    const right = { source_type: "kokoro", voice: "af_heart(2) + af_sky" } satisfies VoiceSource;
    expect([good.length, wrong.voice, right.voice]).toEqual([8, "af_hart", "af_heart(2) + af_sky"]);
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

describe("in an editor", () => {
  const editor = openEditor("story_characters/not-on-disk.ts");
  afterAll(() => editor[Symbol.asyncDispose]());
  const character = (voice: string): string => `import { defineCharacter } from "troupe";
export default defineCharacter({
  CHARACTER_NAME: "Ada",
  VOICE_SOURCE: { source_type: "kokoro", voice: ${voice} },
  INSTRUCTIONS: { type: "smalltalk" },
  PromptGenerator: class {
    makeSystemPrompt() {
      return "Be brief.";
    }
  },
});
`;

  test("the voices that there are, and no others, are offered", async () => {
    const ids = kokoroVoices.map(({ id }) => id).toSorted();
    expect(ids.length).toBe(54);
    expect(kokoroVoiceFiles.map(({ path }) => path.replace(".bin", "")).toSorted()).toEqual(ids);
    expect((await editor.complete(character('"|"'))).toSorted()).toEqual(ids);
  }, 60_000);

  test("a wrong voice is underlined, and nothing else; the message names it", async () => {
    for (const voice of ["af_hart", "af_heart(2)+af_hart", "zz_none"]) {
      const underlined = await editor.underline(character(JSON.stringify(voice)));
      expect(underlined.map(({ text }) => text)).toEqual(["voice"]);
      expect(underlined[0]?.message).toContain(`there is no Kokoro voice ${voice.split("+").at(-1)}`);
    }
    expect(await editor.underline(character('"af_heart(2)+bm_george(1)"'))).toEqual([]);
  }, 60_000);

  test("a wrong voice of a plain export is underlined, with the one that was meant", async () => {
    const plain = (voice: string): string => `import type { VoiceSource } from "troupe";
export const VOICE_SOURCE = { source_type: "kokoro", voice: "${voice}" } satisfies VoiceSource;
`;
    const underlined = await editor.underline(plain("af_hart"));
    expect(underlined.length).toBe(1);
    expect(underlined[0]?.message).toContain(`Did you mean '"af_heart"'`);
    expect(await editor.underline(plain("af_heart"))).toEqual([]);
  }, 60_000);
});
