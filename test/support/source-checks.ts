// A folder in which generated TypeScript is judged by the project's own formatter, linter and type check.
import { mkdir, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createTempFolder } from "./temp-folder.ts";

const root = resolve(import.meta.dir, "../..");

export interface CheckedProject extends AsyncDisposable {
  /** Where the files to be judged go. */
  readonly folder: string;
  /** What the tools complain about; nothing when all is well. */
  complaints(): Promise<string>;
}

export async function createCheckedProject(): Promise<CheckedProject> {
  const temp = await createTempFolder();
  const folder = join(temp.path, "story_characters");
  await mkdir(folder);
  await symlink(join(root, "node_modules"), join(temp.path, "node_modules"));
  const formatting = (await Bun.file(join(root, "biome.json")).json()) as Record<string, unknown>;
  const { $schema: _, vcs: _vcs, files: _files, ...biome } = formatting;
  await temp.write("biome.json", JSON.stringify({ root: true, ...biome }));
  await temp.write(".oxlintrc.json", await Bun.file(join(root, ".oxlintrc.json")).text());
  await temp.write(
    "tsconfig.json",
    JSON.stringify({ extends: join(root, "tsconfig.json"), include: ["story_characters"] }),
  );
  const run = async (...command: string[]): Promise<string> => {
    const [tool = "", ...args] = command;
    const child = Bun.spawn([join(temp.path, "node_modules/.bin", tool), ...args], {
      cwd: temp.path,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 60_000,
    });
    const output = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
    return (await child.exited) === 0 ? "" : `${tool}: ${output}`;
  };
  return {
    folder,
    async complaints() {
      const all = await Promise.all([
        run("biome", "format", "--max-diagnostics=20", "story_characters"),
        run("oxlint", "--type-aware", "--deny-warnings", "story_characters"),
        run("tsc", "--noEmit"),
      ]);
      return all.filter((output) => output !== "").join("\n");
    },
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}
