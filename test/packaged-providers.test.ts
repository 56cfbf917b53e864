// Packages of others in a project of its own: real files, and the whole program around them.
import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { createApp } from "../src/app.ts";
import { loadSettings } from "../src/config/load-settings.ts";
import { createTempFolder, type TempFolder } from "./support/temp-folder.ts";
import { toneProviders } from "./support/tone-providers.ts";

const tones = resolve(import.meta.dir, "support/fake-engines/fake-speech.ts");
const providerModule = (id: string): string => `
import { createFakeSynthesizer } from ${JSON.stringify(tones)};
export const provider = {
  kind: "tts", id: ${JSON.stringify(id)}, title: "Somebody's voice", languages: ["en"], licence: "MIT",
  homepage: "https://example.org", assets: {}, assetNames: () => [],
  settingsSchema: { safeParse: (data) => ({ success: true, data }) },
  probe: async () => ({ state: "ready" }),
  load: async () => ({ ...createFakeSynthesizer(), id: ${JSON.stringify(id)} }),
};`;

async function writePackage(
  folder: TempFolder,
  name: string,
  declared: Record<string, string>,
  code: string,
) {
  const base = `node_modules/${name}`;
  await folder.write(`${base}/package.json`, JSON.stringify({ name, troupe: { providers: declared } }));
  await folder.write(`${base}/provider.js`, code);
}

const openProject = (folder: TempFolder) => {
  const env = { HOME: folder.path };
  return createApp(loadSettings({ env, cwd: folder.path, overrides: { "reply.source": "none" } }), {
    version: "0.0.0-test",
    logs: "none",
    speechProviders: toneProviders,
  });
};

test("a package's synthesizer is listed, chosen and spoken with, once the project file switches it on", async () => {
  await using folder = await createTempFolder();
  await writePackage(
    folder,
    "@somebody/voice",
    { "tts.my_voice": "./provider.js" },
    providerModule("my_voice"),
  );
  await folder.write(
    "troupe.toml",
    '[speech]\nsynthesizer = "my_voice"\n[providers.tts.my_voice]\nenabled = true\npitch = 3\n',
  );
  await using app = await openProject(folder);
  expect(app.warnings).toEqual([]);
  const listed = (await app.providers.list()).filter(({ kind }) => kind === "tts");
  expect(listed.map(({ name, title, state }) => [name, title, state])).toEqual([
    ["kokoro", "kokoro, in tones", "ready"],
    ["my_voice", "Somebody's voice", "ready"],
  ]);
  const synthesizer = await app.speech.synthesizer({ timeoutMs: 60_000 });
  expect(synthesizer.id).toBe("my_voice");
  let samples = 0;
  for await (const { pcm } of synthesizer.synthesize("Hello there.")) samples += pcm.length;
  expect(samples).toBeGreaterThan(1000);
});

test("what the project file does not switch on is not even imported", async () => {
  await using folder = await createTempFolder();
  const code = 'import { writeFileSync } from "node:fs"; writeFileSync(import.meta.dir + "/ran", "");';
  await writePackage(folder, "voice", { "tts.my_voice": "./provider.js" }, code);
  for (const table of ["", "[providers.tts.my_voice]\nenabled = false\n", "[providers.tts.my_voice]\n"]) {
    await folder.write("troupe.toml", table);
    await using app = await openProject(folder);
    await app.providers.list();
  }
  expect(await Bun.file(`${folder.path}/node_modules/voice/ran`).exists()).toBe(false);
});

test("one that throws, is none, lies about its name or lies elsewhere says why, and harms nobody", async () => {
  await using folder = await createTempFolder();
  await writePackage(folder, "a", { "tts.thrower": "./provider.js" }, 'throw new Error("no such card");');
  await writePackage(
    folder,
    "b",
    { "tts.hollow": "./provider.js" },
    "export const provider = { kind: 'tts' };",
  );
  await writePackage(folder, "c", { "tts.liar": "./provider.js" }, providerModule("kokoro"));
  await writePackage(folder, "d", { "tts.outside": "./../../thief.js" }, "");
  await writePackage(folder, "e", { "tts.kokoro": "./provider.js" }, 'throw new Error("a usurper");');
  await folder.write("node_modules/f/package.json", "{ broken");
  const ids = ["thrower", "hollow", "liar", "outside", "kokoro"];
  await folder.write("troupe.toml", ids.map((id) => `[providers.tts.${id}]\nenabled = true\n`).join(""));
  await using app = await openProject(folder);
  const states = new Map(
    (await app.providers.list())
      .filter(({ kind }) => kind === "tts")
      .map(({ name, state, reason }) => [name, [state, reason] as const]),
  );
  expect(states.get("kokoro")).toEqual(["ready", undefined]);
  expect(states.get("thrower")).toEqual(["incompatible", expect.stringContaining("no such card")]);
  expect(states.get("hollow")).toEqual(["incompatible", expect.stringContaining("title")]);
  expect(states.get("liar")).toEqual(["incompatible", expect.stringContaining("it calls itself tts.kokoro")]);
  expect(states.get("outside")?.[0]).toBe("not-installed");
  expect((await app.speech.synthesizer({ timeoutMs: 60_000 })).id).toBe("kokoro");
  const refusal = await app.speech
    .synthesizer({ provider: "thrower", timeoutMs: 60_000 })
    .catch((e: unknown) => e);
  expect(refusal).toMatchObject({ code: "E_COMPAT" });
});
