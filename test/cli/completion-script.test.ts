import { describe, expect, test } from "bun:test";
import { Command, Option } from "commander";
import { buildCompletionScript, completionShells } from "../../src/cli/completion-script.ts";

function createProgram(): Command {
  const program = new Command("troupe").option("--json", "an envelope").option("-q, --quiet", "no notes");
  const models = program.command("models").description("models: browse, install");
  models.command("list").description("the hub's models").option("--search <text>", "what it's called");
  models.command("license").description("show one");
  program.command("say").addOption(new Option("--voice <voice>", "who speaks"));
  program.command("list").description("another list").option("--all", "everything");
  return program;
}

/** What bash offers for the word under the cursor, the last one. */
async function offer(...words: string[]): Promise<string[]> {
  const script = `${buildCompletionScript("bash", createProgram())}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _troupe; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const child = Bun.spawn(["bash", "-c", script, "bash", "troupe", ...words], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect(error).toBe("");
  return out.split("\n").filter((line) => line !== "");
}

describe("completion scripts", () => {
  test("bash offers verbs, then the verbs of a group, then flags where a dash is typed", async () => {
    expect(await offer("")).toEqual(["models", "say", "list"]);
    expect(await offer("mo")).toEqual(["models"]);
    expect(await offer("models", "li")).toEqual(["list", "license"]);
    expect(await offer("models", "list", "--se")).toEqual(["--search"]);
    expect(await offer("say", "--v")).toEqual(["--voice"]);
  });

  test("bash passes over flags and arguments, and leaves files to the shell", async () => {
    expect(await offer("--json", "models", "")).toEqual(["list", "license"]);
    expect(await offer("say", "models", "--v")).toEqual(["--voice"]);
    expect(await offer("say", "")).toEqual([]);
  });

  test("a verb and a group's verb of one name have their own flags", async () => {
    expect(await offer("list", "--a")).toEqual(["--all"]);
    expect(await offer("models", "list", "--a")).toEqual([]);
  });

  test("every shell's script names every verb and flag, and quotes what shells would take for their own", () => {
    for (const shell of completionShells) {
      const script = buildCompletionScript(shell, createProgram());
      for (const word of ["models", "license", "say", "search", "voice", "quiet"])
        expect(script).toContain(word);
      expect(script).not.toContain("it's");
    }
  });
});
