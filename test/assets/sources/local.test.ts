import { expect, test } from "bun:test";
import { readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { createLocalPlan } from "../../../src/assets/sources/local.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { createStoreFixture, describeFile, makeBytes, oneFileAsset, readBytes } from "../store-fixture.ts";

const bytes = makeBytes(5000);

test("a file beside the project, copied and left where it is", async () => {
  await using f = await createStoreFixture(() =>
    oneFileAsset(bytes, [{ type: "local", path: "my/voice.bin" }]),
  );
  const original = await f.folder.write("my/voice.bin", bytes);
  const { path, sourceType } = await f.store.ensure("voice");
  expect(sourceType).toBe("local");
  expect(await readBytes(path)).toEqual(bytes);
  expect(await readBytes(original)).toEqual(bytes);
});

test("a folder without a manifest is taken with everything below it", async () => {
  await using f = await createStoreFixture(() => ({ name: "set", sources: [{ type: "local", path: "my" }] }));
  await f.folder.write("my/a.txt", "a");
  await f.folder.write("my/sub/b.txt", "b");
  const path = await f.store.getPath("set");
  expect((await readdir(path, { recursive: true })).sort()).toEqual([
    ".asset_info.json",
    "a.txt",
    "sub",
    "sub/b.txt",
  ]);
});

test("links in a folder count as what they point at, and one that goes round ends", async () => {
  await using f = await createStoreFixture(() => ({ name: "set", sources: [{ type: "local", path: "my" }] }));
  await f.folder.write("blobs/abc", "weights");
  await f.folder.write("shared/b.txt", "b");
  await f.folder.write("my/a.txt", "a");
  await symlink("../blobs/abc", join(f.folder.path, "my/weights.bin"));
  await symlink("../shared", join(f.folder.path, "my/sub"));
  await symlink("..", join(f.folder.path, "shared/up"));
  const path = await f.store.getPath("set");
  const files = (await Array.fromAsync(new Bun.Glob("**/*").scan(path))).sort();
  expect(files.filter((file) => !file.startsWith("sub/up/"))).toEqual(["a.txt", "sub/b.txt", "weights.bin"]);
  expect(await Bun.file(join(path, "weights.bin")).text()).toBe("weights");

  await symlink("nowhere", join(f.folder.path, "my/broken"));
  expect((await failureOf(f.store.ensure("set", { forceDownload: true }))).code).toBe("E_NOT_FOUND");
});

test("what is not there is E_NOT_FOUND, an empty folder too, and other bytes are E_VERIFY", async () => {
  await using f = await createStoreFixture((_, folder) => [
    oneFileAsset(bytes, [{ type: "local", path: "missing.bin" }]),
    { name: "empty", sources: [{ type: "local", path: "." }] },
    { ...oneFileAsset(bytes, [{ type: "local", path: join(folder.path, "other.bin") }]), name: "other" },
  ]);
  expect(await failureOf(f.store.ensure("voice"))).toMatchObject({ code: "E_NOT_FOUND" });
  const plan = createLocalPlan({ baseFolder: f.folder.path, packagesFrom: f.folder.path });
  const request = {
    wanted: null,
    isTrusted: true,
    isSingleFile: false,
    signal: new AbortController().signal,
    headerTimeoutMs: () => 1,
    retry: <T>(work: () => Promise<T>) => work(),
    onAnswer: () => undefined,
  };
  await using empty = await createTempFolder();
  expect(await failureOf(plan({ type: "local", path: empty.path }, request))).toMatchObject({
    code: "E_NOT_FOUND",
  });
  await f.folder.write("other.bin", makeBytes(5000, 2));
  expect(await failureOf(f.store.ensure("other"))).toMatchObject({ code: "E_VERIFY" });
});

test("an installed package counts only in the very version", async () => {
  await using f = await createStoreFixture(() => oneFileAsset(bytes, [{ type: "local", path: "x" }]));
  await f.folder.write("node_modules/voices/package.json", '{"version": "1.0.0"}');
  await f.folder.write("node_modules/voices/data/voice.bin", bytes);
  const plan = createLocalPlan({ baseFolder: "/", packagesFrom: join(f.folder.path, "src/deep") });
  const wanted = [describeFile("voice.bin", bytes)];
  const request = {
    wanted,
    isTrusted: true,
    isSingleFile: true,
    signal: new AbortController().signal,
    headerTimeoutMs: () => 1,
    retry: <T>(work: () => Promise<T>) => work(),
    onAnswer: () => undefined,
  };
  const { pieces } = await plan({ type: "local", package: "voices@1.0.0", path: "data" }, request);
  expect(pieces.map((piece) => piece.origin)).toEqual([
    { kind: "disk", path: join(f.folder.path, "node_modules/voices/data/voice.bin") },
  ]);
  const wrong = plan({ type: "local", package: "voices@1.0.1", path: "data" }, request);
  expect(await failureOf(wrong)).toMatchObject({
    code: "E_NOT_FOUND",
    message: expect.stringContaining("voices@1.0.1"),
  });
});
