// `troupe models browse` in a real terminal (a pseudo-terminal), key by key.
import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { buildModelGguf } from "../../../support/gguf-writer.ts";
import { openModelsTerminal as openTerminal } from "../../../support/models-terminal.ts";
import { createModelsWorld } from "../../../support/models-world.ts";

const gguf = new Uint8Array(buildModelGguf());
const repositories = () => ({
  "ada/one": { files: { "README.md": new Uint8Array(20) }, downloads: 9, license: "mit" },
  "ada/tiny-GGUF": {
    files: { "tiny.Q2_K.gguf": gguf, "tiny.Q4_K_M.gguf": new Uint8Array([...gguf, 0]) },
    downloads: 5,
    license: "mit",
  },
});

const down = "\u001b[B";

describe("troupe models browse", () => {
  test("is driven by keys to a download", async () => {
    await using w = await createModelsWorld(repositories());
    await using t = openTerminal(w, "browse --owner ada");
    await t.shows("❯ 1  ada/one");
    t.press(down);
    await t.shows("❯ 2  ada/tiny-GGUF");
    t.press("\r");
    await t.shows("❯ 2  Q4_K_M");
    t.press("1");
    await t.shows("❯ 1  Q2_K");
    t.press("\r");
    await t.shows("Download Q2_K of ada/tiny-GGUF");
    t.press("y");
    await t.shows("\u001b[?1049l"); // the terminal's own screen again
    await t.shows("ada/tiny-GGUF at");
    expect(await t.child.exited).toBe(0);
    const folder = join(w.modelsRoot, "llama-cpp/ada/tiny-GGUF");
    expect(await readdir(folder)).toEqual(["tiny.Q2_K.gguf"]);
    expect(new Uint8Array(await Bun.file(join(folder, "tiny.Q2_K.gguf")).arrayBuffer())).toEqual(gguf);
  }, 60_000);

  test("says of a licence that has to be accepted how that is done, and refuses the download with its code", async () => {
    await using w = await createModelsWorld({
      "ada/one": { files: { a: new Uint8Array(9) }, license: "llama3" },
    });
    await using t = openTerminal(w, "browse --owner ada");
    await t.shows("ada/one");
    t.press("\r");
    await t.shows("its licence (llama3) has to be accepted first: troupe models license");
    t.press("\r");
    await t.shows("Download everything of ada/one");
    t.press("y");
    await t.shows("E_LICENSE");
    expect(await t.child.exited).toBe(6);
  }, 60_000);

  test("Ctrl-C ends it with 130 and gives the terminal back", async () => {
    await using w = await createModelsWorld(repositories());
    await using t = openTerminal(w, "browse --search tiny");
    await t.shows("❯ 1  ada/tiny-GGUF");
    t.press("\u0003");
    await t.shows("\u001b[?1049l");
    await t.shows("E_INTERRUPTED");
    expect(await t.child.exited).toBe(130);
    expect(await Array.fromAsync(new Bun.Glob("**/*.gguf").scan(w.folder.path))).toEqual([]);
  }, 60_000);

  test("q leaves it with nothing done", async () => {
    await using w = await createModelsWorld(repositories());
    await using t = openTerminal(w, "browse --owner ada");
    await t.shows("ada/one");
    t.press("q");
    await t.shows("nothing was downloaded");
    expect(await t.child.exited).toBe(0);
  }, 60_000);

  test("what nobody has is E_NOT_FOUND in a terminal too", async () => {
    await using w = await createModelsWorld(repositories());
    await using t = openTerminal(w, "browse --owner nobody");
    await t.shows("E_NOT_FOUND");
    expect(await t.child.exited).toBe(4);
    expect(t.shown).not.toContain("\u001b[?1049h");
  }, 60_000);

  test("in a terminal with --json, and without one, is E_ARGS and names the verbs that work there", async () => {
    await using w = await createModelsWorld(repositories());
    await using t = openTerminal(w, "browse --owner ada --json");
    await t.shows('"error_code":"E_ARGS"');
    expect(await t.child.exited).toBe(2);
    for (const line of ["browse --owner ada", "browse --owner ada --json"]) {
      const refused = await w.models(line);
      expect(refused.exitCode).toBe(2);
      expect(refused.out + refused.error).toContain("troupe models list");
      expect(refused.out + refused.error).toContain("troupe models download");
    }
    expect(w.server.requests).toEqual([]);
  }, 60_000);
});
