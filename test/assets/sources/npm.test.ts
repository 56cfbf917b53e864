import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createViewPackage } from "../../../src/assets/sources/view-package.ts";
import { buildTarball, integrityOf } from "../../support/build-tarball.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createStoreFixture, describeFile, makeBytes, readBytes } from "../store-fixture.ts";

const model = makeBytes(300_000);
const voices = { "a.bin": makeBytes(500, 2), "b.bin": makeBytes(600, 3) };
const tarball = buildTarball([
  { path: "package/package.json", content: '{"scripts": {"postinstall": "exit 1"}}' },
  { path: "package/build/big.onnx", content: model },
  { path: "package/voices/", type: "5" },
  ...Object.entries(voices).map(([name, content]) => ({ path: `package/voices/${name}`, content })),
]);

const npm = (more: Record<string, unknown> = {}) => ({
  type: "npm" as const,
  package: "some-package",
  version: "1.2.3",
  ...more,
});

test("one file of a package, and nothing else of it", async () => {
  await using f = await createStoreFixture(() => ({
    name: "m",
    files: [describeFile("model.onnx", model)],
    sources: [npm({ path: "build/big.onnx" })],
  }));
  f.registry.publish("some-package@1.2.3", tarball);
  const { path, sourceType, downloadedBytes } = await f.store.ensure("m");
  expect([sourceType, downloadedBytes]).toEqual(["npm", tarball.length]);
  expect(await readBytes(path)).toEqual(model);
  expect((await readdir(join(path, ".."))).sort()).toEqual([".asset_info.json", "model.onnx"]);
  expect(await f.listDownloads()).toEqual([]);
});

test("a folder of a package, with and without a manifest", async () => {
  const files = Object.entries(voices).map(([name, content]) => describeFile(name, content));
  await using f = await createStoreFixture(() => [
    { name: "declared", files, sources: [npm({ path: "voices" })] },
    { name: "loose", sources: [npm({ path: "voices" })] },
    { name: "single", sources: [npm({ path: "voices/a.bin" })] },
  ]);
  f.registry.publish("some-package@1.2.3", tarball);
  for (const name of ["declared", "loose"]) {
    const path = await f.store.getPath(name);
    expect((await readdir(path)).sort()).toEqual([".asset_info.json", "a.bin", "b.bin"]);
    expect(await readBytes(join(path, "b.bin"))).toEqual(voices["b.bin"]);
  }
  const path = await f.store.getPath("single");
  expect(path).toBe(join(f.assetsDir, "model/single/latest/a.bin"));
  expect((await f.store.ensure("single")).fromCache).toBe(true);
});

test("a tarball that is not what its integrity says is E_VERIFY, and so is one with a file that is not as declared", async () => {
  await using f = await createStoreFixture(() => ({
    name: "m",
    files: [describeFile("model.onnx", model)],
    sources: [npm({ path: "build/big.onnx" })],
  }));
  f.registry.publish("some-package@1.2.3", tarball, integrityOf(model));
  expect(await failureOf(f.store.ensure("m"))).toMatchObject({ code: "E_VERIFY" });
  const forged = buildTarball([{ path: "package/build/big.onnx", content: makeBytes(300_000, 9) }]);
  f.registry.publish("some-package@1.2.3", forged);
  expect(await failureOf(f.store.ensure("m"))).toMatchObject({
    code: "E_VERIFY",
    details: { path: "model.onnx", expected: describeFile("", model).sha256 },
  });
  expect(await f.listDownloads()).toEqual([]);
  expect(await readdir(join(f.assetsDir, ".staging"))).toEqual([]);
});

test("a package without the wanted path, and without sha512 integrity", async () => {
  await using f = await createStoreFixture(() => [
    { name: "m", sources: [npm({ path: "missing" })] },
    { name: "n", sources: [npm({ path: "voices", version: "0.0.1" })] },
    { name: "o", files: [describeFile("x.onnx", model)], sources: [npm({ path: "build/nothing.onnx" })] },
    { name: "p", sources: [npm({ package: "nobody" })] },
  ]);
  f.registry.publish("some-package@1.2.3", tarball);
  f.registry.publish("some-package@0.0.1", tarball, null);
  expect(await failureOf(f.store.ensure("m"))).toMatchObject({ code: "E_NOT_FOUND" });
  expect(await failureOf(f.store.ensure("n"))).toMatchObject({ code: "E_VERIFY" });
  expect(await failureOf(f.store.ensure("o"))).toMatchObject({ code: "E_NOT_FOUND" });
  expect(await failureOf(f.store.ensure("p"))).toMatchObject({ code: "E_NOT_FOUND" });
});

