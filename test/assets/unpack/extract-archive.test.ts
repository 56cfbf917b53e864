import { expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { extractArchive } from "../../../src/assets/unpack/extract-archive.ts";
import { buildTar, buildTarball, type TarballEntry } from "../../support/build-tarball.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createTempFolder, type TempFolder } from "../../support/temp-folder.ts";
import { makeBytes, readBytes, sha256 } from "../store-fixture.ts";

async function extract(
  folder: TempFolder,
  archive: Uint8Array,
  more: Partial<Parameters<typeof extractArchive>[0]> = {},
) {
  return extractArchive({
    archivePath: await folder.write("x.tgz", archive),
    format: "tar.gz",
    label: "the archive",
    targetFolder: join(folder.path, "out"),
    placeOf: (path) => (path.startsWith("package/") ? path.slice("package/".length) : null),
    signal: new AbortController().signal,
    ...more,
  });
}

test("wanted files are written and digested, the rest is not", async () => {
  await using folder = await createTempFolder();
  const content = makeBytes(400_000);
  const archive = buildTarball([
    { path: "package/sub/a.bin", content },
    { path: "elsewhere/b.bin", content: "no" },
    { path: "package/empty" },
  ]);
  expect(await extract(folder, archive)).toEqual([
    {
      path: "sub/a.bin",
      from: join(folder.path, "out/sub/a.bin"),
      sizeBytes: 400_000,
      sha256: sha256(content),
      isExecutable: false,
    },
    {
      path: "empty",
      from: join(folder.path, "out/empty"),
      sizeBytes: 0,
      sha256: sha256(""),
      isExecutable: false,
    },
  ]);
  expect(await readBytes(join(folder.path, "out/sub/a.bin"))).toEqual(content);
  expect((await readdir(join(folder.path, "out"), { recursive: true })).sort()).toEqual([
    "empty",
    "sub",
    "sub/a.bin",
  ]);
  expect((await stat(join(folder.path, "out/sub/a.bin"))).mode & 0o777).toBe(0o644);
});

const hostile: [string, TarballEntry[]][] = [
  ["a name that leads out", [{ path: "package/../../outside", content: "x" }]],
  ["an absolute name", [{ path: "/etc/outside", content: "x" }]],
  ["a drive's name", [{ path: "C:/outside", content: "x" }]],
  ["a backslash", [{ path: "package\\..\\outside", content: "x" }]],
  ["a control character", [{ path: "package/a\nb", content: "x" }]],
  ["such a name by pax", [{ path: "../outside", content: "x", isPax: true }]],
  ["such a name among what is not wanted", [{ path: "other/../../outside", content: "x" }]],
  ["a symbolic link", [{ path: "package/link", type: "2", linkName: "/etc/passwd" }]],
  ["a hard link", [{ path: "package/link", type: "1", linkName: "package/a" }]],
  ["a device", [{ path: "package/tty", type: "3" }]],
  ["a pipe", [{ path: "package/pipe", type: "6" }]],
  ["two entries of one name", [{ path: "package/a" }, { path: "package/a" }]],
  ["two names that differ by case", [{ path: "package/a" }, { path: "package/A" }]],
];
test.each(hostile)("%s is refused as E_VERIFY, and nothing lies outside", async (_, entries) => {
  await using folder = await createTempFolder();
  const archive = buildTarball([{ path: "package/first", content: "1" }, ...entries]);
  expect(await failureOf(extract(folder, archive))).toMatchObject({
    code: "E_VERIFY",
    details: { source: "the archive" },
  });
  expect((await readdir(folder.path)).sort()).toEqual(["out", "x.tgz"]);
});

test("links among what is not wanted do no harm", async () => {
  await using folder = await createTempFolder();
  const archive = buildTarball([
    { path: "other/link", type: "2", linkName: "/etc/passwd" },
    { path: "package/a", content: "1" },
  ]);
  expect((await extract(folder, archive)).map((file) => file.path)).toEqual(["a"]);
});

test("an archive that is cut off, flipped or none at all is E_VERIFY", async () => {
  const archive = buildTarball([{ path: "package/a", content: makeBytes(50_000) }]);
  const flipped = new Uint8Array(archive);
  flipped[30_000] = (flipped[30_000] ?? 0) ^ 1;
  // All of its entries are fine, and so is its end; the checksum, long after, is not.
  const entries = buildTar([{ path: "package/a", content: "1" }]);
  const wrongSum = Bun.gzipSync(Buffer.concat([entries, new Uint8Array(4 << 20)]));
  wrongSum[wrongSum.length - 6] = (wrongSum[wrongSum.length - 6] ?? 0) ^ 1;
  for (const broken of [
    archive.subarray(0, 20_000),
    flipped,
    wrongSum,
    makeBytes(5000),
    new Uint8Array([0x1f, 0x8b]),
  ]) {
    await using folder = await createTempFolder();
    expect(await failureOf(extract(folder, broken))).toMatchObject({ code: "E_VERIFY" });
  }
});

test("a bomb is refused before it has filled the disk", async () => {
  await using folder = await createTempFolder();
  const bomb = buildTarball([{ path: "package/zeros", content: new Uint8Array(100 << 20) }]);
  const error = await failureOf(extract(folder, bomb));
  expect(error).toMatchObject({ code: "E_VERIFY" });
  expect((await stat(join(folder.path, "out/zeros"))).size).toBeLessThanOrEqual(64 << 20);
});

test("an abort stops it, and a target that cannot be written is told by its path", async () => {
  await using folder = await createTempFolder();
  const archive = buildTarball([{ path: "package/a", content: makeBytes(6_000_000) }]);
  const abort = new AbortController();
  const stopped = extract(folder, archive, { signal: abort.signal, onUnpacked: async () => abort.abort() });
  expect(await failureOf(stopped)).toMatchObject({ code: "E_INTERRUPTED" });
  const lost = await failureOf(extract(folder, archive, { targetFolder: "/proc/troupe" }));
  expect(lost).toMatchObject({ code: "E_NOT_FOUND", details: { path: "/proc/troupe/a" } });
});
