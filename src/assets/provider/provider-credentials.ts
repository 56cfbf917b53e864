// The keys of providers: variables of the environment, and one file each below the credentials root, which wins. Values
// leave this file in one hand only; everything that is said of them is said of their names.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

export interface ProviderCredentials {
  /** In the order of the description. Empty text is not set. */
  readonly variables: readonly { variable: string; isSet: boolean }[];
  /** The first one that lacks, and what to do about it. */
  readonly missing: { variable: string; reason: string } | undefined;
  find(variable: string): string | undefined;
  /** For those who must keep them out of what they write. */
  readonly values: readonly string[];
}

export interface LoadCredentialsOptions {
  /** Its id names the file. */
  provider: string;
  /** Names of variables. */
  patterns: readonly string[];
  credentialsRoot: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** In place of the file below the root: a setting of old. */
  file?: string | undefined;
  /** A file that cannot be used is told and passed over. */
  warn: (message: string) => void;
}

/** Larger than any collection of keys. */
const maxFileBytes = 256 * 1024;
const fileSchema = z.record(z.string(), z.string());

/** Never rejects: a provider whose credentials cannot be read has none. */
export async function loadProviderCredentials(options: LoadCredentialsOptions): Promise<ProviderCredentials> {
  const { provider, patterns, credentialsRoot, environment, warn } = options;
  const path = options.file ?? join(credentialsRoot, `${provider}.json`);
  // Some services want the path of their file, not what is in it.
  const pathVariable =
    options.file === undefined ? undefined : patterns.find((name) => name.endsWith("_CREDENTIALS"));
  const fromFile = pathVariable === undefined ? await readCredentials(path, warn) : { [pathVariable]: path };
  const find = (variable: string): string | undefined => {
    const value = fromFile[variable]?.trim() || environment[variable]?.trim();
    return value === "" ? undefined : value;
  };
  const variables = patterns.map((variable) => ({ variable, isSet: find(variable) !== undefined }));
  const missing = variables.find(({ isSet }) => !isSet);
  return {
    variables,
    missing: missing && {
      variable: missing.variable,
      reason: `${missing.variable} is not set; set it in the environment or in .env, or put it into ${path}`,
    },
    find,
    values: [...new Set([...Object.values(fromFile), ...patterns.map(find)])].filter(
      (value): value is string => value !== undefined && value !== "" && value !== path,
    ),
  };
}

/** A parser's own words quote what it reads, and are not repeated. */
async function readCredentials(
  path: string,
  warn: (message: string) => void,
): Promise<Readonly<Record<string, string>>> {
  const pass = (reason: string): Readonly<Record<string, string>> => {
    warn(`${path} ${reason}; it is passed over`);
    return {};
  };
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes) return pass("is too large for a file of credentials");
    const parsed = fileSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
    return parsed.success ? parsed.data : pass("is no JSON object of variables and their values");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return {};
    return pass(code === undefined ? "is no JSON" : `cannot be read (${code})`);
  }
}
