// The guide's characters, loaded and talked to as they stand.
import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { createCharacterStage } from "../../src/characters/character-stage.ts";
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
  const croupier = book.find("Croupier");
  expect(await croupier?.callTool("roll", { sides: 20 }, { seed: 2 })).toEqual({ shown: expect.any(Number) });
  const refused = await croupier?.callTool("roll", { sides: 1 }, {}).catch((error: Error) => error.message);
  expect(refused).toContain("sides");
});
