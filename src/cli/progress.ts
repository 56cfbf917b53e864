// What is being fetched and loaded, while it happens: bars on a terminal, a line each interval elsewhere, JSON events.
import type { AssetEvent } from "../assets/port.ts";
import { messageOf } from "../base/errors.ts";
import type { AnyEvent, EventHub } from "../base/events.ts";
import type { SpeechEvent } from "../speech/engine.ts";
import { formatBytes, type Output } from "./output.ts";

/** Off a terminal: a line every so many bytes of one asset, unless it says otherwise. */
const defaultLineIntervalBytes = 5 * 1024 * 1024;
const barChars = 24;

interface AssetProgress {
  doneBytes: number;
  totalBytes: number | null;
  bytesPerSecond: number;
  phase: string;
  printedBytes: number;
}

export interface ProgressOptions {
  /** The verb goes on after what fails, so that it is told at once; else when the verb ends, unless that says it. */
  isLasting?: boolean;
}

export interface ProgressView extends Disposable {
  /** The verb ends with this error, which is shown to people by itself. */
  endWith(error: unknown): void;
}

/** Shows asset and engine events until disposed. */
export function createProgressView(
  output: Output,
  events: EventHub<AnyEvent>,
  { isLasting = false }: ProgressOptions = {},
): ProgressView {
  const { terminal, options } = output;
  const isDrawing = terminal.isInteractive && !options.isJson && !options.isQuiet;
  const running = new Map<string, AssetProgress>();
  /** By asset: why its source failed, until it is seen whether there is another one. */
  const failedSources = new Map<string, string>();
  const untold: { name: string; message: string }[] = [];
  let drawnLines = 0;

  const erase = (): void => {
    // From the line's begin: a terminal shows the ^C that stops it.
    if (drawnLines > 0) terminal.writeError(`\r\x1b[${drawnLines}A\x1b[J`);
    drawnLines = 0;
  };
  const draw = (): void => {
    if (!isDrawing) return;
    erase();
    for (const [name, progress] of running) {
      terminal.writeError(`${formatBar(name, progress).slice(0, terminal.columns - 1)}\n`);
      drawnLines++;
    }
  };
  const note = (text: string): void => {
    if (isDrawing) erase();
    output.note(text);
    draw();
  };

  const tellFailedSource = (name: string): void => {
    const message = failedSources.get(name);
    if (message === undefined) return;
    failedSources.delete(name);
    note(`${withName(name, message)}; trying the next source`);
  };
  const tellFailure = (name: string, message: string): void => {
    if (!isLasting) untold.push({ name, message });
    else note(withName(name, message));
  };

  const show = (event: AssetEvent | SpeechEvent): void => {
    switch (event.type) {
      case "asset-progress": {
        const entry = running.get(event.asset) ?? { ...event, printedBytes: 0 };
        running.set(event.asset, Object.assign(entry, event));
        output.event({
          event: "asset-progress",
          asset: event.asset,
          phase: event.phase,
          done_bytes: event.doneBytes,
          total_bytes: event.totalBytes,
          bytes_per_second: Math.round(event.bytesPerSecond),
        });
        if (isDrawing) draw();
        else if (
          event.doneBytes - entry.printedBytes >=
          (event.lineIntervalBytes ?? defaultLineIntervalBytes)
        ) {
          entry.printedBytes = event.doneBytes;
          output.note(formatBar(event.asset, entry));
        }
        break;
      }
      case "asset-phase-start":
        output.event({ event: event.type, asset: event.asset, phase: event.phase });
        break;
      case "asset-phase-end":
        output.event({
          event: event.type,
          asset: event.asset,
          phase: event.phase,
          duration_ms: Math.round(event.durationMs),
        });
        break;
      case "asset-download-end":
        running.delete(event.asset);
        if (!event.result.fromCache) {
          const { downloadedBytes, resumedBytes } = event.result;
          const isHere = downloadedBytes + resumedBytes === 0;
          const origin = isHere ? "found on this machine" : `${formatBytes(downloadedBytes)} fetched`;
          const tail =
            resumedBytes > 0 ? `, ${formatBytes(resumedBytes)} taken over from an earlier run` : "";
          note(`${event.asset}: ${origin} and verified${tail}`);
        }
        break;
      case "asset-source-fail":
        failedSources.set(event.asset, event.error.message);
        break;
      case "asset-download-fail":
        running.delete(event.asset);
        failedSources.delete(event.asset);
        tellFailure(event.asset, event.error.message);
        break;
      case "asset-warning":
        output.event({ event: "warning", code: event.code, message: event.message });
        note(`${event.asset}: ${event.message}`);
        break;
      case "engine-load-start":
        output.event({ event: "engine-load-start", engine: event.engine });
        note(`${event.engine}: loading`);
        break;
      case "engine-load-end": {
        output.event({
          event: "engine-load-end",
          engine: event.engine,
          duration_ms: Math.round(event.durationMs),
        });
        const detail = event.detail === undefined ? "" : ` (${event.detail})`;
        note(`${event.engine}: ready after ${(event.durationMs / 1000).toFixed(1)} s${detail}`);
        break;
      }
      case "engine-load-fail":
        tellFailure(event.engine, event.error.message);
        break;
      case "engine-exit":
        note(`${event.engine}: stopped (${event.reason}); restarting`);
        break;
      default:
    }
  };
  const subscription = events.subscribe((any) => {
    const event = any as AssetEvent | SpeechEvent;
    if (event.type === "asset-phase-start") tellFailedSource(event.asset);
    if (!isSilent(event)) show(event);
  });
  return {
    endWith(error) {
      const ending = messageOf(error);
      const others = untold.filter(({ message }) => !ending.includes(message));
      untold.splice(0, untold.length, ...others);
    },
    [Symbol.dispose]() {
      subscription[Symbol.dispose]();
      for (const { name, message } of untold) note(withName(name, message));
      if (isDrawing) erase();
    },
  };
}

/** An asset may want no report of its coming; what goes wrong is told all the same. */
const isSilent = (event: AssetEvent | SpeechEvent): boolean =>
  "isSilent" in event &&
  event.isSilent &&
  !["asset-warning", "asset-source-fail", "asset-download-fail"].includes(event.type);

/** Many a message begins with the name already. */
const withName = (name: string, message: string): string =>
  message.startsWith(name) ? message : `${name}: ${message}`;

function formatBar(name: string, progress: AssetProgress): string {
  const { doneBytes, totalBytes, bytesPerSecond, phase } = progress;
  const rate = `${formatBytes(bytesPerSecond)}/s`;
  if (totalBytes === null || totalBytes === 0) return `${name}  ${phase}  ${formatBytes(doneBytes)}  ${rate}`;
  const fraction = Math.min(1, doneBytes / totalBytes);
  const filled = Math.round(fraction * barChars);
  const bar = "█".repeat(filled) + "░".repeat(barChars - filled);
  const left = bytesPerSecond > 0 ? `${Math.ceil((totalBytes - doneBytes) / bytesPerSecond)} s left` : "";
  const done = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  return `${name}  ${bar} ${Math.floor(fraction * 100)} %  ${done}  ${rate}  ${left}`.trimEnd();
}
