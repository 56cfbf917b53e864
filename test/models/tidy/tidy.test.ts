import { describe, expect, test } from "bun:test";
import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeBytes } from "../../assets/store-fixture.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createLibraryFixture, type LibraryFixture, text } from "../library-fixture.ts";

const sized = (sizeBytes: number) => ({ files: { "m.bin": makeBytes(sizeBytes, sizeBytes) } });

/** Three models, used one after the other: the smallest longest ago. */
async function createWorld(): Promise<LibraryFixture> {
  const w = await createLibraryFixture({
    "a/one": sized(10_000),
    "a/two": sized(20_000),
    "a/three": sized(30_000),
  });
  for (const [index, modelId] of ["a/one", "a/two", "a/three"].entries()) {
    await w.library.download({ modelId });
    await w.registry.update((records) => {
      const lastAccessed = new Date(Date.UTC(2026, 0, index + 1)).toISOString();
      records.set(modelId, { ...records.get(modelId), last_accessed: lastAccessed });
    });
  }
  return w;
}

const idsOf = async (w: LibraryFixture): Promise<string[]> => [...(await w.registry.load()).keys()].sort();

describe("gc", () => {
  test("removes in a real run what the dry run has said, and no more", async () => {
    await using w = await createWorld();
    const dry = await w.library.collect({ targetBytes: 15_000, dryRun: true });
    expect(await idsOf(w)).toEqual(["a/one", "a/three", "a/two"]);
    const real = await w.library.collect({ targetBytes: 15_000 });
    expect({ ...dry, isDryRun: false }).toEqual(real);
    expect(real.removed.map(({ modelId, sizeBytes }) => [modelId, sizeBytes])).toEqual([
      ["a/one", 10_000],
      ["a/two", 20_000],
    ]);
    expect(real.freedBytes).toBe(30_000);
    expect(await idsOf(w)).toEqual(["a/three"]);
    expect(await w.listModels()).toEqual(["model_registry.json", "transformers/a/three/m.bin"]);
  }, 60_000);

  test("goes down to exactly the quota: the bookkeeping does not count, what no record knows does", async () => {
    await using w = await createWorld();
    const names = async (quotaBytes: number) =>
      (await w.library.collect({ quotaBytes, dryRun: true })).removed.map(({ modelId }) => modelId);
    expect(await names(60_000)).toEqual([]);
    expect(await names(50_000)).toEqual(["a/one"]);
    expect(await names(0)).toEqual(["a/one", "a/two", "a/three"]);
    await Bun.write(join(w.modelsRoot, "llama-cpp/some/body/x.gguf"), makeBytes(1));
    expect(await names(60_000)).toEqual(["a/one"]);
  });

  test("spares what is pinned, and what a server uses", async () => {
    await using w = await createWorld();
    await w.library.pin("a/one", true);
    await using inUse = await w.useLocks.hold("a/two");
    void inUse;
    const { removed } = await w.library.collect({ targetBytes: 1e9 });
    expect(removed.map(({ modelId }) => modelId)).toEqual(["a/three"]);
    expect(await idsOf(w)).toEqual(["a/one", "a/two"]);
  });

  test("forgets records whose folder is gone, before anything else", async () => {
    await using w = await createWorld();
    await rm(join(w.modelsRoot, "transformers/a/three"), { recursive: true });
    const { removed } = await w.library.collect({ targetBytes: 1 });
    expect(removed.map(({ modelId, note }) => [modelId, note])).toEqual([
      ["a/three", "its files were gone already"],
      ["a/one", undefined],
    ]);
  });

  test("spares a part that is younger than an hour, and takes an older one", async () => {
    await using w = await createWorld();
    const folder = join(w.cacheRoot, "downloads");
    await mkdir(folder, { recursive: true });
    const hourAgo = Date.now() / 1000 - 3700;
    for (const name of ["old", "young"]) await writeFile(join(folder, `${name}.part`), makeBytes(8192));
    await utimes(join(folder, "old.part"), hourAgo, hourAgo);
    const { removed } = await w.library.collect({ targetBytes: 1 });
    expect(removed).toMatchObject([{ modelId: "old.part", note: "an unfinished download" }]);
    expect(await readdir(folder)).toEqual(["young.part"]);
  });

  test("clears what runs that were cut short left, and nothing that is needed or under way", async () => {
    await using w = await createWorld();
    const staging = join(w.modelsRoot, ".staging");
    for (const name of ["x-1.removed", "x-1.replaced", "x-2"]) {
      await Bun.write(join(staging, name, "m.bin"), makeBytes(5000));
    }
    const { removed } = await w.library.collect({ targetBytes: 1 });
    expect(removed).toMatchObject([
      { modelId: "x-1.removed", sizeBytes: 5000, note: expect.stringContaining("cut short") },
    ]);
    expect((await readdir(staging)).sort()).toEqual(["x-1.replaced", "x-2"]);
    expect((await w.registry.load()).size).toBe(3);
  });

  test("takes an install elsewhere only from the registry, and says where its files are", async () => {
    await using w = await createLibraryFixture({ "a/one": sized(10_000) });
    const dest = join(w.home, "elsewhere");
    await w.library.download({ modelId: "a/one", dest });
    const { removed, freedBytes } = await w.library.collect({ targetBytes: 1 });
    expect(removed).toMatchObject([
      { modelId: "a/one", sizeBytes: 0, path: dest, note: expect.stringContaining("stay") },
    ]);
    expect([freedBytes, await readdir(dest), await idsOf(w)]).toEqual([0, ["m.bin"], []]);
    // Forgotten is forgotten, also for a registry that has to be made anew.
    await Bun.write(join(w.modelsRoot, "model_registry.json"), "{");
    expect((await failureOf(w.registry.load())).code).toBe("E_SCHEMA");
    expect(await idsOf(w)).toEqual([]);
    await w.library.download({ modelId: "a/one", dest });
    expect(await idsOf(w)).toEqual(["a/one"]);
  });

  test("under the quota, and without a goal on a disk with room, does nothing", async () => {
    await using w = await createWorld();
    expect((await w.library.collect({ quotaBytes: 1e9 })).removed).toEqual([]);
    expect((await w.library.collect({ quotaBytes: 1e9, dryRun: true })).isDryRun).toBe(true);
  });
});

