// `.env` files: the project's own, and those of the current folder that the runtime has read before any code of ours ran.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { AppError, fromFileSystemError } from "../base/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** As node:util reads one; nothing for a file that is not there. E_PERM, E_SCHEMA (a folder). */
export function readDotEnv(file: string): Record<string, string> {
  if (!existsSync(file)) return {};
  if (statSync(file).isDirectory()) {
    throw new AppError("E_SCHEMA", `${file} is a folder, not a file of variables; remove it`, { file });
  }
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw fromFileSystemError(error, file);
  }
  return parseEnv(text.replace(/^\uFEFF/, "")) as Record<string, string>;
}

/** As bun reads them, whatever NODE_ENV says: one more name does no harm here. */
const runtimeFiles = ["", ".local", ".development", ".production", ".test"].flatMap((suffix) =>
  suffix === "" || suffix === ".local" ? [`.env${suffix}`] : [`.env${suffix}`, `.env${suffix}.local`],
);

/**
 * Takes out of `env` what the runtime has put into it from the current folder: the file that counts is the one beside the
 * project file. What the process was started with stays, where the system tells it (Linux); elsewhere what has another
 * value than those files.
 */
export function dropRuntimeVariables(
  env: Record<string, string | undefined>,
  cwd: string,
  started: Environment | null = readStartEnvironment(),
): void {
  for (const name of runtimeFiles) {
    for (const [key, value] of Object.entries(readQuietly(join(cwd, name)))) {
      const isOwn = started ? started[key] !== undefined : env[key] !== value;
      if (!isOwn) delete env[key];
    }
  }
}

/** The runtime has passed over what it could not read. */
function readQuietly(file: string): Record<string, string> {
  try {
    return readDotEnv(file);
  } catch {
    return {};
  }
}

/** Null where the system does not tell. */
function readStartEnvironment(): Environment | null {
  try {
    const entries = readFileSync("/proc/self/environ", "utf8").split("\0");
    return Object.fromEntries(
      entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
    );
  } catch {
    return null;
  }
}
