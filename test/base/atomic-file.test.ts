import { expect, test } from "bun:test";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../src/base/atomic-file.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";

test("a file is written with its folders, its mode, and nothing beside it", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "a/b/state.json");
  await writeFileAtomic(path, "{}", { mode: 0o600 });
  expect(await readFile(path, "utf8")).toBe("{}");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder.path, "a/b"))).toEqual(["state.json"]);
});

test("readers see one version or the other, whole, while it is replaced again and again", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x");
  const versions = ["a", "b"].map((letter) => letter.repeat(300_000));
  await writeFileAtomic(path, versions[0] ?? "");
  let isWriting = true;
  let reads = 0;
  const writing = (async () => {
    for (let i = 0; i < 30 || reads < 10; i++)
      await writeFileAtomic(path, versions[i % 2] ?? "", { durability: "none" });
  })().finally(() => {
    isWriting = false;
  });
  while (isWriting) {
    expect(versions).toContain(await readFile(path, "utf8"));
    reads += 1;
  }
  await writing;
});

test("a write that fails leaves the old content and no litter", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x");
  await mkdir(join(path, "in-the-way"), { recursive: true }); // a folder that a rename cannot replace
  expect(await failureOf(writeFileAtomic(path, "new"))).toBeInstanceOf(Error);
  expect(await readdir(folder.path)).toEqual(["x"]);
});

test("writers that meet leave one of their versions", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "x");
  const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(1000));
  await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
  expect(texts).toContain(await readFile(path, "utf8"));
  expect(await readdir(folder.path)).toEqual(["x"]);
});

test("a folder that cannot be made is told with the file's path", async () => {
  expect(await failureOf(writeFileAtomic("/proc/troupe/x", "y"))).toMatchObject({
    code: "E_NOT_FOUND",
    details: { path: "/proc/troupe/x" },
  });
});

test("an unfinished file lies where it is told to, over what a killed writer has left there", async () => {
  await using folder = await createTempFolder();
  const path = join(folder.path, "shelf/x");
  const temporary = await folder.write("bench/x.unfinished", "half of something longer");
  await writeFileAtomic(path, "y", { temporary });
  expect(await Bun.file(path).text()).toBe("y");
  expect([await readdir(join(folder.path, "shelf")), await readdir(join(folder.path, "bench"))]).toEqual([
    ["x"],
    [],
  ]);
});
