import { expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { createCharacterStage } from "../../src/characters/character-stage.ts";
import { awaitCharacter, findCharacter } from "../../src/cli/find-character.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const source = (name: string): string => `
export const CHARACTER_NAME = ${JSON.stringify(name)};
export const VOICE_SOURCE = { source_type: "kokoro", voice: "am_michael" };
export const INSTRUCTIONS = { type: "constant", text: "Be brief." };
export class PromptGenerator { makeSystemPrompt() { return "Be brief."; } }`;

test("one whose file is slow is waited for; one who is in no file is refused with who there is", async () => {
  await using folder = await createTempFolder();
  await folder.write("gus.ts", source("Gus"));
  // Far beyond the time after which a stage opens with whoever is there.
  await folder.write("sal.ts", `await new Promise((resolve) => setTimeout(resolve, 1500));${source("Sal")}`);
  await using stage = await createCharacterStage(
    { emit: () => undefined },
    { folder: folder.path, watch: false, evaluateTimeoutMs: 60_000 },
  );
  expect((await awaitCharacter(stage, "sal")).name).toBe("Sal");
  expect(findCharacter(stage.book, " GUS ").name).toBe("Gus");
  const refusal = await awaitCharacter(stage, "Zebulon").catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(AppError);
  expect((refusal as AppError).code).toBe("E_NOT_FOUND");
  expect((refusal as AppError).message).toContain("Gus, Sal");
}, 60_000);
