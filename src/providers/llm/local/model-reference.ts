// How `[reply] model` names a model that runs here: `owner/repo`, `owner/repo:Q4_K_M`, `owner/repo:model-q4.gguf`, or a path.
import { homedir } from "node:os";
import { resolve } from "node:path";
import { AppError } from "../../../base/errors.ts";

export type ModelReference =
  | { kind: "path"; path: string }
  /** `selector`: a file of the repository, or a part of its name between its hyphens and dots, such as `q4_k_m`. */
  | { kind: "id"; id: string; selector: string | undefined };

const idPattern = /^(?<id>[\w.-]+(?:\/[\w.-]+)?)(?::(?<selector>[\w./-]+))?$/;

/** Throws E_ARGS for what is neither. Relative paths count from the working folder. */
export function parseModelReference(text: string): ModelReference {
  const isPath = /^(?:[~.]{1,2}[/\\]|\/|[A-Za-z]:[/\\])/.test(text) || /^[^:]*\.gguf$/i.test(text);
  if (isPath) return { kind: "path", path: resolve(text.replace(/^~(?=[/\\])/, homedir())) };
  const { id, selector } = idPattern.exec(text)?.groups ?? {};
  const leavesFolder = text.split(/[/:]/).some((part) => /^\.*$/.test(part));
  if (id === undefined || leavesFolder) {
    throw new AppError(
      "E_ARGS",
      `[reply] model "${text}" is neither owner/repo, owner/repo:file nor a path of a model`,
    );
  }
  return { kind: "id", id, selector };
}
