// The file that a new character begins as is fit to live with, whatever its name.
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Instructions } from "../../src/characters/module-contract.ts";
import { buildNewCharacter } from "../../src/characters/new-character.ts";
import { createCheckedProject } from "../support/source-checks.ts";

const kinds: readonly Instructions["type"][] = [
  "constant",
  "smalltalk",
  "quiz_show",
  "guess_animal",
  "news",
  "unmute_explanation",
];

test("it is formatted, typed and linted, for every kind of talk and names of any kind", async () => {
  await using project = await createCheckedProject();
  const names = ["Gus", `Ann "the quoted" O'Hara`, "`ticks` ${and} \\ back", "物語の人 🎭", "x".repeat(80)];
  const taken = new Set<string>();
  for (const name of names) {
    for (const type of kinds) {
      const { fileName, source } = buildNewCharacter({ name, type, voice: "af_bella(2)+af_sky(1)" }, taken);
      expect(fileName).toMatch(/^[a-z0-9][a-z0-9-]*\.ts$/);
      taken.add(fileName);
      await Bun.write(join(project.folder, fileName), source);
      const written = (await import(join(project.folder, fileName))) as {
        CHARACTER_NAME: string;
        INSTRUCTIONS: { type: string };
        PromptGenerator: new (i: unknown) => { makeSystemPrompt(context: { now: Date }): string };
      };
      expect([written.CHARACTER_NAME, written.INSTRUCTIONS.type]).toEqual([name, type]);
      const prompt = new written.PromptGenerator(written.INSTRUCTIONS).makeSystemPrompt({ now: new Date(0) });
      expect(prompt).toStartWith(`You are ${name}. You `);
      expect(prompt).not.toContain("undefined");
    }
  }
  expect(taken.size).toBe(names.length * kinds.length);
  expect(await project.complaints()).toBe("");
}, 60_000);
