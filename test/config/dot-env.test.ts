import { describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { dropRuntimeVariables, readDotEnv } from "../../src/config/dot-env.ts";
import { failureOf } from "../support/failure-of.ts";
import { createTempFolder } from "../support/temp-folder.ts";

const main = resolve(import.meta.dir, "../../src/main.ts");

describe("a .env", () => {
  test("is read with its quotes, comments and exports", async () => {
    await using folder = await createTempFolder();
    await folder.write(".env", "\uFEFFexport A=1 # one\r\nB=\"two # 2\"\nC='3'\n# D=4\nE=\nnot a line\n");
    expect(readDotEnv(join(folder.path, ".env"))).toEqual({ A: "1", B: "two # 2", C: "3", E: "" });
    expect(readDotEnv(join(folder.path, "nowhere"))).toEqual({});
  });

  test("that is a folder is E_SCHEMA, naming it", async () => {
    await using folder = await createTempFolder();
    const failure = await failureOf(Promise.try(() => readDotEnv(folder.path)));
    expect(failure).toMatchObject({ code: "E_SCHEMA", details: { file: folder.path } });
  });
});

describe("what the runtime read from the current folder", () => {
  test("goes, and what the process was started with stays", async () => {
    await using folder = await createTempFolder();
    await folder.write(".env", "A=1\nB=2\n");
    await folder.write(".env.local", "C=3\n");
    const env = { A: "1", B: "2", C: "3", D: "4" };
    dropRuntimeVariables(env, folder.path, { B: "2", D: "4" });
    expect(env as Record<string, string>).toEqual({ B: "2", D: "4" });
  });

  test("is told by its value where the system does not tell what a process was started with", async () => {
    await using folder = await createTempFolder();
    await folder.write(".env", "A=1\nB=2\n");
    const env = { A: "1", B: "other" };
    dropRuntimeVariables(env, folder.path, null);
    expect(env as Record<string, string>).toEqual({ B: "other" });
  });

  test("the .env of the current folder is passed over, also where the runtime has read it", async () => {
    await using folder = await createTempFolder();
    await folder.write("troupe.toml", "");
    await folder.write(".env", "TROUPE_PORT=4001\nTROUPE_HOST=0.0.0.0\n");
    await folder.write("sub/.env", "TROUPE_PORT=4002\nTROUPE_HOST=::1\nTROUPE_MAX_SESSIONS=7\n");
    const child = Bun.spawn([process.execPath, main, "config", "show", "--json"], {
      cwd: join(folder.path, "sub"),
      env: { PATH: process.env["PATH"], HOME: folder.path, TROUPE_HOST: "127.0.0.2" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { settings } = (
      JSON.parse(await new Response(child.stdout).text()) as { data: { settings: object } }
    ).data;
    expect(settings).toMatchObject({
      "server.port": 4001,
      "server.host": "127.0.0.2",
      "server.max_sessions": 64,
    });
  });
});
