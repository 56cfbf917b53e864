import { expect, test } from "bun:test";
import { array, assert, asyncProperty, integer, record, string, uint8Array } from "fast-check";
import { BrokenArchiveError } from "../../../src/assets/unpack/archive-entry.ts";
import { readTar } from "../../../src/assets/unpack/read-tar.ts";
import { buildTar } from "../../support/build-tarball.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { makeBytes, readBytes } from "../store-fixture.ts";

const seed = Date.now() % 2 ** 31;

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(bytes: Uint8Array, chunkBytes = 1000) {
  const entries: { path: string; kind: string; content: Uint8Array }[] = [];
  for await (const entry of readTar(inChunks(bytes, chunkBytes))) {
    const content = Buffer.concat(await Array.fromAsync(entry.body()));
    entries.push({ path: entry.path, kind: entry.kind, content: new Uint8Array(content) });
  }
  return entries;
}

test("files, folders, links and devices are told apart", async () => {
  const archive = buildTar([
    { path: "package/", type: "5" },
    { path: "package/a.txt", content: "hello" },
    { path: "package/hard", type: "1", linkName: "package/a.txt" },
    { path: "package/soft", type: "2", linkName: "/etc/passwd" },
    { path: "package/pipe", type: "6" },
    { path: "package/old/", type: "0" },
  ]);
  expect((await readAll(archive)).map((e) => [e.path, e.kind])).toEqual([
    ["package", "folder"],
    ["package/a.txt", "file"],
    ["package/hard", "hard-link"],
    ["package/soft", "link"],
    ["package/pipe", "device"],
    ["package/old", "folder"],
  ]);
});

test("long names come by prefix and by pax header", async () => {
  const [prefixed, pax] = [`${"d/".repeat(60)}file.bin`, `ü/${"x".repeat(300)}`];
  const archive = buildTar([
    { path: prefixed, content: "1" },
    { path: pax, content: "2", isPax: true },
    { path: "plain", content: "3" },
  ]);
  expect((await readAll(archive)).map((e) => e.path)).toEqual([prefixed, pax, "plain"]);
});

test("what the system's own tar wrote is read, with names too long for the header", async () => {
  await using folder = await createTempFolder();
  const names = ["a.bin", `${"deep/".repeat(30)}${"n".repeat(120)}.bin`, "empty"];
  for (const [i, name] of names.entries())
    await folder.write(`in/${name}`, makeBytes(i === 2 ? 0 : 3000 + i, i));
  for (const format of ["gnu", "pax", "ustar"]) {
    const chosen = format === "ustar" ? names.filter((name) => name.length < 100) : names;
    const made = Bun.spawnSync(["tar", `--format=${format}`, "-cf", "x.tar", "-C", "in", ...chosen], {
      cwd: folder.path,
    });
    expect(made.exitCode).toBe(0);
    const entries = await readAll(await readBytes(`${folder.path}/x.tar`));
    expect(entries.map((e) => e.path)).toEqual(chosen);
    for (const { path, content } of entries)
      expect(content).toEqual(await readBytes(`${folder.path}/in/${path}`));
  }
});

test("a body that is not read is skipped", async () => {
  const archive = buildTar([
    { path: "a", content: makeBytes(5000) },
    { path: "b", content: "kept" },
  ]);
  const kept: string[] = [];
  for await (const entry of readTar(inChunks(archive, 700))) {
    if (entry.path === "b") kept.push(Buffer.concat(await Array.fromAsync(entry.body())).toString());
    else for await (const first of entry.body()) if (first.length > 0) break;
  }
  expect(kept).toEqual(["kept"]);
});

test(`whatever was put in comes out, in chunks of any size (seed ${seed})`, async () => {
  const entry = record({
    path: string({ minLength: 1, maxLength: 80, unit: "grapheme-ascii" }).map(
      (s) => `p/${s.replace(/[^\w]/g, "_")}`,
    ),
    content: uint8Array({ maxLength: 3000 }),
  });
  await assert(
    asyncProperty(
      array(entry, { maxLength: 6 }),
      integer({ min: 1, max: 2000 }),
      async (entries, chunkBytes) => {
        const read = await readAll(buildTar(entries), chunkBytes);
        expect(read.map(({ path, content }) => ({ path, content }))).toEqual(
          entries.map(({ path, content }) => ({ path, content: new Uint8Array(content) })),
        );
      },
    ),
    { seed, numRuns: 50 },
  );
});

test("an archive that ends too early, anywhere, is broken", async () => {
  const archive = buildTar([
    { path: "a", content: makeBytes(700) },
    { path: "b", content: "x", isPax: true },
  ]);
  for (let length = 0; length < archive.length - 1024; length += 61) {
    expect(await failureOf(readAll(archive.subarray(0, length)))).toBeInstanceOf(BrokenArchiveError);
  }
});

test("a header that was tampered with is broken", async () => {
  const archive = buildTar([{ path: "a", content: "x" }]);
  for (const at of [0, 124, 148, 156, 400]) {
    const tampered = new Uint8Array(archive);
    tampered[at] = (tampered[at] ?? 0) ^ 0x11;
    expect(await failureOf(readAll(tampered))).toBeInstanceOf(BrokenArchiveError);
  }
  expect(await failureOf(readAll(makeBytes(2048)))).toBeInstanceOf(BrokenArchiveError);
  expect(await failureOf(readAll(buildTar([{ path: "a", type: "Z" }])))).toBeInstanceOf(BrokenArchiveError);
});
