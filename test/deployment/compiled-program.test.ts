// What the compiled program does before it is the program. The build itself takes a minute and 200 MB; it is run by hand.
import { describe, expect, test } from "bun:test";
import { readdir, utimes } from "node:fs/promises";
import { join, resolve } from "node:path";
import { selectCacheRoot } from "../../scripts/compiled/launch.ts";
import { createTempFolder, type TempFolder } from "../support/temp-folder.ts";

const launcher = resolve(import.meta.dir, "../../scripts/compiled/launch.ts");
const digest = "0123456789abcdef";

async function createWorld() {
  const folder = await createTempFolder();
  const files = {
    "src/main.ts": `import { word } from "house"; console.log(word, process.env.BUN_BE_BUN, import.meta.dir, ...process.argv.slice(2));`,
    "node_modules/house/package.json": '{"name": "house", "main": "index.js"}',
    "node_modules/house/index.js": 'exports.word = "ready";',
  };
  await folder.write("program.tar.gz", await new Bun.Archive(files, { compress: "gzip" }).bytes());
  const archive = join(folder.path, "program.tar.gz");
  await folder.write(
    "entry.ts",
    `import { launch } from ${JSON.stringify(launcher)}; await launch(${JSON.stringify({ archive, digest })});`,
  );
  return folder;
}

async function start(folder: TempFolder, env: Record<string, string> = {}) {
  const child = Bun.spawn(
    [process.execPath, "--no-env-file", join(folder.path, "entry.ts"), "say", "hello"],
    {
      cwd: folder.path,
      env: { PATH: process.env["PATH"], HOME: folder.path, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const [out, error, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, error, exitCode };
}

describe("the compiled program", () => {
  test("unpacks itself once, and runs from there with its packages and arguments", async () => {
    await using folder = await createWorld();
    const place = join(folder.path, ".troupe/cache/program");
    const first = await start(folder);
    expect([first.exitCode, first.out]).toEqual([0, `ready 1 ${join(place, digest, "src")} say hello\n`]);
    await Bun.write(join(place, digest, "node_modules/house/index.js"), 'exports.word = "kept";');
    expect((await start(folder)).out).toStartWith("kept 1 ");
  });

  test("is unpacked whole, whoever starts at the same time and whoever was killed before", async () => {
    await using folder = await createWorld();
    const place = join(folder.path, ".troupe/cache/program");
    const dead = Bun.spawn([process.execPath, "--version"], { stdio: ["ignore", "ignore", "ignore"] });
    await dead.exited;
    await Bun.write(join(place, `${digest}.${dead.pid}.tmp/src/main.ts`), "half");
    await utimes(join(place, `${digest}.${dead.pid}.tmp`), 1, 1);
    const all = await Promise.all(Array.from({ length: 4 }, () => start(folder)));
    for (const { exitCode, out } of all) expect([exitCode, out.slice(0, 7)]).toEqual([0, "ready 1"]);
    expect(await readdir(place)).toEqual([digest]);
  });

  test("says where it cannot unpack itself, and what to do", async () => {
    await using folder = await createWorld();
    const { exitCode, error } = await start(folder, { TROUPE_CACHE_ROOT: "/proc/nowhere" });
    expect([exitCode, error]).toEqual([5, expect.stringContaining("set TROUPE_CACHE_ROOT [E_PERM]")]);
  });

  test("lies below the cache root", () => {
    expect(selectCacheRoot({ HOME: "/h" })).toBe("/h/.troupe/cache");
    expect(selectCacheRoot({ HOME: "/h", IRENE_CACHE_ROOT: "~/c" })).toBe("/h/c");
    expect(selectCacheRoot({ HOME: "/h", IRENE_CACHE_ROOT: "/i", TROUPE_CACHE_ROOT: "/t" })).toBe("/t");
  });
});
