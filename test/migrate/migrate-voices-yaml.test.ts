// The migration as it is run by hand, over real files: nothing is lost, and what is written is fit to live with.
import { describe, expect, test } from "bun:test";
import { mkdir, readdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readEntries } from "../../scripts/migrate/read-entries.ts";
import { createCharacterStage } from "../../src/characters/character-stage.ts";
import { createCheckedProject } from "../support/source-checks.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const script = resolve(import.meta.dir, "../../scripts/migrate-voices-yaml.ts");
const fixture = resolve(import.meta.dir, "../fixtures/migrate/voices.yaml");

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = Bun.spawn([process.execPath, "--no-env-file", "run", script, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out, err };
}

async function readFolder(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const texts = names.map(async (name) => [name, await Bun.file(join(folder, name)).text()]);
  return Object.fromEntries(await Promise.all(texts)) as Record<string, string>;
}

interface Exports {
  CHARACTER_NAME: string;
  VOICE_SOURCE: unknown;
  INSTRUCTIONS: unknown;
  METADATA: { instructions_absent?: true; other_keys?: object } & Record<string, unknown>;
}

/** The entry that a character file was made from. */
function entryOf({ CHARACTER_NAME, VOICE_SOURCE, INSTRUCTIONS, METADATA }: Exports): unknown {
  const { instructions_absent, other_keys, ...metadata } = METADATA;
  const instructions = instructions_absent ? {} : { instructions: INSTRUCTIONS };
  return { name: CHARACTER_NAME, source: VOICE_SOURCE, ...instructions, ...metadata, ...other_keys };
}

