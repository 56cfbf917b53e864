// The guide's program, run as it stands by somebody who has the package.
import { expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createAssetServer } from "../support/asset-server.ts";
import { serveHub } from "../support/hub-server.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const root = resolve(import.meta.dir, "../..");
const guide = await Bun.file(join(root, "docs/models.md")).text();
const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(guide) ?? [];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("the program of the guide finds a model, brings a part of it, pins and verifies it", async () => {
  await using server = await createAssetServer();
  serveHub(server, {
    "Qwen/Qwen2.5-0.5B-Instruct-GGUF": {
      files: { "qwen-q4_k_m.gguf": bytes("GGUF four"), "qwen-q8_0.gguf": bytes("GGUF eight") },
      license: "apache-2.0",
      downloads: 7,
    },
  });
  await using folder = await createTempFolder();
  await folder.write("mine.ts", example);
  await mkdir(join(folder.path, "node_modules"));
  await symlink(root, join(folder.path, "node_modules/troupe"));
  const child = Bun.spawn([process.execPath, "--no-env-file", "mine.ts"], {
    cwd: folder.path,
    env: { PATH: process.env["PATH"], HOME: folder.path, HF_ENDPOINT: server.origin },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const place = join(folder.path, ".troupe/models/llama-cpp/Qwen/Qwen2.5-0.5B-Instruct-GGUF");
  expect([out, error, await child.exited]).toEqual([
    `Qwen/Qwen2.5-0.5B-Instruct-GGUF 7 apache-2.0\n${place} ok\n`,
    "",
    0,
  ]);
  expect(await Array.fromAsync(new Bun.Glob("*").scan(place))).toEqual(["qwen-q4_k_m.gguf"]);
  const registry = await Bun.file(join(folder.path, ".troupe/models/model_registry.json")).json();
  expect(registry["Qwen/Qwen2.5-0.5B-Instruct-GGUF"]).toMatchObject({ pinned: true, library: "llama-cpp" });
}, 60_000);

test("every function that the guide names is there", async () => {
  const inCode = await import("troupe/models");
  const [section = ""] = /## In a program[\s\S]*?\n## /.exec(guide) ?? [];
  const imported = /import \{ (.*) \} from/.exec(section)?.[1]?.split(", ") ?? [];
  const [, text = ""] = /There are also ([\s\S]*?), and readers/.exec(section) ?? [];
  const named = [...imported, ...[...text.matchAll(/`(\w+)`/g)].map((match) => match[1] as string)];
  expect(named.length).toBeGreaterThan(12);
  expect(named.filter((name) => !(name in inCode))).toEqual([]);
});
