// Where the command line writes: results on stdout, everything else on stderr. With --json, stdout is exactly one
// envelope and stderr one event object a line (spec/errors.md).
import { writeSync } from "node:fs";
import { encodeError } from "../base/errors.ts";

export interface Terminal {
  writeOut(data: string | Uint8Array): void;
  writeError(text: string): void;
  /** stderr is a terminal: progress may redraw its lines. */
  isInteractive: boolean;
  columns: number;
}

/** The process's own streams. Written synchronously, so that nothing is lost when the process exits. */
export function openTerminal(): Terminal {
  const write = (fd: number, data: string | Uint8Array): void => {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(fd, bytes, done);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EPIPE") return;
        if (code !== "EAGAIN") throw error;
        Bun.sleepSync(1);
      }
    }
  };
  return {
    writeOut: (data) => write(1, data),
    writeError: (text) => write(2, text),
    isInteractive: process.stderr.isTTY,
    columns: process.stderr.columns || 80,
  };
}

export interface OutputOptions {
  isJson: boolean;
  isQuiet: boolean;
  isVerbose: boolean;
  hasColor: boolean;
}

export interface Output {
  readonly options: OutputOptions;
  readonly terminal: Terminal;
  /** The one result of a verb: the envelope with --json, else `human`. */
  result(data: unknown, human: string, message?: string): void;
  /** Bytes on stdout instead of a result. */
  bytes(data: Uint8Array): void;
  /** A line of talk on stdout; nothing with --json. */
  line(text: string): void;
  /** The same of a piece that the next one follows. */
  text(text: string): void;
  /** A line on stderr; nothing with --json or --quiet. */
  note(text: string): void;
  /** An event object on stderr; only with --json. */
  event(event: Readonly<Record<string, unknown>>): void;
  error(error: unknown): void;
}

export function createOutput(terminal: Terminal, options: OutputOptions): Output {
  const { isJson, isQuiet } = options;
  return {
    options,
    terminal,
    result(data, human, message = "") {
      if (isJson) {
        terminal.writeOut(`${JSON.stringify({ success: true, message, error_code: null, data })}\n`);
      } else if (human !== "") terminal.writeOut(plainLines(human.endsWith("\n") ? human : `${human}\n`));
    },
    bytes: (data) => terminal.writeOut(data),
    line(text) {
      if (!isJson) terminal.writeOut(plainLines(`${text}\n`));
    },
    text(text) {
      if (!isJson) terminal.writeOut(plainLines(text));
    },
    note(text) {
      if (!isJson && !isQuiet) terminal.writeError(plainLines(`${text}\n`));
    },
    event(event) {
      if (isJson && !isQuiet) terminal.writeError(`${JSON.stringify(event)}\n`);
    },
    error(error) {
      const json = encodeError(error);
      if (isJson) terminal.writeOut(`${JSON.stringify(json)}\n`);
      else terminal.writeError(plainLines(`troupe: ${json.message} [${json.error_code}]\n`));
      const isBug = json.error_code === "E_INTERNAL";
      if (!(isBug || options.isVerbose) || !(error instanceof Error)) return;
      const stack = error.stack ?? error.message;
      terminal.writeError(isJson ? `${JSON.stringify({ event: "error", stack })}\n` : `${stack}\n`);
    },
  };
}

/** Names come from anywhere: what a terminal would take for an order is shown as a sign instead. */
export const plainText = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters are what is replaced
  text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "�");

/** The same of several lines, which may have tabs, and the line ends of other systems. */
const plainLines = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- as above
  text.replaceAll("\r", "").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "�");

/** Columns padded to their widest cell, measured as a terminal shows them. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows].map((row) => row.map(plainText));
  const widths = header.map((_, column) => Math.max(...all.map((row) => Bun.stringWidth(row[column] ?? ""))));
  const pad = (cell: string, width: number): string => cell + " ".repeat(width - Bun.stringWidth(cell));
  return all
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** 494,032,768 → "494.0 M". */
export function formatCount(count: number): string {
  const units = ["", " K", " M", " B", " T"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  return power === 0 ? String(count) : `${(count / 1000 ** power).toFixed(1)}${units[power]}`;
}

/** 1, "file" → "1 file"; 2, "file" → "2 files". */
export const formatQuantity = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;

/** 1,572,864 → "1.5 MiB". */
export function formatBytes(sizeBytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, sizeBytes)) / 10));
  const value = sizeBytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[power]}`;
}