test("a tarball that broke off goes on with a range, though registries give no validator", async () => {
  await using f = await createStoreFixture(() => ({
    name: "m",
    retryDelaySeconds: 0.001,
    files: [describeFile("model.onnx", model)],
    sources: [npm({ path: "build/big.onnx" })],
  }));
  const path = f.registry.publish("some-package@1.2.3", tarball);
  f.server.fail(path, { kind: "stall", afterBytes: 100_000 });
  const abort = new AbortController();
  const stopped = f.store.ensure("m", { signal: abort.signal });
  await f.events.waitFor((e) => e.type === "asset-progress" && e.doneBytes >= 100_000);
  abort.abort();
  await failureOf(stopped);
  expect(await f.store.ensure("m")).toMatchObject({
    resumedBytes: 100_000,
    downloadedBytes: tarball.length - 100_000,
  });
});

test("the registry's host appears in no message, event or error", async () => {
  await using f = await createStoreFixture(() => ({
    name: "m",
    files: [describeFile("model.onnx", model)],
    sources: [npm({ path: "build/big.onnx" })],
  }));
  const path = f.registry.publish("some-package@1.2.3", tarball);
  for (const fault of [
    { kind: "status", status: 503 },
    { kind: "status", status: 403 },
    { kind: "reset", afterBytes: 10 },
    { kind: "redirect", to: "ftp://x/" },
  ] as const) {
    f.server.failAlways(path, fault);
    const error = await failureOf(f.store.ensure("m"));
    expect(error.message).toContain("package some-package@1.2.3");
    expect(Bun.inspect(error, { depth: 10 })).not.toContain("127.0.0.1");
  }
  expect(JSON.stringify(f.events.events)).not.toContain("127.0.0.1");
});

// The client is the real one, the registry a scripted one.
test("the package client is asked with the user's own configuration", async () => {
  await using f = await createStoreFixture(() => ({
    name: "m",
    files: [describeFile("model.onnx", model)],
    sources: [npm({ path: "build/big.onnx" })],
  }));
  const tarballUrl = f.server.serve("/files/some-package-1.2.3.tgz", tarball);
  const dist = { tarball: tarballUrl, integrity: integrityOf(tarball), shasum: "0".repeat(40) };
  const manifest = {
    name: "some-package",
    "dist-tags": { latest: "1.2.3" },
    versions: { "1.2.3": { name: "some-package", version: "1.2.3", dist } },
  };
  f.server.serve("/npm/some-package", new TextEncoder().encode(JSON.stringify(manifest)));
  await f.folder.write(".npmrc", `registry=${f.server.origin}/npm/\n`);
  await f.folder.write("package.json", '{"name": "x"}');
  const viewPackage = createViewPackage({ folder: f.folder.path });
  const store = f.open(
    [{ name: "m", files: [describeFile("model.onnx", model)], sources: [npm({ path: "build/big.onnx" })] }],
    {},
    { viewPackage },
  );
  expect(await readBytes(await store.getPath("m"))).toEqual(model);

  const signal = new AbortController().signal;
  const ask = (spec: string, timeoutMs = 50_000) => viewPackage(spec, { signal, timeoutMs });
  expect(await failureOf(ask("some-package@9.9.9"))).toMatchObject({ code: "E_NOT_FOUND" });
  expect(await failureOf(ask("nobody-has-this@1.0.0"))).toMatchObject({ code: "E_NOT_FOUND" });
  f.server.failAlways("/npm/some-package", { kind: "silence" });
  expect(await failureOf(ask("some-package@1.2.3", 300))).toMatchObject({ code: "E_NET" });
  await f.folder.write(".npmrc", "registry=http://127.0.0.1:9/\n");
  const refused = await failureOf(ask("some-package@1.2.3"));
  expect(refused).toMatchObject({ code: "E_NET" });
  expect(Bun.inspect(refused)).not.toContain("127.0.0.1");
});
