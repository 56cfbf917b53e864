// From the hub to the words, as whole processes: `troupe models download`, then `troupe chat`, then a server that has the
// model in use.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { join, resolve } from "node:path";
import { type AssetServer, createAssetServer } from "../support/asset-server.ts";
import { characterText } from "../support/character-files.ts";
import { serveHub } from "../support/hub-server.ts";
import { startRealApp } from "../support/real-app.ts";
import { createTempFolder, type TempFolder } from "../support/temp-folder.ts";
import { writeTextGenerationModel } from "../support/text-generation-model.ts";

const main = resolve(import.meta.dir, "../../src/main.ts");
const stack = new AsyncDisposableStack();
let folder: TempFolder;
let hub: AssetServer;

beforeAll(async () => {
  folder = stack.use(await createTempFolder());
  hub = stack.use(await createAssetServer());
  const upstream = join(folder.path, "upstream");
  await writeTextGenerationModel(upstream);
  const files: Record<string, Uint8Array> = {};
  for (const name of new Glob("**/*").scanSync(upstream))
    files[name] = await Bun.file(join(upstream, name)).bytes();
  serveHub(hub, { "acme/tiny": { files, license: "mit" } });
  const ada = characterText({ name: "Ada", prompt: `return "You are Ada.";` });
  await folder.write("project/story_characters/ada.ts", ada);
  await folder.write(
    "project/troupe.toml",
    `[reply]\nsource = "local"\nmodel = "acme/tiny"\ntemperature = 0\n`,
  );
});
afterAll(() => stack.disposeAsync());

async function troupe(line: string, input = "") {
  const child = Bun.spawn([process.execPath, "--no-env-file", main, ...line.split(" ")], {
    cwd: join(folder.path, "project"),
    env: { PATH: process.env["PATH"], HOME: folder.path, TROUPE_THREADS: "1" },
    stdio: [new Blob([input]), "pipe", "pipe"],
  });
  const [out, error, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, out, error };
}

describe("a language model of the hub", () => {
  test("is named by its id, missed with the command that brings it, and speaks once it is brought", async () => {
    const before = await troupe("chat Ada", "Who is there?\n");
    expect(before.out).not.toContain("Ada is here.");
    expect(before.error).toContain("troupe models download --model acme/tiny");
    const brought = await troupe(`models download --model acme/tiny --mirror ${hub.origin} --yes`);
    expect(brought).toMatchObject({ exitCode: 0 });
    const chat = await troupe("chat Ada", "Who is there?\n");
    expect(chat).toMatchObject({ exitCode: 0 });
    expect(chat.out).toContain("Ada is here.");
  });

  test("is not taken away from a server that has it in use", async () => {
    const modelsRoot = join(folder.path, ".troupe/models");
    {
      await using real = await startRealApp({
        engines: "tones",
        settings: { "storage.models_root": modelsRoot, "reply.source": "local", "speech.threads": 1 },
      });
      expect(await real.app.replies.probe()).toMatchObject({ isUp: true, model: "acme/tiny" });
      const refused = await troupe("models remove --model acme/tiny --yes");
      expect(refused).toMatchObject({ exitCode: 12 });
      expect(refused.error).toContain("in use");
    }
    expect(await troupe("models remove --model acme/tiny --yes")).toMatchObject({ exitCode: 0 });
  });
});
