// What counts as a character file, and what is read of it.
import { describe, expect, test } from "bun:test";
import { chmod, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { AppError } from "../../src/base/errors.ts";
import {
  ensureCharactersFolder,
  isCharacterFileName,
  listCharacterFiles,
  maxFileBytes,
  readCharacterFile,
  readCharacterFiles,
} from "../../src/characters/load-folder.ts";
import { createTempFolder } from "../support/temp-folder.ts";

describe("character files", () => {
  test("are told by their names", () => {
    const names = ["a.ts", "é.ts", "a b.ts", "a.b.ts", "test.ts", "d.ts", "a_.ts"];
    expect(names.filter(isCharacterFileName)).toEqual(names);
    const others = [
      "_a.ts",
      ".a.ts",
      "a.d.ts",
      "a.test.ts",
      "a.tsx",
      "a.mts",
      "a.js",
      ".ts",
      "a",
      "a.ts~",
      "a.ts.swp",
    ];
    expect(others.filter(isCharacterFileName)).toEqual([]);
  });

  test("a missing folder is made with its parents, and a missing one that is listed has no files", async () => {
    await using temp = await createTempFolder();
    const folder = join(temp.path, "a", "b");
    expect(await listCharacterFiles(folder)).toEqual([]);
    expect(await ensureCharactersFolder(folder)).toBe(folder);
    expect(await listCharacterFiles(folder)).toEqual([]);
  });

  test("have no folder where a file or a link to nowhere is in its place, and the cure is told", async () => {
    await using temp = await createTempFolder();
    const file = await temp.write("cast.txt", "no folder");
    const link = join(temp.path, "link");
    await symlink(join(temp.path, "nowhere"), link);
    for (const folder of [file, link]) {
      const failure: unknown = await ensureCharactersFolder(folder).catch((error: unknown) => error);
      expect((failure as AppError).code).toBe("E_PERM");
      expect((failure as AppError).message).toContain(`the characters folder ${folder} cannot be made`);
      expect((failure as AppError).message).toContain("--characters");
    }
  });

  test("come sorted, and are read in that order, each with its own failure", async () => {
    await using temp = await createTempFolder();
    for (const name of ["c.ts", "a.ts", "B.ts"]) await temp.write(name, `// ${name}`);
    await temp.write("big.ts", "x".repeat(maxFileBytes + 1));
    await temp.write("binary.ts", new Uint8Array([0xff, 0xfe, 0x00]));
    const files = await listCharacterFiles(temp.path);
    expect(files).toEqual(["B.ts", "a.ts", "big.ts", "binary.ts", "c.ts"]);
    const readings = await Array.fromAsync(readCharacterFiles(temp.path, [...files, "gone.ts"]));
    expect(readings.map((reading) => (reading.ok ? reading.text : reading.problem.message))).toEqual([
      "// B.ts",
      "// a.ts",
      expect.stringContaining(`${maxFileBytes + 1} bytes`),
      "it is not UTF-8 text; save it in that encoding",
      "// c.ts",
      expect.stringContaining("does not exist"),
    ]);
  });

  test("links that go in a circle are refused", async () => {
    await using temp = await createTempFolder();
    await symlink(join(temp.path, "b.ts"), join(temp.path, "a.ts"));
    await symlink(join(temp.path, "a.ts"), join(temp.path, "b.ts"));
    expect(await listCharacterFiles(temp.path)).toEqual(["a.ts", "b.ts"]);
    expect(await readCharacterFile(temp.path, "a.ts")).toMatchObject({
      ok: false,
      problem: { stage: "read", error_type: "ReadError" },
    });
  });

  test("one that may not be read says so", async () => {
    await using temp = await createTempFolder();
    await chmod(await temp.write("a.ts", "x"), 0);
    const reading = await readCharacterFile(temp.path, "a.ts");
    // The superuser may read everything.
    if (process.getuid?.() === 0) expect(reading.ok).toBe(true);
    else
      expect(reading).toMatchObject({ ok: false, problem: { message: expect.stringContaining("EACCES") } });
  });

  test("a FIFO that has taken a file's place does not block", async () => {
    await using temp = await createTempFolder();
    Bun.spawnSync(["mkfifo", join(temp.path, "a.ts")]);
    expect(await readCharacterFile(temp.path, "a.ts")).toMatchObject({
      ok: false,
      problem: { message: "it is no regular file" },
    });
  });
});
