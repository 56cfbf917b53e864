// The texts of the prompt logic, which is copied into the characters.
import { Glob } from "bun";
import { join } from "node:path";

/** By file name. */
export async function loadParts(): Promise<Record<string, string>> {
  const folder = join(import.meta.dir, "parts");
  const parts: Record<string, string> = {};
  for await (const name of new Glob("*.ts").scan(folder)) {
    parts[name] = await Bun.file(join(folder, name)).text();
  }
  return parts;
}
