// One event as one line: for people on a terminal, for programs as JSON. No secret gets through either.
import { redact } from "../reply/redact.ts";

export type LogLevel = "error" | "warn" | "info" | "debug";

export interface LogRecord {
  time: Date;
  level: LogLevel;
  /** The event's type. */
  event: string;
  message: string;
  fields: Readonly<Record<string, unknown>>;
}

const secretName = /key|token|secret|password|authorization|cookie/i;
/** Tokens of the model hub; the shapes of keys of language models are known to `redact`. */
const hubToken = /\bhf_[A-Za-z0-9]{8,}/g;
const maxTextChars = 2000;

export interface LineOptions {
  format: "human" | "json";
  /** Texts that must never appear, whatever field they are in. */
  secrets: readonly string[];
  hasColor?: boolean | undefined;
}

/** Without a newline, and with none inside. */
export function encodeLogLine(record: LogRecord, options: LineOptions): string {
  const clean = (text: string): string =>
    redact(text, options.secrets, maxTextChars).replace(hubToken, "[key]");
  const fields = Object.entries(record.fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]): [string, unknown] => [name, cleanField(name, value, clean)]);
  const message = clean(record.message);
  if (options.format === "json") {
    const { time, level, event } = record;
    return JSON.stringify({ time: time.toISOString(), level, event, message, ...Object.fromEntries(fields) });
  }
  const clock = record.time.toTimeString().slice(0, 8);
  const details = fields.map(
    ([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const level = record.level.padEnd(5);
  const shown = options.hasColor === true ? `${colors[record.level]}${level}\x1b[0m` : level;
  return `${clock} ${shown} ${message}${dim(details.join(""), options)}`;
}

function cleanField(name: string, value: unknown, clean: (text: string) => string): unknown {
  if (secretName.test(name)) return "[key]";
  return typeof value === "string" ? clean(value) : value;
}

const colors: Readonly<Record<LogLevel, string>> = {
  error: "\x1b[31m",
  warn: "\x1b[33m",
  info: "\x1b[32m",
  debug: "\x1b[2m",
};

const dim = (text: string, { hasColor }: LineOptions): string =>
  hasColor === true && text !== "" ? `\x1b[2m${text}\x1b[0m` : text;