describe("migrate-voices-yaml", () => {
  test("every field of every entry comes back, from files that are formatted, typed, linted and that load", async () => {
    await using project = await createCheckedProject();
    const first = await run("--input", fixture, "--output", project.folder);
    expect(first).toMatchObject({ code: 0, err: "" });

    const written = await readFolder(project.folder);
    expect(Object.keys(written)).toEqual([
      "blended.ts",
      "character-6.ts",
      "chatterbox.ts",
      "con-character.ts",
      "der-grosste-lukasz-son.ts",
      "developpeuse.ts",
      "elsewhere.ts",
      "its-quoted-ticked-dollar-back-slash-script.ts",
      "many-lines.ts",
      "merged.ts",
      "no-instructions.ts",
      "no-such-voice.ts",
      "own-file.ts",
      "quiz-show-2.ts",
      "quiz-show.ts",
    ]);
    const exports = await Promise.all(
      Object.keys(written).map((name) => import(join(project.folder, name)) as Promise<Exports>),
    );
    const entries = readEntries(await Bun.file(fixture).bytes(), fixture).map(({ fields }) => fields);
    const back = new Map(exports.map((one) => [one.CHARACTER_NAME, entryOf(one)]));
    expect(back.size).toBe(entries.length);
    for (const entry of entries) expect(back.get(entry?.["name"] as string)).toStrictEqual(entry as unknown);

    expect(await project.complaints()).toBe("");

    const second = await run("--input", fixture, "--output", project.folder);
    expect(second.code).toBe(0);
    expect(second.out.match(/: unchanged/g)?.length).toBe(entries.length);
    expect(await readFolder(project.folder)).toEqual(written);
  });

  test("the characters go on stage with their data, and each has a prompt and an answer of its own", async () => {
    await using temp = await createTempFolder();
    await run("--input", fixture, "--output", temp.path);
    await using stage = await createCharacterStage(
      { emit: () => undefined },
      { folder: temp.path, watch: false },
    );
    const book = await stage.settled();
    expect(book.problems).toEqual([]);
    const nasty = book.characters.find(({ name }) => name.startsWith("It's"));
    expect(nasty?.instructions).toMatchObject({
      type: "constant",
      language: "fr",
      text: expect.stringContaining("${code} and \\ back\\nslash,\n\ntabs\tand returns\r\nand \u2028"),
      mood: "kept, for nobody knows it",
    });
    const entries = readEntries(await Bun.file(fixture).bytes(), fixture);
    expect(book.characters.length).toBe(entries.length);
    for (const character of book.characters) {
      const entry = entries.find(({ fields }) => fields?.["name"] === character.name)?.fields ?? {};
      expect(character.voiceSource as unknown).toEqual(entry["source"]);
      if (entry["instructions"]) expect(character.instructions as unknown).toEqual(entry["instructions"]);
      else expect(character.metadata).toMatchObject({ instructions_absent: true });
      expect(await character.makeSystemPrompt({ messages: [] })).toContain("A voice says your words aloud.");
      if (character.instructions.type === "news") continue; // it goes to the network
      expect(character.hasReply).toBe(true);
      const pieces = await Array.fromAsync(character.reply([], {}));
      expect(pieces.join("").length).toBeGreaterThan(10);
    }
  });

  test("faulty entries are reported by number and line, the good ones are written, and the exit is 3", async () => {
    await using temp = await createTempFolder();
    const source = "source: {source_type: file, path_on_server: a.wav}";
    const input = await temp.write(
      "v.yaml",
      `- name: Good\n  ${source}\n- good: true\n  ${source}\n- name: Odd\n  instructions: {type: opera}\n  ${source}\n- name: Good\n  ${source}\n`,
    );
    const folder = join(temp.path, "cast");
    const { code, out, err } = await run("--input", input, "--output", folder);
    expect(code).toBe(3);
    expect(await readdir(folder)).toEqual(["good.ts"]);
    expect(out).toContain(`${input}:3: entry 2 has no name; skipped`);
    expect(out).toContain(`${input}:5: entry 3 has the unknown type "opera" in instructions`);
    expect(out).toContain(`${input}:8: entry 4 has the name "Good", as entry 1 (line 1) has; skipped`);
    expect(err).toContain("E_SCHEMA: 3 of 4 entries were skipped");
  });

  test("--dry-run tells and writes nothing; existing files are kept, and replaced with --force", async () => {
    await using temp = await createTempFolder();
    const folder = join(temp.path, "cast");
    const dry = await run("--input", fixture, "--output", folder, "--dry-run");
    expect(dry).toMatchObject({
      code: 0,
      out: expect.stringContaining("merged.ts: would be written (Merged)"),
    });
    expect(await readdir(temp.path)).toEqual([]);

    await temp.write("cast/merged.ts", "// mine\n");
    const kept = await run("--input", fixture, "--output", folder);
    expect(kept).toMatchObject({ code: 0, out: expect.stringContaining("merged.ts: kept") });
    expect(await Bun.file(join(folder, "merged.ts")).text()).toBe("// mine\n");
    expect(await readdir(folder)).toHaveLength(15);

    const forced = await run("--input", fixture, "--output", folder, "--force");
    expect(forced.out).toContain("merged.ts: replaced (Merged)");
    expect(forced.out.match(/: unchanged/g)).toHaveLength(14);
    expect(await Bun.file(join(folder, "merged.ts")).text()).toContain("export class PromptGenerator");
  });

  test("a wrong command line or input has its code, and nothing is written", async () => {
    await using temp = await createTempFolder();
    const folder = join(temp.path, "cast");
    const twice = await temp.write("twice.yaml", "- name: A\n  name: B\n");
    const cases: [string[], number][] = [
      [[], 2],
      [["--input", fixture], 2],
      [["--input", fixture, "--output", folder, "--verbose"], 2],
      [["--input", temp.path, "--output", folder], 2],
      [["--input", join(temp.path, "none.yaml"), "--output", folder], 4],
      [["--input", twice, "--output", folder], 3],
    ];
    for (const [args, code] of cases) {
      const { err, ...result } = await run(...args);
      expect({ args, code: result.code }).toEqual({ args, code });
      expect(err).toMatch(/^E_\w+: /);
    }
    expect(await readdir(temp.path)).toEqual(["twice.yaml"]);
  });

  test("what stands in a file's way is not harmed", async () => {
    await using temp = await createTempFolder();
    const input = await temp.write(
      "v.yaml",
      "- name: A\n  source: {source_type: file, path_on_server: a.wav}\n",
    );
    const folder = join(temp.path, "cast");
    await mkdir(join(folder, "a.ts"), { recursive: true });
    expect(await run("--input", input, "--output", folder, "--force")).toMatchObject({
      code: 2,
      err: expect.stringContaining("is no file"),
    });
    expect((await run("--input", input, "--output", input)).code).toBe(2);

    const elsewhere = join(temp.path, "elsewhere");
    await mkdir(elsewhere);
    await symlink(join(temp.path, "nowhere.ts"), join(elsewhere, "a.ts"));
    expect(await run("--input", input, "--output", elsewhere)).toMatchObject({
      code: 0,
      out: expect.stringContaining("a.ts: kept"),
    });
  });
});
