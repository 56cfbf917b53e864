// `characters new`: from flags, or from what somebody at a terminal answers. A real folder and real files.
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createEventHub } from "../../../src/base/events.ts";
import { createCharacterStage } from "../../../src/characters/character-stage.ts";
import type { CliApp } from "../../../src/cli/app-port.ts";
import { runCli } from "../../../src/cli/program.ts";
import { createTempFolder, type TempFolder } from "../../support/temp-folder.ts";

/** `typed`: the lines of whoever sits at the terminal; undefined: nobody does. */
async function troupe(folder: TempFolder, line: readonly string[], typed?: readonly string[]) {
  let out = "";
  let error = "";
  const app = {
    events: createEventHub(),
    warnings: [],
    charactersDir: folder.path,
    speech: { status: () => ({ tts: { provider: "kokoro", state: { state: "loading", detail: "" } } }) },
    async openStage() {
      const stage = await createCharacterStage(
        { emit: () => undefined },
        { folder: folder.path, watch: false, evaluateTimeoutMs: 60_000 },
      );
      await stage.settled();
      return stage;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  } as unknown as CliApp;
  const exitCode = await runCli(["characters", ...line], {
    version: "1.2.3",
    openApp: () => Promise.resolve(app),
    terminal: {
      writeOut: (data) => void (out += String(data)),
      writeError: (text) => void (error += text),
      isInteractive: false,
      columns: 80,
    },
    readInput: () => Promise.resolve(""),
    readLines: async function* () {
      yield* typed ?? [];
    },
    isInteractive: typed !== undefined,
    hasColor: false,
    signal: new AbortController().signal,
  });
  return { exitCode, out, error };
}

const textOf = (folder: TempFolder, name: string): Promise<string> =>
  Bun.file(join(folder.path, name)).text();

describe("characters new", () => {
  test("asks what was not said, again where an answer does not fit, and takes an empty line for the usual", async () => {
    await using folder = await createTempFolder();
    await troupe(folder, ["new", "Ann"]);
    const { exitCode, out, error } = await troupe(
      folder,
      ["new"],
      ["", "Ann", "Gus the Keeper", "opera", "quiz_show", "bm_gorge", "bm_george"],
    );
    expect([exitCode, out]).toEqual([0, expect.stringContaining("gus-the-keeper.ts is written")]);
    expect(error).toBe(
      [
        "What is the character called? the name must not be empty",
        'What is the character called? there is a character "Ann" already; names are unique',
        "What is the character called? What kind of talk (constant, smalltalk, quiz_show, guess_animal, news, unmute_explanation)? [constant] it is one of constant, smalltalk, quiz_show, guess_animal, news, unmute_explanation",
        'What kind of talk (constant, smalltalk, quiz_show, guess_animal, news, unmute_explanation)? [constant] Whose voice? [af_heart] there is no voice "bm_gorge"; there is bm_george, and a blend is af_bella(2)+af_sky(1)',
        "Whose voice? [af_heart] ",
      ].join("\n"),
    );
    expect(await textOf(folder, "gus-the-keeper.ts")).toContain('voice: "bm_george"');

    const usual = await troupe(folder, ["new", "--voice", "bf_emma"], ["Bea", "", ""]);
    expect(usual.exitCode).toBe(0);
    expect(await textOf(folder, "bea.ts")).toContain('voice: "bf_emma"');
    expect(await textOf(folder, "bea.ts")).toContain('type: "constant"');
  });

  test("asks nothing when it has a name, and says what is wrong with a flag", async () => {
    await using folder = await createTempFolder();
    const made = await troupe(folder, ["new", "Cy", "--type", "news", "--voice", "af_bella(2) + af_sky"], []);
    expect([made.exitCode, made.error]).toEqual([0, ""]);
    const wrong = await troupe(folder, ["new", "Di", "--voice", "af_hart"]);
    expect([wrong.exitCode, wrong.error]).toEqual([
      2,
      expect.stringContaining('no voice "af_hart"; there is af_heart'),
    ]);
    expect((await troupe(folder, ["new", "Di", "--type", "opera"])).exitCode).toBe(2);
    expect(await readdir(folder.path)).toEqual(["cy.ts"]);
  });

  test("of a file with a voice that there is not, a check says who will not speak", async () => {
    await using folder = await createTempFolder();
    await troupe(folder, ["new", "Gus", "--voice", "bm_george"]);
    const path = join(folder.path, "gus.ts");
    await Bun.write(path, (await Bun.file(path).text()).replace("bm_george", "bm_gorge"));
    const { exitCode, out, error } = await troupe(folder, ["check"]);
    expect([exitCode, out]).toEqual([0, "the file is good\n"]);
    expect(error).toContain(`gus.ts: a stand-in will speak, since there is no voice "bm_gorge"`);
  });

  test("without a name and nobody to ask, or somebody who leaves, is told how to say it", async () => {
    await using folder = await createTempFolder();
    for (const attempt of [
      await troupe(folder, ["new"]),
      await troupe(folder, ["new"], ["Eve"]),
      await troupe(folder, ["new", "--json"], ["Eve", "", ""]),
    ]) {
      expect(attempt.exitCode).toBe(2);
      expect(attempt.error + attempt.out).toContain("troupe characters new NAME");
    }
    expect(await readdir(folder.path)).toEqual([]);
  });
});
