// What went wrong with a file, as the record that operators and authors see: stage, kind, and where it can be told, the line.
import type { LoadErrorType, LoadProblem, LoadStage } from "../port.ts";
import type { CharacterSource } from "./host-protocol.ts";
import { textOf } from "./guard-realm.ts";
import { UnreadableData, UnresolvedImport } from "./load-module.ts";
import type { CellOffence } from "./open-cell.ts";
import { NotPlainData } from "./plain-data.ts";
import { UnfitModule } from "./read-exports.ts";

interface Place {
  line: number;
  column?: number;
}

/** The parts of Bun's BuildMessage and ResolveMessage that are used here. */
interface BuildFailure {
  name?: unknown;
  message?: unknown;
  specifier?: unknown;
  position?: { file?: unknown; line?: unknown; column?: unknown } | null;
  errors?: unknown;
}

type SourceText = Pick<CharacterSource, "file" | "path" | "text">;

/** `error` is whatever was thrown while the file was loaded or read. */
export function describeProblem(error: unknown, source: SourceText, folder: string): LoadProblem {
  const problem = (stage: LoadStage, type: LoadErrorType, message: string, place?: Place): LoadProblem => ({
    file: source.file,
    stage,
    error_type: type,
    message: message.slice(0, 2000),
    ...place,
  });
  try {
    if (error instanceof UnfitModule) {
      return problem(
        error.stage,
        error.errorType,
        error.message,
        placeOfExport(source.text, error.exportName),
      );
    }
    if (error instanceof NotPlainData) {
      const exportName = /^\w+/.exec(error.message)?.[0] ?? "";
      return problem("schema", "ValidationError", error.message, placeOfExport(source.text, exportName));
    }
    if (error instanceof UnresolvedImport) {
      return problem(
        "build",
        "ImportError",
        ...importPlace(error.message, error.specifier, error.importer, source, folder),
      );
    }
    if (error instanceof UnreadableData) {
      return problem("build", "SyntaxError", `${relativeTo(folder, error.path)}: ${error.message}`);
    }
    const failure = firstFailure(error);
    if (failure.name === "BuildMessage") {
      const [message, place] = buildPlace(failure, source, folder);
      return problem("build", "SyntaxError", message, place);
    }
    if (failure.name === "ResolveMessage") {
      const specifier = typeof failure.specifier === "string" ? failure.specifier : "";
      return problem(
        "build",
        "ImportError",
        ...importPlace(`cannot find ${JSON.stringify(specifier)}`, specifier, source.path, source, folder),
      );
    }
    const missing = /^Export named '(.+)' not found in module/.exec(String(failure.message));
    if (failure.name === "SyntaxError" && missing) {
      return problem("build", "ImportError", String(failure.message), placeOf(source.text, missing[1] ?? ""));
    }
  } catch {
    // A thrown value may be hostile; what can be shown of it is shown below.
  }
  return problem("evaluate", "EvaluationError", textOf(error), placeInStack(error, source.path));
}

function firstFailure(error: unknown): BuildFailure {
  const failure = (typeof error === "object" && error !== null ? error : {}) as BuildFailure;
  const first: unknown = Array.isArray(failure.errors) ? failure.errors[0] : undefined;
  const isBuildFailure = (first as BuildFailure | undefined)?.name === "BuildMessage";
  return isBuildFailure ? (first as BuildFailure) : failure;
}

function buildPlace(failure: BuildFailure, source: SourceText, folder: string): [string, Place | undefined] {
  const { file, line, column } = failure.position ?? {};
  const message = String(failure.message);
  if (typeof line !== "number" || typeof column !== "number") return [message, undefined];
  return file === source.path
    ? [message, { line, column }]
    : [`${relativeTo(folder, String(file))}:${line}:${column}: ${message}`, undefined];
}

function importPlace(
  message: string,
  specifier: string,
  importer: string,
  source: SourceText,
  folder: string,
): [string, Place | undefined] {
  if (importer !== source.path) return [`${relativeTo(folder, importer)}: ${message}`, undefined];
  const quoted = [`"${specifier}"`, `'${specifier}'`];
  return [message, placeOf(source.text, ...quoted)];
}

const relativeTo = (folder: string, path: string): string =>
  path.startsWith(folder) ? path.slice(folder.length + 1) : path;

function placeOf(text: string, ...needles: readonly string[]): Place | undefined {
  const offset = needles.map((needle) => text.indexOf(needle)).find((index) => index >= 0);
  if (offset === undefined) return undefined;
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

/** Where the file declares an export; undefined for one that it does not declare. */
export function placeOfExport(text: string, name: string): { line: number } | undefined {
  const lines = text.split("\n");
  const declares = new RegExp(`^\\s*(?:export\\b.*\\b${name}\\b|${name}\\s*:)`);
  const index = lines.findIndex((line) => declares.test(line));
  return index < 0 ? undefined : { line: index + 1 };
}

/** The first frame of an error's stack that lies in the file. */
export function placeInStack(error: unknown, path: string): Place | undefined {
  try {
    const stack = typeof error === "string" ? error : String((error as Error).stack);
    const start = stack.slice(0, 20_000).indexOf(`${path}:`);
    if (start < 0) return undefined;
    const [line, column] = stack
      .slice(start + path.length + 1)
      .split(/[:)\s]/, 2)
      .map(Number);
    if (!line) return undefined;
    return column ? { line, column } : { line };
  } catch {
    return undefined;
  }
}

/** What a cell did, as a problem of one file. */
export function problemOfOffence(
  { file, path }: Pick<CharacterSource, "file" | "path">,
  stage: LoadStage,
  { type, message, stack }: CellOffence,
): LoadProblem {
  return { file, stage, error_type: type, message, ...placeInStack(stack, path) };
}
