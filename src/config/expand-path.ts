// Paths as people write them in a project file or a variable.
import { homedir } from "node:os";
import { resolve } from "node:path";
import { AppError } from "../base/errors.ts";

/** `~` and `${VAR}`; an unset variable is E_SCHEMA, since a path with a hole is never what was meant. */
export function expandPath(
  path: string,
  baseDir: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const expanded = path.replace(/^~(?=$|[/\\])/, homeOf(env)).replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = env[name];
    if (value === undefined)
      throw new AppError("E_SCHEMA", `${path}: the variable ${name} is not set`, { path });
    return value;
  });
  return resolve(baseDir, expanded);
}

export const homeOf = (env: Readonly<Record<string, string | undefined>>): string => env["HOME"] ?? homedir();
