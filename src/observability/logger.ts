// Events → lines on stderr. The only place, beside the command line's output, that writes there.
import { type Clock, systemClock } from "../base/clock.ts";
import type { AnyEvent } from "../base/events.ts";
import { encodeLogLine, type LogLevel } from "./log-line.ts";
import { logEntries, type LogEntry } from "./log-entries.ts";
import type { EventSource } from "./system-event.ts";

export interface LoggerOptions {
  level: LogLevel | "silent";
  format: "human" | "json";
  hasColor?: boolean | undefined;
  /** Never written, wherever they appear: keys, tokens. */
  secrets?: readonly string[] | undefined;
  /** Types that somebody else shows already. */
  except?: readonly string[] | undefined;
  clock?: Clock | undefined;
  /** Default stderr. Gets the line with its newline. */
  write?: ((text: string) => void) | undefined;
}

const loudness: Readonly<Record<LogLevel | "silent", number>> = {
  silent: 0,
  error: 1,
  warn: 2,
  info: 3,
  debug: 4,
};

/** Logs until disposed. */
export function createLogger(events: EventSource, options: LoggerOptions): Disposable {
  const { level, format, hasColor, secrets = [] } = options;
  const clock = options.clock ?? systemClock;
  const write = options.write ?? ((text: string): void => void process.stderr.write(text));
  const except = new Set(options.except);
  const admit = createFloodGate(clock);

  const print = (event: string, entry: LogEntry): void => {
    const record = { time: clock.wallTime(), event, fields: {}, ...entry };
    write(`${encodeLogLine(record, { format, secrets, hasColor })}\n`);
  };
  return events.subscribe((event) => {
    if (except.has(event.type)) return;
    const entry = describe(event);
    if (!entry || loudness[entry.level] > loudness[level]) return;
    const verdict = entry.source === undefined ? { isAdmitted: true, dropped: 0 } : admit(entry.source);
    if (!verdict.isAdmitted) return;
    if (verdict.dropped > 0) {
      print(event.type, {
        level: "warn",
        message: `${verdict.dropped} more lines of ${entry.source} were dropped`,
      });
    }
    print(event.type, entry);
  });
}

function describe(event: AnyEvent): LogEntry | undefined {
  if (!Object.hasOwn(logEntries, event.type)) return undefined;
  return (logEntries as Record<string, (event: AnyEvent) => LogEntry>)[event.type]?.(event);
}

const burstLines = 50;
const linesPerSecond = 10;
const maxSources = 1000;

/** A bucket of tokens for each source; the number of those dropped is told with the next line that gets through. */
function createFloodGate(clock: Clock): (source: string) => { isAdmitted: boolean; dropped: number } {
  const buckets = new Map<string, { tokens: number; filledAtMs: number; dropped: number }>();
  return (source) => {
    const nowMs = clock.nowMs();
    // Sources are files, engines and sessions: more than this means old ones, and forgetting them costs nothing.
    if (buckets.size >= maxSources && !buckets.has(source)) buckets.clear();
    const bucket = buckets.get(source) ?? { tokens: burstLines, filledAtMs: nowMs, dropped: 0 };
    buckets.set(source, bucket);
    const gained = ((nowMs - bucket.filledAtMs) / 1000) * linesPerSecond;
    bucket.tokens = Math.min(burstLines, bucket.tokens + gained);
    bucket.filledAtMs = nowMs;
    if (bucket.tokens < 1) {
      bucket.dropped += 1;
      return { isAdmitted: false, dropped: 0 };
    }
    bucket.tokens -= 1;
    const { dropped } = bucket;
    bucket.dropped = 0;
    return { isAdmitted: true, dropped };
  };
}
