import { describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type ExchangePaths,
  loadExchange,
  recoverFolder,
  replaceFolder,
} from "../../src/assets/replace-folder.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const kinds: [string, ExchangePaths | null][] = [
  ["the system's exchange", loadExchange()],
  ["two renames", null],
  ["an exchange that this file system refuses", () => false],
];

describe.each(kinds)("with %s", (_, exchange) => {
  test("a folder gets its name, and then another one takes its place", async () => {
    await using folder = await createTempFolder();
    const [finished, target, aside] = ["finished", "deep/target", "aside"].map((name) =>
      join(folder.path, name),
    ) as [string, string, string];
    for (const version of ["1", "2"]) {
      await folder.write("finished/version", version);
      if (version === "1") await folder.write("finished/only-in-1", "x");
      await replaceFolder(finished, target, aside, exchange);
      expect(await readFile(join(target, "version"), "utf8")).toBe(version);
    }
    expect(await readdir(target)).toEqual(["version"]);
    expect(await readdir(folder.path)).toEqual(["deep"]);
  });
});

test("Linux and macOS have an exchange", () => {
  expect(loadExchange() !== null).toBe(["linux", "darwin"].includes(process.platform));
});

test("a reader never finds nothing while folders are exchanged", async () => {
  await using folder = await createTempFolder();
  const target = join(folder.path, "target");
  await folder.write("target/version", "0");
  let isWriting = true;
  const writing = (async () => {
    for (let i = 1; i <= 40; i++) {
      await folder.write("finished/version", String(i));
      await replaceFolder(join(folder.path, "finished"), target, join(folder.path, "aside"), loadExchange());
    }
    isWriting = false;
  })();
  while (isWriting) expect(await readFile(join(target, "version"), "utf8")).toMatch(/^\d+$/);
  await writing;
});

test("after a crash between the two renames the old folder returns", async () => {
  await using folder = await createTempFolder();
  const [target, aside] = [join(folder.path, "deep/target"), join(folder.path, "aside")];
  await folder.write("aside/version", "old");
  await recoverFolder(target, aside);
  expect(await readFile(join(target, "version"), "utf8")).toBe("old");
  await folder.write("aside/version", "older");
  await recoverFolder(target, aside); // not over one that is there
  expect(await readFile(join(target, "version"), "utf8")).toBe("old");
});

test("a replacement that fails puts the old folder back", async () => {
  await using folder = await createTempFolder();
  const target = join(folder.path, "target");
  await folder.write("target/version", "old");
  await mkdir(join(folder.path, "empty"));
  const failing = replaceFolder(join(folder.path, "missing"), target, join(folder.path, "aside"), null);
  expect(await failureOf(failing)).toMatchObject({ code: "ENOENT" });
  expect(await readFile(join(target, "version"), "utf8")).toBe("old");
});
