import { describe, expect, test } from "bun:test";
import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { AssetEvent } from "../../../src/assets/port.ts";
import { createRegistry } from "../../../src/assets/registry/registry.ts";
import { locate } from "../../../src/assets/registry/locate.ts";
import { withInstallation } from "../../../src/assets/registry/record.ts";
import { createEventRecorder } from "../../support/event-recorder.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { sha256 } from "../store-fixture.ts";

async function createWorld() {
  const folder = await createTempFolder();
  const modelsRoot = join(folder.path, "models");
  await mkdir(modelsRoot);
  const registry = createRegistry({}, { modelsRoot });
  return {
    modelsRoot,
    registry,
    read: () => Bun.file(registry.path).text(),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const installation = (path: string) => ({
  kind: "hub" as const,
  library: "transformers",
  revision: "main",
  commit: "c0ffee",
  installed_at: "2026-01-02T03:04:05.000Z",
  install_path: path,
  files: [{ path: "a.bin", size: 3, sha256: sha256("abc") }],
});

describe("the registry", () => {
  test("is empty when there is none, and a look at it makes none", async () => {
    await using w = await createWorld();
    expect((await w.registry.load()).size).toBe(0);
    await w.registry.update(() => undefined);
    expect(await readdir(w.modelsRoot)).toEqual([".locks"]);
  });

  test("is written with sorted keys and two spaces, and ends with a line end", async () => {
    await using w = await createWorld();
    await w.registry.update((records) => {
      records.set("b/b", withInstallation("b/b", undefined, installation("/x")));
      records.set("a/a", {
        pinned: true,
        license_accepted: { user_id: "u", timestamp: "t", license_type: "l" },
      });
    });
    const text = await w.read();
    expect(text).toStartWith('{\n  "a/a": {\n    "license_accepted": {\n      "license_type": "l",');
    expect(text).toEndWith("}\n");
    expect(Object.keys(JSON.parse(text)["b/b"])).toEqual([
      "commit",
      "files",
      "install_path",
      "installed_at",
      "kind",
      "library",
      "model_id",
      "revision",
      "total_size",
    ]);
  });

  test("keeps fields that it does not know, of records, files and acceptances, through an install too", async () => {
    await using w = await createWorld();
    await Bun.write(
      w.registry.path,
      JSON.stringify({
        "a/a": { install_path: "/old", files: [{ path: "x", etag: "e" }], note: "mine", pinned: true },
      }),
    );
    await w.registry.update((records) => {
      records.set("b/b", { own: 1 });
    });
    expect(JSON.parse(await w.read())["a/a"]).toEqual({
      install_path: "/old",
      files: [{ path: "x", etag: "e" }],
      note: "mine",
      pinned: true,
    });
    await w.registry.update((records) => {
      records.set("a/a", withInstallation("a/a", records.get("a/a"), installation("/new")));
    });
    expect(JSON.parse(await w.read())["a/a"]).toMatchObject({
      note: "mine",
      pinned: true,
      install_path: "/new",
      total_size: 3,
    });
  });

  test("of an older registry with only paths is read, nulls included", async () => {
    await using w = await createWorld();
    await Bun.write(
      w.registry.path,
      JSON.stringify({
        "a/a": {
          install_path: w.modelsRoot,
          files: [{ path: "x" }],
          pinned: null,
          commit: null,
          kind: "snapshot",
        },
      }),
    );
    const record = (await w.registry.load()).get("a/a");
    expect(record?.files).toEqual([{ path: "x" }]);
    expect(record && (await locate(record, w.modelsRoot))).toEqual({ path: w.modelsRoot, isFile: false });
  });

  test("finds an install by its relative place when the absolute one is gone", async () => {
    await using w = await createWorld();
    await mkdir(join(w.modelsRoot, "transformers/a/a"), { recursive: true });
    const record = { install_path: "/gone/transformers/a/a", relative_path: "transformers/a/a" };
    expect(await locate(record, w.modelsRoot)).toEqual({
      path: join(w.modelsRoot, "transformers/a/a"),
      isFile: false,
    });
    // The original of a copied root is left alone.
    const original = join(w.modelsRoot, "..");
    expect(await locate({ ...record, install_path: original }, w.modelsRoot)).toEqual({
      path: join(w.modelsRoot, "transformers/a/a"),
      isFile: false,
    });
    expect(await locate({ install_path: "/gone" }, w.modelsRoot)).toBe(null);
    expect(await locate({}, w.modelsRoot)).toBe(null);
  });

  test("stays as it was when the change throws, and is not written when nothing changes", async () => {
    await using w = await createWorld();
    await w.registry.update((records) => void records.set("a/a", { pinned: true }));
    const before = await Bun.file(w.registry.path).stat();
    const failing = w.registry.update((records) => {
      records.clear();
      throw new Error("no");
    });
    expect((await failureOf(failing)).message).toBe("no");
    await w.registry.update((records) => void records.set("a/a", { pinned: true }));
    const after = await Bun.file(w.registry.path).stat();
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  test("loses nothing when 8 processes write at once", async () => {
    await using w = await createWorld();
    const children = Array.from({ length: 8 }, (_, i) =>
      Bun.spawn(
        [
          process.execPath,
          "--no-env-file",
          join(import.meta.dir, "children/write-registry.ts"),
          JSON.stringify({ modelsRoot: w.modelsRoot, prefix: `p${i}`, count: 15 }),
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
      ),
    );
    const outputs = await Promise.all(children.map((child) => new Response(child.stdout).text()));
    expect(outputs).toEqual(Array.from({ length: 8 }, () => "ready\ndone\n"));
    expect((await w.registry.load()).size).toBe(8 * 15);
    expect((await readdir(w.modelsRoot)).sort()).toEqual([".locks", "model_registry.json"]);
  }, 60_000);
});

describe("a damaged registry", () => {
  const install = async (w: Awaited<ReturnType<typeof createWorld>>, id = "ann/m"): Promise<void> => {
    const path = join(w.modelsRoot, "transformers", ...id.split("/"));
    await Bun.write(join(path, "a.bin"), "abc");
    await w.registry.update((records) => {
      const record = withInstallation(id, records.get(id), installation(path));
      records.set(id, { ...record, pinned: true, relative_path: `transformers/${id}` });
    });
  };

  test("is set aside and rebuilt from the disk, and E_SCHEMA names what could not be", async () => {
    await using w = await createWorld();
    await install(w);
    const text = await w.read();
    const broken = text.slice(0, -4);
    await Bun.write(w.registry.path, broken);
    const error = await failureOf(w.registry.load());
    expect(error.code).toBe("E_SCHEMA");
    expect(error.message).toContain("pins of ann/m");
    expect(error["details"]).toMatchObject({ rebuilt: ["ann/m"], lost: { pins: ["ann/m"], licences: [] } });
    const aside = (await readdir(w.modelsRoot)).filter((name) =>
      name.startsWith("model_registry.json.corrupt-"),
    );
    expect(aside).toHaveLength(1);
    expect(await Bun.file(join(w.modelsRoot, aside[0] ?? "")).text()).toBe(broken);
    const rebuilt = (await w.registry.load()).get("ann/m");
    expect(rebuilt).toMatchObject({
      kind: "hub",
      library: "transformers",
      relative_path: "transformers/ann/m",
      files: [{ path: "a.bin", size: 3, sha256: sha256("abc") }],
    });
  });

  for (const [what, text] of [
    ["empty", ""],
    ["no object", "[]"],
    ["of another shape", '{"a/b": {"files": "none"}}'],
    ["binary", "\u0000\u0001"],
  ] as const) {
    test(`that is ${what} is never taken for an empty one`, async () => {
      await using w = await createWorld();
      await install(w);
      await Bun.write(w.registry.path, text);
      expect((await failureOf(w.registry.update(() => undefined))).code).toBe("E_SCHEMA");
      expect([...(await w.registry.load()).keys()]).toEqual(["ann/m"]);
    });
  }

  test("of which one record is bad keeps pins and licences of the others", async () => {
    await using w = await createWorld();
    await install(w);
    const json = JSON.parse(await w.read());
    json["bad/one"] = { files: 7 };
    json["gated/one"] = { license_accepted: { user_id: "u", timestamp: "t", license_type: "l" } };
    await Bun.write(w.registry.path, JSON.stringify(json, null, 2));
    const error = await failureOf(w.registry.load());
    expect(error["details"]).toMatchObject({ lost: { pins: [], licences: [], models: ["bad/one"] } });
    const records = await w.registry.load();
    expect(records.get("ann/m")?.pinned).toBe(true);
    expect(records.get("gated/one")?.license_accepted?.user_id).toBe("u");
  });

  test("is told by a running server, which goes on", async () => {
    await using w = await createWorld();
    await install(w);
    await Bun.write(w.registry.path, "{");
    const events = createEventRecorder<AssetEvent>();
    const server = createRegistry({ emit: events.emit }, { modelsRoot: w.modelsRoot, goesOn: () => true });
    expect([...(await server.load()).keys()]).toEqual(["ann/m"]);
    expect(events.events.map((event) => event.type)).toEqual(["asset-warning"]);
  });

  test("is rebuilt by one process of several", async () => {
    await using w = await createWorld();
    await install(w);
    await Bun.write(w.registry.path, "{");
    const children = Array.from({ length: 6 }, (_, i) =>
      Bun.spawn(
        [
          process.execPath,
          "--no-env-file",
          join(import.meta.dir, "children/write-registry.ts"),
          JSON.stringify({ modelsRoot: w.modelsRoot, prefix: `p${i}`, count: 1 }),
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
      ),
    );
    const outputs = await Promise.all(children.map((child) => new Response(child.stdout).text()));
    expect(outputs.sort()).toEqual(
      ["ready\nE_SCHEMA\n", ...Array.from({ length: 5 }, () => "ready\ndone\n")].sort(),
    );
    const aside = (await readdir(w.modelsRoot)).filter((name) => name.includes(".corrupt-"));
    expect(aside).toHaveLength(1);
    expect((await w.registry.load()).size).toBe(6);
  }, 60_000);

  test("leaves llm_registry.json alone, and does not invent models of hidden folders", async () => {
    await using w = await createWorld();
    await Bun.write(join(w.modelsRoot, "llm_registry.json"), "{");
    await Bun.write(join(w.modelsRoot, "transformers/.cache/x/y"), "z");
    await Bun.write(join(w.modelsRoot, "transformers/plain/model.bin"), "z");
    await Bun.write(join(w.modelsRoot, "distilbert-base-uncased/model.bin"), "z");
    await Bun.write(w.registry.path, "{");
    await failureOf(w.registry.load());
    expect([...(await w.registry.load()).keys()].sort()).toEqual(["distilbert-base-uncased", "plain"]);
    expect(await Bun.file(join(w.modelsRoot, "llm_registry.json")).text()).toBe("{");
  });

  test("a registry file that cannot be read is E_PERM and no damage", async () => {
    await using w = await createWorld();
    await mkdir(w.registry.path);
    expect((await failureOf(w.registry.load())).code).not.toBe("E_SCHEMA");
    await rename(w.registry.path, `${w.registry.path}.gone`);
    expect((await w.registry.load()).size).toBe(0);
  });
});
