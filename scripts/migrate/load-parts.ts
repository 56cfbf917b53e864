// The texts of the prompt logic, which is copied into the characters.
import { Glob } from "bun";
import { join } from "node:path";

/** What all generated characters share, and what the migration adds. */
const folders = [join(import.meta.dir, "../../src/characters/cards/parts"), join(import.meta.dir, "parts")];

/** By file name. */
export async function loadParts(): Promise<Record<string, string>> {
  const parts: Record<string, string> = {};
  for (const folder of folders) {
    for await (const name of new Glob("*.ts").scan(folder)) {
      parts[name] = await Bun.file(join(folder, name)).text();
    }
  }
  return parts;
}
