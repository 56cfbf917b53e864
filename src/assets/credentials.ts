// Tokens out of the environment, found when they are needed and handed to the transfer alone. Only names of variables
// leave this file in words.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { AppError } from "../base/errors.ts";
import { type Asset, type AssetDefinition, type AssetSource, describeSource } from "./asset-schema.ts";

export interface Token {
  value: string;
  /** What a refusal names: where the token came from. */
  variable: string;
}

/** The variables that hub clients agree on, in the order in which they count. */
export const hubTokenVariables = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN"] as const;

export interface Tokens {
  /** The token that the source declares, else for a hub source any hub token. E_PERM for one that no header can carry. */
  find: (source: AssetSource) => Promise<Token | null>;
  /** The variable that the source names and that holds nothing, when nothing else stands in for it. */
  findMissing: (source: AssetSource) => Promise<string | null>;
}

export interface TokensOptions {
  /** Without it nothing is looked up, files included. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Of the settings; the variables of `environment` count before it. */
  hubToken?: Token | undefined;
}

export function createTokens({ environment, hubToken }: TokensOptions): Tokens {
  const read = (variable: string): Token | null => {
    const value = environment?.[variable]?.trim();
    return value ? { value, variable } : null;
  };

  const findHubToken = async (named: string | undefined): Promise<Token | null> => {
    for (const variable of named === undefined ? hubTokenVariables : [named, ...hubTokenVariables]) {
      const token = read(variable);
      if (token) return token;
    }
    return hubToken ?? (environment ? readTokenFile(environment) : null);
  };

  const find = async (source: AssetSource): Promise<Token | null> => {
    const named = "authentication" in source ? source.authentication?.tokenVariable : undefined;
    const token = source.type === "hf" ? await findHubToken(named) : named === undefined ? null : read(named);
    // What no header can carry would be quoted by the one who refuses it.
    if (token && !/^[\x21-\x7e]+$/.test(token.value)) {
      throw new AppError(
        "E_PERM",
        `the token in ${token.variable} has blanks or signs in it that no token has; set it anew`,
        { source: describeSource(source), source_type: source.type, token_env_var: token.variable },
      );
    }
    return token;
  };

  return {
    find,
    async findMissing(source) {
      const named = "authentication" in source ? source.authentication?.tokenVariable : undefined;
      return named === undefined || (await find(source)) ? null : named;
    },
  };
}

async function readTokenFile(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Token | null> {
  const home = environment["HOME"] ?? homedir();
  const hubHome =
    environment["HF_HOME"] ?? join(environment["XDG_CACHE_HOME"] ?? join(home, ".cache"), "huggingface");
  const path = environment["HF_TOKEN_PATH"] ?? join(hubHome, "token");
  const value = (await readFile(path.replace(/^~(?=\/|$)/, home), "utf8").catch(() => "")).trim();
  return value === "" ? null : { value, variable: "HF_TOKEN_PATH" };
}

/** Values that these assets may send, for those who must keep them out of what they write. */
export function listTokens(
  definitions: readonly AssetDefinition[],
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const named = definitions.flatMap(({ sources }) => sources.flatMap(listNamed));
  return [...hubTokenVariables, ...named].flatMap((variable) => environment[variable]?.trim() || []);
}

export interface TokenVariable {
  variable: string;
  isSet: boolean;
}

/** The variables that these assets may read, each once; the hub's first, as where its token was found. Names alone. */
export async function listTokenVariables(
  definitions: readonly AssetDefinition[],
  { environment = {}, hubToken }: TokensOptions,
): Promise<TokenVariable[]> {
  const found = await createTokens({ environment, hubToken })
    .find({ type: "hf", repoId: "owner/name", revision: "main" })
    .catch(() => null);
  const hub = { variable: found?.variable ?? hubTokenVariables[0], isSet: found !== null };
  const named = definitions
    .flatMap(({ sources }) => sources.flatMap(listNamed))
    .map((variable) => ({
      variable,
      isSet: (environment[variable]?.trim() ?? "") !== "",
    }));
  return [...new Map([hub, ...named].map((entry) => [entry.variable, entry])).values()];
}

const listNamed = (source: AssetDefinition["sources"][number]): string[] =>
  "authentication" in source && source.authentication ? [source.authentication.tokenVariable] : [];

/** With strict authentication: E_PERM for the first token that is named and not there, before any request. */
export async function requireTokens(asset: Asset, tokens: Tokens): Promise<void> {
  for (const source of asset.sources) {
    const variable = await tokens.findMissing(source);
    if (variable === null) continue;
    throw new AppError("E_PERM", `${asset.name}: ${describeMissing(source, variable)}`, {
      asset: asset.name,
      source_type: source.type,
      token_env_var: variable,
    });
  }
}

export const describeMissing = (source: AssetSource, variable: string): string =>
  `${describeSource(source)} wants a token, and ${variable} is not set; set it in the environment or in .env`;