describe("pin", () => {
  test("says what it did, is undone, and refuses what is not installed", async () => {
    await using w = await createWorld();
    expect(await w.library.pin("a/one", true)).toEqual({ modelId: "a/one", pinned: true, action: "pinned" });
    expect((await w.library.pin("a/one", true)).action).toBe("unchanged");
    expect((await w.library.pin("a/one", false)).action).toBe("unpinned");
    expect((await w.registry.load()).get("a/one")).not.toHaveProperty("pinned");
    expect((await failureOf(w.library.pin("no/one", true))).code).toBe("E_NOT_FOUND");
  });

  test("outlives a new download", async () => {
    await using w = await createWorld();
    await w.library.pin("a/one", true);
    await w.library.download({ modelId: "a/one" });
    expect((await w.registry.load()).get("a/one")?.pinned).toBe(true);
  });
});

describe("remove", () => {
  test("takes the model, its record and its mirrored config, and says what was freed", async () => {
    await using w = await createLibraryFixture();
    await w.library.download({ modelId: "ann/talker" });
    const { totalBytes } = await w.library.scan();
    expect(await w.library.remove("ann/talker")).toMatchObject({
      freedBytes: totalBytes,
      isLeftOnDisk: false,
    });
    expect(await w.listModels()).toEqual(["model_registry.json"]);
    expect(await Bun.file(w.registry.path).text()).toBe("{}\n");
    expect((await failureOf(w.library.remove("ann/talker"))).code).toBe("E_NOT_FOUND");
  });

  test("refuses a pinned one, and one in use, and touches neither", async () => {
    await using w = await createWorld();
    await w.library.pin("a/one", true);
    expect((await failureOf(w.library.remove("a/one"))).code).toBe("E_ARGS");
    await using inUse = await w.useLocks.hold("a/two");
    void inUse;
    expect((await failureOf(w.library.remove("a/two"))).code).toBe("E_BUSY");
    expect((await w.library.verify()).every(({ status }) => status === "ok")).toBe(true);
  });

  test("of a plain id leaves the models of an owner of the same name", async () => {
    await using w = await createLibraryFixture({ foo: sized(2000), "foo/bar": sized(3000) });
    await w.library.download({ modelId: "foo/bar" });
    await w.library.download({ modelId: "foo" });
    expect((await w.library.verify()).map(({ status, extra }) => [status, extra])).toEqual([
      ["ok", []],
      ["ok", []],
    ]);
    expect((await w.library.remove("foo")).freedBytes).toBe(2000);
    expect(await w.library.verify()).toMatchObject([{ modelId: "foo/bar", status: "ok" }]);
  });

  test("keeps the licence that was accepted, so that the next download need not ask again", async () => {
    await using w = await createLibraryFixture();
    await w.library.acceptLicense({ modelId: "eve/strict", userId: "me", licenseType: "llama3.2" });
    await w.library.download({ modelId: "eve/strict" });
    await w.library.remove("eve/strict");
    expect((await w.registry.load()).get("eve/strict")).toEqual({
      model_id: "eve/strict",
      license_accepted: { user_id: "me", license_type: "llama3.2", timestamp: expect.any(String) },
    });
    await w.library.download({ modelId: "eve/strict" });
  });
});

