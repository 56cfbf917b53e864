// The key of the reply source, on its way from the credentials root to the wire and nowhere else.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { createApp } from "../src/app.ts";
import { loadSettings } from "../src/config/load-settings.ts";
import { eventually } from "./support/eventually.ts";
import { createTempFolder } from "./support/temp-folder.ts";

const secret = "sk-of-the-file-42";

async function askWith(options: {
  project: string;
  env?: Record<string, string>;
  files?: Record<string, string>;
}): Promise<string | null> {
  await using folder = await createTempFolder();
  let authorization: string | null = null;
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      authorization = request.headers.get("authorization");
      return Response.json({ data: [{ id: "m", owned_by: "house" }] });
    },
  });
  const project = options.project.replace("BASE", `http://127.0.0.1:${server.port}/v1`);
  await folder.write("project/troupe.toml", project);
  for (const [name, text] of Object.entries(options.files ?? {})) await folder.write(name, text);
  const loaded = loadSettings({
    env: { HOME: folder.path, ...options.env },
    cwd: join(folder.path, "project"),
  });
  await using app = await createApp(loaded, { version: "0.0.0-test", logs: "none" });
  // A look is short, and a machine that does other things may need a second one.
  await eventually("the reply server", async () => (await app.replies.probe()).isUp);
  const status = app.replies.status();
  expect(JSON.stringify([status, app.settings, app.warnings])).not.toContain(secret);
  return authorization;
}

const inFile = (name: string, variable: string) => ({
  [`.troupe/credentials/${name}.json`]: JSON.stringify({ [variable]: secret }),
});
const reply = (source: string) => `[reply]\nsource = "${source}"\nbase_url = "BASE"\nmodel = "m"\n`;

test.each([
  ["openai", "openai", "OPENAI_API_KEY"],
  ["vsegpt", "vsegpt", "VSEGPT_API_KEY"],
  ["openai-compatible", "openai_compatible", "OPENAI_COMPATIBLE_API_KEY"],
])("%s takes its key from its file, which wins over the environment", async (source, id, variable) => {
  const env = { [variable]: "sk-of-the-environment" };
  expect(await askWith({ project: reply(source), env })).toBe("Bearer sk-of-the-environment");
  expect(await askWith({ project: reply(source), env, files: inFile(id, variable) })).toBe(
    `Bearer ${secret}`,
  );
});

test("a server that wants none gets none", async () => {
  expect(await askWith({ project: reply("openai-compatible") })).toBeNull();
  // Of another provider, and nobody's business here.
  const env = { OPENAI_API_KEY: secret };
  expect(await askWith({ project: reply("ollama"), env })).toBeNull();
  expect(await askWith({ project: reply("openai-compatible"), env })).toBeNull();
});

test("the variable may have another name: by the project file, as it is said now and as it was once", async () => {
  const env = { HOUSE_KEY: secret, OPENAI_API_KEY: "sk-other" };
  const now = '[providers.llm.openai.assets]\ncredential_patterns = ["HOUSE_KEY"]\n';
  const once = '[providers.llm.openai]\napi_key_env = "HOUSE_KEY"\n';
  const setting = 'api_key_env = "HOUSE_KEY"\n';
  for (const project of [
    `${reply("openai")}${now}`,
    `${reply("openai")}${once}`,
    `${reply("openai")}${setting}`,
  ]) {
    expect(await askWith({ project, env })).toBe(`Bearer ${secret}`);
  }
});

test("a file of old elsewhere counts", async () => {
  const project = `${reply("openai")}[providers.llm.openai]\ncredentials_path = "keys/house.json"\n`;
  const files = { "project/keys/house.json": JSON.stringify({ OPENAI_API_KEY: secret }) };
  expect(await askWith({ project, files })).toBe(`Bearer ${secret}`);
});
