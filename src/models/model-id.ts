// The names of models: `owner/repo`, or the plain `repo` of the hub's oldest ones.
import { AppError } from "../base/errors.ts";

export interface OwnerRepo {
  /** Null for a plain id. */
  owner: string | null;
  repo: string;
}

/** The hub's own rule (huggingface_hub's validate_repo_id): 96 characters, no "..", "--", nor a separator at an end. */
const segment = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/;
const longestId = 96;

/** Takes a page's address too. E_ARGS for what is no id. */
export function parseOwnerRepo(text: string): OwnerRepo {
  const page = /^https?:\/\/(?:www\.)?(?:huggingface\.co|hf\.co)\/(.+?)\/?$/.exec(text.trim())?.[1];
  const id = page ?? text.trim();
  const parts = id.split("/");
  const [first = "", second] = parts;
  const isValid =
    id.length <= longestId &&
    parts.length <= 2 &&
    parts.every((part) => segment.test(part) && !part.includes("..") && !part.includes("--")) &&
    !id.endsWith(".git");
  if (!isValid) {
    throw new AppError("E_ARGS", `"${text}" is no model id; it looks like owner/repo`, { model_id: text });
  }
  return second === undefined ? { owner: null, repo: first } : { owner: first, repo: second };
}

export const formatModelId = ({ owner, repo }: OwnerRepo): string =>
  owner === null ? repo : `${owner}/${repo}`;