describe("verify", () => {
  test("tells changed, missing and extra files, without any request", async () => {
    await using w = await createLibraryFixture();
    const { installPath } = await w.library.download({ modelId: "ann/talker" });
    await w.library.download({ modelId: "bob/small-GGUF" });
    const requests = w.server.requests.length;
    await writeFile(join(installPath, "config.json"), "{}");
    await writeFile(join(installPath, "model.safetensors"), makeBytes(40_000, 77));
    await rm(join(installPath, "README.md"));
    await writeFile(join(installPath, "extra.txt"), "x");
    expect(await w.library.verify()).toEqual([
      {
        modelId: "ann/talker",
        status: "bad",
        changed: ["config.json", "model.safetensors"],
        missing: ["README.md"],
        extra: ["extra.txt"],
      },
      { modelId: "bob/small-GGUF", status: "ok", changed: [], missing: [], extra: [] },
    ]);
    expect(w.server.requests.length).toBe(requests);
  });

  test("extra files are bad only when that is asked for", async () => {
    await using w = await createLibraryFixture();
    const { installPath } = await w.library.download({ modelId: "ann/talker" });
    await writeFile(join(installPath, "extra.txt"), "x");
    expect((await w.library.verify({ modelId: "ann/talker" }))[0]?.status).toBe("ok");
    const strict = await w.library.verify({ modelId: "ann/talker", failOnExtraFiles: true });
    expect(strict[0]?.status).toBe("bad");
    expect((await failureOf(w.library.verify({ modelId: "no/one" }))).code).toBe("E_NOT_FOUND");
  });

  test("a model whose folder is gone misses all of its files; an older record without digests is told by size", async () => {
    await using w = await createLibraryFixture();
    const folder = join(w.modelsRoot, "transformers/old/one");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "m.bin"), "abc");
    await Bun.write(
      w.registry.path,
      JSON.stringify({
        "old/one": { install_path: folder, files: [{ path: "m.bin" }, { path: "../../etc/passwd" }] },
        "old/two": { install_path: "/gone", files: [{ path: "x" }] },
        "old/three": { install_path: folder, files: [{ path: "m.bin", size: 4 }] },
      }),
    );
    const found = Object.fromEntries((await w.library.verify()).map((row) => [row.modelId, row]));
    expect(found["old/one"]?.status).toBe("ok");
    expect(found["old/two"]).toMatchObject({ status: "bad", missing: ["x"] });
    expect(found["old/three"]).toMatchObject({ status: "bad", changed: ["m.bin"] });
  });
});

