// The program as a process: what it prints, what it exits with, and a sentence that goes to a file and comes back.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join, resolve } from "node:path";
import { findRealModels, realModelsRoot } from "../support/real-models.ts";
import { eventually } from "../support/eventually.ts";
import { createTempFolder, type TempFolder } from "../support/temp-folder.ts";

/** Some of these begin the whole program, with its models, three times over. */
setDefaultTimeout(180_000);

const main = resolve(import.meta.dir, "../../src/main.ts");
let folder: TempFolder;
beforeAll(async () => {
  folder = await createTempFolder();
  await findRealModels(["kokoro-82m-q8", "kokoro-voices", "moonshine-tiny", "silero-vad"]);
}, 120_000);
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function troupe(line: string[], options: { input?: string; env?: Record<string, string> } = {}) {
  const child = Bun.spawn([process.execPath, "--no-env-file", main, ...line], {
    cwd: folder.path,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: folder.path,
      TROUPE_ASSETS_DIR: join(realModelsRoot, "assets"),
      TROUPE_CACHE_ROOT: join(realModelsRoot, "cache"),
      TROUPE_REPLY_SOURCE: "none",
      ...options.env,
    },
    stdin: new Blob([options.input ?? ""]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, error, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, error, exitCode };
}

const character = (name: string) => `
export const CHARACTER_NAME = ${JSON.stringify(name)};
export const VOICE_SOURCE = { source_type: "kokoro", voice: "am_michael" };
export const INSTRUCTIONS = { type: "constant", text: "Be brief." };
export class PromptGenerator {
  makeSystemPrompt() { return "Be brief."; }
  reply(messages) { return messages.length === 0 ? "Evening." : "You said: " + messages.at(-1).content; }
}`;

describe("the program", () => {
  test("a sentence goes to a file and comes back, with its words' times", async () => {
    const sentence = "The lighthouse keeper waved to us.";
    const said = await troupe(["say", "-", "--voice", "bm_george", "-o", "out.mp3", "--json"], {
      input: sentence,
    });
    expect([said.exitCode, said.out.split("\n").length]).toEqual([0, 2]);
    const { data } = JSON.parse(said.out) as {
      data: { duration_seconds: number; words: { text: string }[] };
    };
    expect(data.duration_seconds).toBeGreaterThan(1);
    expect(data.words.map((word) => word.text).join(" ")).toBe(sentence);

    const heard = await troupe(["transcribe", "out.mp3"]);
    expect(heard.out.toLowerCase()).toContain("lighthouse keeper waved to us");
    const captions = await troupe(["transcribe", "out.mp3", "--format", "vtt"]);
    expect(captions.out).toMatch(/^WEBVTT\n\n00:00:0\d\.\d{3} --> 00:00:0\d\.\d{3}\n/);
  });

  test("doctor is content when a voice works", async () => {
    const { out, exitCode } = await troupe(["doctor", "--characters", "cast", "--json"]);
    const { data, success } = JSON.parse(out) as {
      success: boolean;
      data: { checks: { name: string; ok: boolean }[] };
    };
    // The folder is not there yet; everything else is.
    expect(data.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(["characters"]);
    expect([success, exitCode]).toEqual([false, 4]);
  });

  test("a talk in the terminal, line by line, the empty one as silence", async () => {
    await folder.write("cast/gus.ts", character("Gus"));
    const { out, exitCode } = await troupe(["chat", "gus", "--characters", "cast"], { input: "Hello\n\n" });
    expect([out, exitCode]).toEqual(["Gus: Evening.\nGus: You said: Hello\nGus: You said: ...\n", 0]);
  });

  test("a broken file is E_SCHEMA with file and line, a missing one E_NOT_FOUND", async () => {
    await folder.write(
      "cast/broken.ts",
      'export const CHARACTER_NAME = "B";\nexport const VOICE_SOURCE = {;\n',
    );
    const all = await troupe(["characters", "check", "--characters", "cast"]);
    expect([all.exitCode, all.out]).toEqual([3, expect.stringMatching(/^broken\.ts:2/)]);
    const one = await troupe(["characters", "check", "gus.ts", "--characters", "cast", "--json"]);
    expect(JSON.parse(one.out)).toMatchObject({
      success: true,
      data: { characters: [{ name: "Gus" }], errors: [] },
    });
    expect((await troupe(["characters", "check", "nobody.ts", "--characters", "cast"])).exitCode).toBe(4);
  });

  test("a project file that does not fit stops every verb with its line", async () => {
    const config = await folder.write("bad.toml", "[server]\nprot = 1\n");
    const { error, exitCode } = await troupe(["assets", "list", "--config", config]);
    expect([exitCode, error.includes("bad.toml:2")]).toEqual([3, true]);
  });

  test("a server that is told to stop says goodbye with status 0", async () => {
    const child = Bun.spawn(
      [process.execPath, "--no-env-file", main, "serve", "--port", "0", "--characters", "cast", "--offline"],
      {
        cwd: folder.path,
        env: { PATH: process.env.PATH ?? "", HOME: folder.path },
        stdout: "pipe",
        stderr: "ignore",
      },
    );
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const url = /listening on (http:\S+)/.exec(new TextDecoder().decode(value))?.[1];
    // Nothing is on disk and nothing may be fetched: text is served all the same, once the cast is on stage.
    await eventually("text", async () => (await fetch(`${url}/v1/health`)).status === 200);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  });
});
