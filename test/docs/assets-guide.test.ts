// The guide's program, run as it stands beside a project file that declares what it asks for.
import { expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createTempFolder } from "../support/temp-folder.ts";

const root = resolve(import.meta.dir, "../..");
const guide = await Bun.file(join(root, "docs/assets.md")).text();
const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(guide) ?? [];

test("the program of the guide gets the path of an asset of the project file", async () => {
  await using folder = await createTempFolder();
  await folder.write("mine.ts", example);
  await folder.write("voices/house.bin", "sound");
  await folder.write(
    "troupe.toml",
    '[[assets]]\nname = "house-voice"\nasset_type = "voice"\nsource = { type = "local", path = "voices/house.bin" }\n',
  );
  await mkdir(join(folder.path, "node_modules"));
  await symlink(root, join(folder.path, "node_modules/troupe"));
  const child = Bun.spawn([process.execPath, "--no-env-file", "mine.ts"], {
    cwd: folder.path,
    env: { PATH: process.env["PATH"], HOME: folder.path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const lines = out.trim().split("\n");
  const path = join(folder.path, ".troupe/assets/voice/house-voice/latest/house.bin");
  expect([lines.slice(-2), error, await child.exited]).toEqual([[path, "house-voice no checksum"], "", 0]);
  expect(lines[0]).toMatch(/^5 of /);
}, 60_000);
