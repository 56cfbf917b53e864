// The guide's characters, loaded and talked to as they stand.
import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { createCharacterStage } from "../../src/characters/character-stage.ts";
import { collars, extras, hairs, hairStyles, hats, skins } from "../../src/web/face-design.ts";
import { createCheckedProject } from "../support/source-checks.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const guide = await Bun.file(resolve(import.meta.dir, "../../docs/characters.md")).text();
const examples = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] as string);

test("every character of the guide loads and does what the text says", async () => {
  await using folder = await createTempFolder();
  for (const [i, text] of examples.entries()) await folder.write(`example-${i}.ts`, text);
  await using stage = await createCharacterStage(
    { emit: () => undefined },
    { folder: folder.path, watch: false },
  );
  const book = await stage.settled();
  expect(book.problems).toEqual([]);
  const ask = async (name: string, ...said: string[]): Promise<string> => {
    const messages = said.map((content) => ({ role: "user" as const, content }));
    const pieces = await Array.fromAsync(book.find(name)?.reply(messages, { seed: 1 }) ?? []);
    return pieces.join("");
  };
  expect(await ask("Gus the Lighthouse Keeper")).toBe("Evening. Mind the wet steps.");
  expect(await ask("Echo", "Good morning.")).toMatch(/^Good morning\. (And then\?|Go on\.)$/);
  expect(await ask("Echo", "...")).toBe("It is quiet up here. Say something, and I shall say it back.");
  expect(await ask("Croupier", "Roll!")).toMatch(/^It shows [1-6]\.$/);
  expect(await ask("Ines", "Hello")).toBe("Lovely day to be checked by a machine.");
  const croupier = book.find("Croupier");
  expect(await croupier?.callTool("roll", { sides: 20 }, { seed: 2 })).toEqual({ shown: expect.any(Number) });
  const refused = await croupier?.callTool("roll", { sides: 1 }, {}).catch((error: Error) => error.message);
  expect(refused).toContain("sides");
});

test("the guide names every part of a face, and no other", () => {
  const named = (key: string): string[] => {
    const [, row = ""] = new RegExp(`^\\| \`${key}\` \\| (.*) \\|$`, "m").exec(guide) ?? [];
    return [...row.matchAll(/`([a-z-]+)`/g)].map((match) => match[1] as string);
  };
  expect({
    skin: named("skin"),
    hair: named("hair"),
    hair_style: named("hair_style"),
    extra: named("extra"),
    collar: named("collar"),
    hat: named("hat"),
  }).toEqual({
    skin: Object.keys(skins),
    hair: Object.keys(hairs),
    hair_style: [...hairStyles],
    extra: [...extras],
    collar: [...collars],
    hat: [...hats],
  });
});

test("the guide's characters pass the type check and the linter, as their authors will see them", async () => {
  await using project = await createCheckedProject();
  for (const [i, text] of examples.entries()) await Bun.write(join(project.folder, `example-${i}.ts`), text);
  expect(await project.complaints()).toBe("");
}, 60_000);
