// spec: every root, where it may come from, and that it is made on first need.
import { describe, expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { loadSettings } from "../../src/config/load-settings.ts";
import { cacheFolders, ensureRoots, listRoots } from "../../src/config/storage-roots.ts";
import { createStoreFixture, makeBytes } from "../assets/store-fixture.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";

async function rootsWith(project: string, env: Record<string, string> = {}, dotEnv = "") {
  await using folder = await createTempFolder();
  await folder.write("troupe.toml", project);
  await folder.write(".env", dotEnv);
  const loaded = loadSettings({ env: { HOME: "/home/ann", ...env }, cwd: folder.path });
  return {
    dir: folder.path,
    roots: Object.fromEntries(listRoots(loaded).map(({ name, path, source }) => [name, { path, source }])),
  };
}

describe.each([
  ["models", "TROUPE_MODELS_ROOT", "IRENE_MODELS_ROOT", "[storage]\nmodels_root", "~/.troupe/models"],
  ["cache", "TROUPE_CACHE_ROOT", "IRENE_CACHE_ROOT", "[storage]\ncache_root", "~/.troupe/cache"],
  [
    "credentials",
    "TROUPE_CREDENTIALS_ROOT",
    "IRENE_CREDENTIALS_ROOT",
    "[storage]\ncredentials_root",
    "~/.troupe/credentials",
  ],
  ["assets", "TROUPE_ASSETS_DIR", "OPENMAS_ASSETS_DIR", "[settings.assets]\ncache_dir", "~/.troupe/assets"],
])("the %s root", (name, variable, oldVariable, key, fallback) => {
  const inHome = fallback.replace("~", "/home/ann");

  test("is below the home by default", async () => {
    expect((await rootsWith("")).roots[name]).toEqual({ path: inHome, source: "default" });
  });

  test("is what the project file says, relative to it, before the default", async () => {
    const { roots, dir } = await rootsWith(`${key} = "data/x"\n`);
    expect(roots[name]).toEqual({ path: join(dir, "data/x"), source: `file ${join(dir, "troupe.toml")}` });
  });

  test(`is what ${variable} says before the project file, and ${oldVariable} when that is not set`, async () => {
    const project = `${key} = "data/x"\n`;
    const both = { [variable]: "/new", [oldVariable]: "/old" };
    expect((await rootsWith(project, both)).roots[name]).toEqual({
      path: "/new",
      source: `environment ${variable}`,
    });
    const old = { [variable]: "", [oldVariable]: "/old" };
    expect((await rootsWith(project, old)).roots[name]).toEqual({
      path: "/old",
      source: `environment ${oldVariable}`,
    });
  });

  test("expands ~ and variables, those of .env too, which never overrides the environment", async () => {
    const project = `${key} = "\${STORE}/x"\n`;
    expect((await rootsWith(project, {}, "STORE=/of-the-file\n")).roots[name]?.path).toBe("/of-the-file/x");
    expect((await rootsWith(project, { STORE: "/mine" }, "STORE=/of-the-file\n")).roots[name]?.path).toBe(
      "/mine/x",
    );
    expect((await rootsWith("", { [variable]: "~/x" })).roots[name]?.path).toBe("/home/ann/x");
    expect((await rootsWith("", {}, `${variable}=~/y\n`)).roots[name]?.path).toBe("/home/ann/y");
  });
});

describe("roots on first need", () => {
  test("are made, with the cache's own folders, and credentials for their owner alone", async () => {
    await using folder = await createTempFolder();
    const loaded = loadSettings({ env: { HOME: folder.path }, cwd: folder.path });
    await ensureRoots(listRoots(loaded));
    await ensureRoots(listRoots(loaded));
    const home = join(folder.path, ".troupe");
    expect((await readdir(home)).sort()).toEqual(["assets", "cache", "credentials", "models"]);
    expect((await readdir(join(home, "cache"))).sort()).toEqual([...cacheFolders].sort());
    expect((await stat(join(home, "credentials"))).mode & 0o777).toBe(0o700);
  });

  test("that cannot be made are E_PERM, with the setting that names another", async () => {
    await using folder = await createTempFolder();
    const file = await folder.write("file", "x");
    const env = { HOME: folder.path, TROUPE_MODELS_ROOT: join(file, "models") };
    const error = await failureOf(ensureRoots(listRoots(loadSettings({ env, cwd: folder.path }))));
    expect(error).toMatchObject({
      code: "E_PERM",
      message: expect.stringMatching(/the models root .*storage\.models_root or TROUPE_MODELS_ROOT/),
    });
  });

  test("that cannot be made are E_PERM for a download too, whichever it is", async () => {
    for (const broken of ["assetsDir", "cacheRoot"] as const) {
      await using f = await createStoreFixture(() => []);
      const file = await f.folder.write("file", "x");
      const store = f.open(
        [{ name: "voice", sources: [{ type: "http", url: f.server.serve("/v", makeBytes(10)) }] }],
        { [broken]: join(file, "below") },
      );
      expect((await failureOf(store.ensure("voice"))).code).toBe("E_PERM");
      const gone = f.open(
        [{ name: "voice", sources: [{ type: "http", url: f.server.serve("/v", makeBytes(10)) }] }],
        {
          [broken]: "/proc/nowhere/x",
        },
      );
      expect((await failureOf(gone.ensure("voice"))).code).toBe("E_PERM");
    }
  });
});
