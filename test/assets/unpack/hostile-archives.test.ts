// Every refusal of the specification, in every format.
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ArchiveFormat } from "../../../src/assets/asset-schema.ts";
import { extractArchive } from "../../../src/assets/unpack/extract-archive.ts";
import { buildTar } from "../../support/build-tarball.ts";
import { buildZip } from "../../support/build-zip.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

interface AnyEntry {
  path: string;
  content?: string;
  link?: string;
  kind?: "symbolic link" | "hard link" | "device" | "pipe" | "folder";
}

const tarTypes = { "symbolic link": "2", "hard link": "1", device: "3", pipe: "6", folder: "5" };
const zipModes = { "symbolic link": 0o120777, device: 0o020644, pipe: 0o010644, folder: 0o040755 };

function build(format: ArchiveFormat, entries: readonly AnyEntry[]): Uint8Array {
  if (format === "zip") {
    return buildZip(
      entries.map(({ path, content, link, kind }) => ({
        path,
        content: link ?? content ?? "",
        ...(kind && kind !== "hard link" ? { unixMode: zipModes[kind] } : {}),
      })),
    );
  }
  const tar = buildTar(
    entries.map(({ path, content, link, kind }) => ({
      path,
      isPax: Buffer.byteLength(path) > 100,
      ...(content === undefined ? {} : { content }),
      ...(link === undefined ? {} : { linkName: link }),
      ...(kind ? { type: tarTypes[kind] } : {}),
    })),
  ) as Uint8Array<ArrayBuffer>;
  if (format === "tar") return tar;
  if (format === "tar.gz") return Bun.gzipSync(tar);
  return Bun.spawnSync(["bzip2", "-c"], { stdin: tar }).stdout;
}

/** What an archive with these entries becomes: path → content. */
async function unpack(format: ArchiveFormat, entries: readonly AnyEntry[]) {
  await using folder = await createTempFolder();
  const archivePath = await folder.write("archive", build(format, entries));
  const targetFolder = join(folder.path, "out");
  const request = { archivePath, format, label: "it", targetFolder, signal: new AbortController().signal };
  const settled = await Promise.allSettled([extractArchive(request)]);
  // Whatever happened: nothing outside the folder.
  expect((await readdir(folder.path)).filter((name) => name !== "out")).toEqual(["archive"]);
  const [outcome] = settled;
  if (outcome.status === "rejected") throw outcome.reason;
  const files = outcome.value;
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file.path, await Bun.file(file.from).text()] as const)),
  );
}

const formats: ArchiveFormat[] = ["zip", "tar", "tar.gz", "tar.bz2"];
const hasBzip2 = Bun.which("bzip2") !== null;

const refused: [string, AnyEntry[]][] = [
  ["a name that leads out", [{ path: "../outside", content: "x" }]],
  ["a name that leads out from within", [{ path: "a/../../outside", content: "x" }]],
  ["an absolute name", [{ path: "/tmp/outside", content: "x" }]],
  ["a drive's name", [{ path: "C:/outside", content: "x" }]],
  ["a UNC name", [{ path: "//server/share/outside", content: "x" }]],
  ["a UNC name of Windows", [{ path: "\\\\server\\share\\outside", content: "x" }]],
  ["a backslash", [{ path: "a\\..\\..\\outside", content: "x" }]],
  ["a control character", [{ path: "a\u0007b", content: "x" }]],
  ["a name that no file system takes", [{ path: "a".repeat(90) + "/" + "b".repeat(256), content: "x" }]],
  ["a link to an absolute place", [{ path: "link", kind: "symbolic link", link: "/etc/passwd" }]],
  [
    "a link to an absolute place that only looks like one within",
    [
      { path: "etc/hosts", content: "x" },
      { path: "link", kind: "symbolic link", link: "/etc/hosts" },
    ],
  ],
  ["a link that leads out", [{ path: "a/link", kind: "symbolic link", link: "../../secret" }]],
  [
    "a link that leads out through another",
    [
      { path: "a/up", kind: "symbolic link", link: ".." },
      { path: "b", kind: "symbolic link", link: "a/up/../secret" },
    ],
  ],
  ["a link to nothing", [{ path: "link", kind: "symbolic link", link: "nowhere" }]],
  [
    "links in a circle",
    [
      { path: "a", kind: "symbolic link", link: "b" },
      { path: "b", kind: "symbolic link", link: "a" },
    ],
  ],
  [
    "a file written through a link",
    [
      { path: "dir", kind: "symbolic link", link: "other" },
      { path: "dir/file", content: "x" },
    ],
  ],
  ["a device", [{ path: "tty", kind: "device" }]],
  ["a pipe", [{ path: "pipe", kind: "pipe" }]],
  ["two entries of one name", [{ path: "a" }, { path: "a" }]],
  ["two names that differ by case", [{ path: "dir/a" }, { path: "dir/A" }]],
  ["two names that differ by their folder's case", [{ path: "dir/a" }, { path: "Dir/b" }]],
  ["two ways to write one name", [{ path: "caf\u00e9" }, { path: "cafe\u0301" }]],
  ["a file that is also a folder", [{ path: "a" }, { path: "a/b" }]],
];

