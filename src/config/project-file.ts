// The project file in any of its formats: found upward from a folder, read, and able to say where a key stands.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import type * as JsonParser from "jsonc-parser";
import { parse as parseToml, TomlError } from "smol-toml";
import type * as Yaml from "yaml";
import { z } from "zod";
import { AppError, fromFileSystemError, messageOf } from "../base/errors.ts";
import { findTomlLine } from "./toml-positions.ts";

/** The first one in a folder counts. */
export const projectFileNames = [
  "troupe.toml",
  "troupe.yaml",
  "troupe.yml",
  "troupe.json",
  "openmas_project.yml",
] as const;

export interface ProjectFile {
  readonly path: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** Of another program, which has more in it than concerns us: what is unknown is passed over. */
  readonly isForeign: boolean;
  /** E_SCHEMA with file, line and field. `path` names the place, by keys and indexes. */
  misfit(path: readonly PropertyKey[], problem: string): AppError;
}

export function findProjectFile(folder: string): string | undefined {
  for (let dir = resolve(folder); ; dir = dirname(dir)) {
    const found = projectFileNames.map((name) => join(dir, name)).find((file) => existsSync(file));
    if (found !== undefined || dirname(dir) === dir) return found;
  }
}

/** E_NOT_FOUND, E_PERM; E_SCHEMA for a text that is not what its name says. */
export function readProjectFile(path: string): ProjectFile {
  const text = readText(path);
  const { value, lineOf } = parseText(path, text);
  const parsed = z.record(z.string(), z.unknown()).safeParse(value ?? {});
  if (!parsed.success) throw new AppError("E_SCHEMA", `${path}: must be a table of sections`, { file: path });
  const isForeign = /(^|[/\\])openmas_project\.ya?ml$/.test(path);
  return {
    path,
    // There, `checksum:` with nothing behind it means that there is none.
    content: isForeign ? (withoutNulls(parsed.data) as Record<string, unknown>) : parsed.data,
    isForeign,
    misfit(where, problem) {
      const line = lineOf(where);
      const field = formatField(where);
      const place = line === null ? path : `${path}:${line}`;
      return new AppError("E_SCHEMA", `${place}: ${problem}`, {
        file: path,
        ...(line === null ? {} : { line }),
        field,
      });
    },
  };
}

/** Without the mark that some editors put before it. */
function readText(path: string): string {
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw new AppError("E_SCHEMA", `${path} is a folder, not a project file`, { file: path });
  }
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw fromFileSystemError(error, path);
  }
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const given = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(given.map(([key, inner]) => [key, withoutNulls(inner)]));
}

/** `assets[2].source.url` */
export const formatField = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");

interface ParsedText {
  value: unknown;
  /** 1-based */
  lineOf: (path: readonly PropertyKey[]) => number | null;
}

function parseText(path: string, text: string): ParsedText {
  if (extname(path) !== ".toml") return parseYaml(path, text);
  try {
    return { value: parseToml(text), lineOf: (where) => findTomlLine(text, where) };
  } catch (error) {
    const [line, column] = error instanceof TomlError ? [error.line, error.column] : [];
    throw notParsed(path, line, column, messageOf(error).split("\n")[0] ?? "", error);
  }
}

/** JSON too: it is YAML, and this parser knows where everything stands. */
function parseYaml(path: string, text: string): ParsedText {
  // Asked for when there is such a file: it takes 15 ms to load, and most projects have none.
  const { LineCounter, parseDocument } = require("yaml") as typeof Yaml;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const [problem] = document.errors;
  if (problem) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw notParsed(path, line, col, problem.message);
  }
  if (extname(path) === ".json") {
    const faults: JsonParser.ParseError[] = [];
    const { parse } = require("jsonc-parser") as typeof JsonParser;
    parse(text, faults, { disallowComments: true });
    if (faults[0]) {
      const { line, col } = lines.linePos(faults[0].offset);
      throw notParsed(path, line, col, "this is no JSON from here on");
    }
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    throw notParsed(path, undefined, undefined, messageOf(error), error); // aliases without end
  }
  return {
    value,
    lineOf(where) {
      for (let depth = where.length; depth > 0; depth--) {
        const offset = findKeyOffset(document, where.slice(0, depth));
        if (offset !== null) return lines.linePos(offset).line;
      }
      return text === "" ? null : 1;
    },
  };
}

/** Of the key itself where there is one: a block's value begins a line later. */
function findKeyOffset(document: Yaml.Document.Parsed, path: readonly PropertyKey[]): number | null {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const items = (parent as { items?: unknown[] } | null)?.items;
  if (!Array.isArray(items)) return null;
  const last = path.at(-1);
  const found =
    typeof last === "number"
      ? items[last]
      : items.find((item) => (item as { key?: { value?: unknown } }).key?.value === last);
  const node = found as { key?: { range?: number[] }; range?: number[] } | undefined;
  return node?.key?.range?.[0] ?? node?.range?.[0] ?? null;
}

function notParsed(
  path: string,
  line: number | undefined,
  column: number | undefined,
  problem: string,
  cause?: unknown,
): AppError {
  const where = line === undefined ? path : `${path}:${line}:${column ?? 1}`;
  const details = { file: path, ...(line === undefined ? {} : { line }) };
  return new AppError("E_SCHEMA", `${where}: ${problem}`, details, cause);
}