describe("scan", () => {
  test("tells what is there with its name and size, and what no record knows", async () => {
    await using w = await createLibraryFixture();
    await w.library.download({ modelId: "bob/small-GGUF" });
    await Bun.write(join(w.modelsRoot, "llama-cpp/someone/else/x.gguf"), text("12345"));
    await Bun.write(join(w.modelsRoot, "loose.gguf"), text("123"));
    await Bun.write(join(w.modelsRoot, "configs/x.json"), text("{}"));
    const { items, totalBytes } = await w.library.scan();
    expect(
      items.map(({ path, modelId, sizeBytes, isKnown }) => [
        path.slice(w.modelsRoot.length + 1),
        modelId,
        sizeBytes,
        isKnown,
      ]),
    ).toEqual([
      ["llama-cpp/bob/small-GGUF", "bob/small-GGUF", 50_000, true],
      ["llama-cpp/someone/else", undefined, 5, false],
      ["loose.gguf", undefined, 3, false],
    ]);
    expect(totalBytes).toBe(50_008);
  });

  test("sorts by last use, and filters by size", async () => {
    await using w = await createWorld();
    const ids = async (request: object): Promise<unknown[]> =>
      (await w.library.scan(request)).items.map(({ modelId }) => modelId);
    expect(await ids({ sort: "accessed" })).toEqual(["a/one", "a/two", "a/three"]);
    expect(await ids({})).toEqual(["a/three", "a/two", "a/one"]);
    expect(await ids({ filter: "size>=19.53125KB" })).toEqual(["a/three", "a/two"]);
    expect(await ids({ filter: "size < 10001" })).toEqual(["a/one"]);
    expect(await ids({ filter: "size>1GB" })).toEqual([]);
    expect((await failureOf(w.library.scan({ filter: "big" }))).code).toBe("E_ARGS");
  }, 60_000);
});

describe("license", () => {
  test("tells what the model asks, and who accepted it when", async () => {
    await using w = await createLibraryFixture();
    expect(await w.library.showLicense({ modelId: "ann/talker" })).toMatchObject({
      licenseType: "mit",
      requiresAcceptance: false,
      accepted: false,
    });
    const record = await w.library.acceptLicense({
      modelId: "eve/strict",
      userId: " me ",
      licenseType: "llama3.2",
    });
    expect(record.license_accepted).toEqual({
      user_id: "me",
      license_type: "llama3.2",
      timestamp: expect.stringMatching(/Z$/),
    });
    const state = { accepted: true, requiresAcceptance: true, licenseType: "llama3.2" };
    expect(await w.library.showLicense({ modelId: "eve/strict" })).toMatchObject(state);
    expect(await w.open({ isOffline: true }).showLicense({ modelId: "eve/strict" })).toMatchObject(state);
  });

  test("accepted without a name, or of no model, is E_ARGS", async () => {
    await using w = await createLibraryFixture();
    for (const change of [{ userId: " " }, { licenseType: "" }, { modelId: "a/b/c" }]) {
      const request = { modelId: "eve/strict", userId: "me", licenseType: "l", ...change };
      expect((await failureOf(w.library.acceptLicense(request))).code).toBe("E_ARGS");
    }
    expect((await w.registry.load()).size).toBe(0);
  });
});

test("every verb stops at a damaged registry once, and goes on the next time", async () => {
  await using w = await createWorld();
  const verbs: (() => Promise<unknown>)[] = [
    () => w.library.download({ modelId: "a/one" }),
    () => w.library.verify(),
    () => w.library.scan(),
    () => w.library.pin("a/one", true),
    () => w.library.collect({ targetBytes: 1, dryRun: true }),
    () => w.library.migrate({ findOldModels: null }),
    () => w.library.remove("a/one"),
  ];
  for (const verb of verbs) {
    await Bun.write(w.registry.path, "{ damaged");
    expect((await failureOf(verb())).code).toBe("E_SCHEMA");
    await verb();
  }
}, 60_000);