for (const format of formats.filter((name) => name !== "tar.bz2" || hasBzip2)) {
  describe(format, () => {
    test.each(refused)("%s is refused", async (_, entries) => {
      const error = await failureOf(unpack(format, [{ path: "first", content: "1" }, ...entries]));
      expect(error).toMatchObject({ code: "E_VERIFY", details: { source: "it" } });
    });

    test("links within become the files that they point at", async () => {
      const found = await unpack(format, [
        { path: "./", kind: "folder" },
        { path: "./lib/", kind: "folder" },
        { path: "./lib/voice.bin", content: "voice" },
        { path: "./lib/sub/table", content: "table" },
        { path: "./current", kind: "symbolic link", link: "lib/voice.bin" },
        { path: "./again/latest", kind: "symbolic link", link: "../current" },
        { path: "./all", kind: "symbolic link", link: "./lib/" },
        { path: "./through", kind: "symbolic link", link: "all/sub/table" },
      ]);
      expect(found).toEqual({
        "lib/voice.bin": "voice",
        "lib/sub/table": "table",
        current: "voice",
        "again/latest": "voice",
        "all/voice.bin": "voice",
        "all/sub/table": "table",
        through: "table",
      });
    });
  });
}

test("more than 100,000 entries are refused", async () => {
  const entries = Array.from({ length: 100_001 }, (_, i) => ({ path: `d/${i}/`, kind: "folder" as const }));
  expect((await failureOf(unpack("tar.gz", entries))).message).toContain("more than 100000 entries");
}, 30_000);

test("hard links are refused, within the archive too", async () => {
  const entries: AnyEntry[] = [
    { path: "a", content: "x" },
    { path: "b", kind: "hard link", link: "a" },
  ];
  expect(await failureOf(unpack("tar", entries))).toMatchObject({
    code: "E_VERIFY",
    details: { is_final: true },
  });
});

async function unpackZip(archive: Uint8Array) {
  await using folder = await createTempFolder();
  return await extractArchive({
    archivePath: await folder.write("a.zip", archive),
    format: "zip",
    label: "it",
    targetFolder: join(folder.path, "out"),
    signal: new AbortController().signal,
  });
}

describe("a zip that lies", () => {
  const content = "some words that are worth packing";
  const lies: [string, Uint8Array][] = [
    ["about a checksum", buildZip([{ path: "a", content, deflate: true, crc: 1 }])],
    ["about a size, being larger", buildZip([{ path: "a", content, deflate: true, uncompressedSize: 5 }])],
    [
      "about a size, being smaller",
      buildZip([{ path: "a", content, deflate: true, uncompressedSize: 5000 }]),
    ],
    ["about having a directory", buildZip([{ path: "a", content }]).subarray(0, 40)],
    ["by keeping its content secret", buildZip([{ path: "a", content, flags: 0x801 }])],
    ["about a link's length", buildZip([{ path: "a", content: "x".repeat(5000), unixMode: 0o120777 }])],
  ];
  test.each(lies)("%s is E_VERIFY", async (_, archive) => {
    expect(await failureOf(unpackZip(archive))).toMatchObject({ code: "E_VERIFY" });
  });

  test("by being a bomb is refused at 64 MiB", async () => {
    const bomb = buildZip([{ path: "zeros", content: new Uint8Array(100 << 20), deflate: true }]);
    expect((await failureOf(unpackZip(bomb))).message).toContain("far too much");
  });

  test("with a great many small bombs is refused just the same: the whole archive counts", async () => {
    const content = new Uint8Array(4 << 20);
    const bombs = Array.from({ length: 20 }, (_, i) => ({ path: `zeros-${i}`, content, deflate: true }));
    expect((await failureOf(unpackZip(buildZip(bombs)))).message).toContain("far too much");
  });
});
