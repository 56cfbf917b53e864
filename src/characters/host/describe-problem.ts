// What went wrong with a file, as the record that operators and authors see: stage, kind, and where it can be told, the line.
import type { LoadErrorType, LoadProblem, LoadStage } from "../port.ts";
import type { CharacterSource } from "./host-protocol.ts";
import { textOf } from "./guard-realm.ts";
import { describeMissingImport, UnreadableData, UnresolvedImport } from "./load-module.ts";
import type { CellOffence } from "./open-cell.ts";
import { NotPlainData } from "./plain-data.ts";
import { UnfitModule } from "./read-exports.ts";
import { type Place, placeInFolder, placeInStack, placeOf, placeOfExport } from "./source-place.ts";

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
      const [exportName = "", ...keys] = /^[\w.]+/.exec(error.message)?.[0].split(".") ?? [];
      return problem(
        "schema",
        "ValidationError",
        error.message,
        placeOfExport(source.text, exportName, keys),
      );
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
        ...importPlace(describeMissingImport(specifier), specifier, source.path, source, folder),
      );
    }
    const missing = /^Export named '(.+)' not found in module/.exec(String(failure.message));
    if (failure.name === "SyntaxError" && missing) {
      return problem("build", "ImportError", String(failure.message), placeOf(source.text, missing[1] ?? ""));
    }
  } catch {
    // A thrown value may be hostile; what can be shown of it is shown below.
  }
  const place = placeInStack(error, source.path);
  const elsewhere = place ? undefined : placeInFolder(error, folder);
  const message = elsewhere === undefined ? textOf(error) : `${elsewhere}: ${textOf(error)}`;
  return problem("evaluate", "EvaluationError", message, place);
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

export const describeLateEvaluation = (timeoutMs: number): string =>
  `the file was not evaluated within ${timeoutMs / 1000} s; look for an endless loop, or an await at top level that nothing ends`;

/** What a cell did, as a problem of one file. */
export function problemOfOffence(
  { file, path }: Pick<CharacterSource, "file" | "path">,
  stage: LoadStage,
  { type, message, stack }: CellOffence,
): LoadProblem {
  return { file, stage, error_type: type, message, ...placeInStack(stack, path) };
}
