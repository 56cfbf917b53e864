// `characters new | import | export | call`, by the program as a process.
import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { characterText } from "../support/character-files.ts";
import { createTempFolder, type TempFolder } from "../support/temp-folder.ts";

const main = resolve(import.meta.dir, "../../src/main.ts");

async function troupe(folder: TempFolder, ...line: string[]) {
  const child = Bun.spawn(
    [process.execPath, "--no-env-file", main, "characters", ...line, "--characters", "cast", "--json"],
    {
      cwd: folder.path,
      env: { PATH: process.env.PATH ?? "", HOME: folder.path },
      stdout: "pipe",
      stderr: "ignore",
    },
  );
  const [out, exitCode] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  return {
    exitCode,
    ...(JSON.parse(out) as { success: boolean; data: Record<string, unknown>; message: string }),
  };
}

test("a new character of every type loads at once, and its name is free", async () => {
  await using folder = await createTempFolder();
  const types = ["constant", "smalltalk", "quiz_show", "guess_animal", "news", "unmute_explanation"];
  for (const type of types) {
    const made = await troupe(folder, "new", `Ann "${type}" O'Hara`, "--type", type, "--voice", "bf_emma");
    expect([made.exitCode, await Bun.file(String(made.data.file)).exists()]).toEqual([0, true]);
  }
  const check = await troupe(folder, "check");
  expect(check).toMatchObject({ exitCode: 0, data: { errors: [] } });
  expect(
    (check.data.characters as { instructions: { type: string } }[]).map((c) => c.instructions.type).sort(),
  ).toEqual(types.toSorted());
  expect(await troupe(folder, "new", 'Ann "news" O\'Hara')).toMatchObject({ exitCode: 2, success: false });
  const shown = await troupe(folder, "show", 'Ann "constant" O\'Hara');
  expect(String(shown.data.prompt)).toStartWith('You are Ann "constant" O\'Hara. You keep the last bookshop');
});

test("a card comes in, is a character, and goes out as a card with the same data", async () => {
  await using folder = await createTempFolder();
  const card = {
    spec: "chara_card_v2",
    spec_version: "2.0",
    data: {
      name: "Alice",
      description: "{{char}} runs a tea house.",
      personality: "curious",
      scenario: "{{user}} comes in from the rain.",
      first_mes: "Come in, {{user}}!",
      mes_example: "",
      creator_notes: "",
      system_prompt: "",
      post_history_instructions: "",
      alternate_greetings: [],
      tags: ["tea"],
      creator: "troupe",
      character_version: "1",
      extensions: { mine: { kept: true } },
    },
  };
  const file = await folder.write("alice.json", JSON.stringify(card));
  const imported = await troupe(folder, "import", file, "--voice", "bf_emma");
  expect(imported).toMatchObject({ exitCode: 0, data: { file: "alice.ts", name: "Alice", warnings: [] } });
  expect((await troupe(folder, "import", file)).exitCode).toBe(2);
  expect(String((await troupe(folder, "show", "Alice")).data.prompt)).toContain("Alice runs a tea house.");
  await Bun.write(join(folder.path, "cast/the-other.ts"), characterText({ name: "Alice" }));
  const again = await troupe(folder, "import", file, "--force");
  expect(again.data.warnings).toEqual([
    "alice.ts and the-other.ts have the same name; alice.ts is on stage, until CHARACTER_NAME is another in one of them",
  ]);
  const out = join(folder.path, "out.json");
  await troupe(folder, "export", "Alice", "--format", "v2", "--container", "json", "-o", out);
  expect(await Bun.file(out).json()).toEqual(card);
});

test("a hostile card is refused with a code, and nothing is written", async () => {
  await using folder = await createTempFolder();
  const broken = await folder.write(
    "x.png",
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 99]),
  );
  expect((await troupe(folder, "import", broken)).exitCode).toBe(10);
  const other = await folder.write("x.json", '{"hello": "world"}');
  expect((await troupe(folder, "import", other)).exitCode).toBe(3);
  expect((await troupe(folder, "import", "missing.png")).exitCode).toBe(4);
  expect((await troupe(folder, "list")).data.characters).toEqual([]);
});

test("a tool runs by hand, with its arguments checked", async () => {
  await using folder = await createTempFolder();
  await Bun.write(
    join(folder.path, "cast/tock.ts"),
    Bun.file(resolve(import.meta.dir, "../../story_characters/tock.ts")),
  );
  const days = await troupe(folder, "call", "Tock", "days_until", '{"date": "2999-01-01"}');
  expect([days.exitCode, JSON.stringify(days.data)]).toEqual([0, expect.stringContaining("days")]);
  expect((await troupe(folder, "call", "Tock", "days_until", '{"date": 7}')).success).toBe(false);
  expect((await troupe(folder, "call", "Tock", "nothing")).exitCode).toBe(4);
  expect((await troupe(folder, "call", "Tock", "days_until", "{")).exitCode).toBe(2);
});

test("a check finds what fails in a moment too, and counts files", async () => {
  await using folder = await createTempFolder();
  const file = (name: string, top: string): Promise<unknown> =>
    Bun.write(join(folder.path, `cast/${name.toLowerCase()}.ts`), characterText({ name, top }));
  await file("Good", "");
  await file("Late", "setTimeout(() => { throw new Error('in a moment'); }, 30);");
  await file("Rejected", "Promise.reject(new Error('at once'));");
  const all = await troupe(folder, "check");
  expect(all).toMatchObject({ exitCode: 3, message: expect.stringContaining("2 of 3 files failed") });
  expect(all.data).toMatchObject({
    characters: [
      { name: "Good", status: "ready" },
      { name: "Late", status: "quarantined", error: { line: 1 } },
      { name: "Rejected", status: "quarantined" },
    ],
    errors: [
      { file: "late.ts", error_type: "Crashed", line: 1, column: expect.any(Number) },
      { file: "rejected.ts", error_type: "Crashed" },
    ],
  });
  expect(await troupe(folder, "check", "cast/good.ts")).toMatchObject({ exitCode: 0, data: { errors: [] } });
  expect((await troupe(folder, "check", "cast/nobody.ts")).exitCode).toBe(4);
});
