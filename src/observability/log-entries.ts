// Which events are worth a line, how loud, and in what words.
import { AppError, messageOf } from "../base/errors.ts";
import type { LogLevel } from "./log-line.ts";
import type { EventOf, SystemEvent } from "./system-event.ts";

export interface LogEntry {
  level: LogLevel;
  message: string;
  fields?: Readonly<Record<string, unknown>>;
  /** Lines of one source share a limit, so that a flood of one leaves room for the others. */
  source?: string;
}

type Describe = { readonly [T in SystemEvent["type"]]?: (event: EventOf<T>) => LogEntry };

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const milliseconds = (ms: number): number => Math.round(ms * 10) / 10;
const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : "E_INTERNAL");
/** A bug's stack on one line; what is expected needs none. */
const stackOf = (error: unknown): string | undefined =>
  error instanceof Error && !(error instanceof AppError)
    ? error.stack?.replace(/\s*\n\s*/g, " | ")
    : undefined;

export const logEntries: Describe = {
  "background-failure": ({ error }) => ({
    level: error instanceof AppError ? "warn" : "error",
    message: `in the background: ${messageOf(error)}`,
    fields: { error_code: codeOf(error), stack: stackOf(error) },
  }),
  "characters-load-end": ({ reason, book, problems, durationMs }) => ({
    level: problems.length > 0 ? "warn" : "info",
    message: `${book.characters.length} characters on stage${problems.length > 0 ? `; ${problems.map(({ file, line, message }) => `${file}${line === undefined ? "" : `:${line}`}: ${message}`).join("; ")}` : ""}`,
    fields: { reason, generation: book.generation, duration_ms: milliseconds(durationMs) },
  }),
  "character-quarantine": ({ file, problem }) => ({
    level: "warn",
    message: `${file} is quarantined until it changes: ${problem.message}`,
    fields: { file, error_type: problem.error_type, stage: problem.stage },
  }),
  "character-output": ({ file, line }) => ({
    level: "info",
    message: `${file === "" ? "the host of characters" : file}: ${line}`,
    source: `character ${file}`,
  }),
  "characters-watch-error": ({ message }) => ({
    level: "warn",
    message: `changes in the characters folder may go unseen until they are reloaded (POST /v1/characters/reload): ${message}`,
    source: "characters folder",
  }),
  "character-tool-call": ({ character, tool, outcome, durationMs }) => ({
    level: outcome === "ok" ? "debug" : "warn",
    message: `${character} used ${tool}: ${outcome}`,
    fields: { character, tool, outcome, duration_ms: milliseconds(durationMs) },
  }),
  "asset-phase-end": ({ asset, phase, outcome, durationMs }) => ({
    level: "debug",
    message: `${asset}: ${phase} ${outcome}`,
    fields: { asset, phase, outcome, duration_ms: milliseconds(durationMs) },
  }),
  "asset-source-fail": ({ asset, sourceType, error }) => ({
    level: "warn",
    message: `${asset}: ${error.message}; trying the next source`,
    fields: { asset, source_type: sourceType, error_code: codeOf(error) },
  }),
  "asset-download-end": ({ asset, result }) => ({
    level: result.fromCache ? "debug" : "info",
    message: result.fromCache ? `${asset} is here` : `${asset} was fetched`,
    fields: { asset, downloaded_bytes: result.downloadedBytes, resumed_bytes: result.resumedBytes },
  }),
  "asset-download-fail": ({ asset, error }) => ({
    level: "error",
    message: `${asset}: ${error.message}`,
    fields: { asset, error_code: codeOf(error), stack: stackOf(error) },
  }),
  "asset-remove-end": ({ asset, freedBytes }) => ({
    level: "info",
    message: `${asset} was taken off the disk`,
    fields: { asset, freed_bytes: freedBytes },
  }),
  "asset-warning": ({ asset, code, message }) => ({
    level: "warn",
    message: `${asset}: ${message}`,
    fields: { asset, code },
  }),
  "engine-load-start": ({ engine }) => ({
    level: "debug",
    message: `${engine}: loading`,
    fields: { engine },
  }),
  "engine-load-end": ({ engine, durationMs, detail }) => ({
    level: "info",
    message: `${engine} is ready after ${seconds(durationMs)}${detail === undefined ? "" : ` (${detail})`}`,
    fields: { engine },
  }),
  "engine-load-fail": ({ engine, error }) => ({
    level: "error",
    message: `${engine} does not start: ${error.message}`,
    fields: { engine, error_code: codeOf(error), stack: stackOf(error) },
  }),
  "engine-exit": ({ engine, reason, wasBusy }) => ({
    level: "warn",
    message: `${engine} stopped (${reason})${wasBusy ? " in mid-job" : ""}`,
    fields: { engine, was_busy: wasBusy },
  }),
  "engine-unload": ({ engine }) => ({ level: "debug", message: `${engine}: unloaded`, fields: { engine } }),
  "engine-output": ({ engine, line }) => ({
    level: "debug",
    message: `${engine}: ${line}`,
    source: `engine ${engine}`,
  }),
  "provider-state": ({ kind, provider, state, reason }) => ({
    level: state === "ready" || state === "loading" ? "debug" : "warn",
    message: `${kind} ${provider}: ${state}${reason === undefined ? "" : ` (${reason})`}`,
    fields: { kind, provider, state },
  }),
  "reply-source-change": ({ status }) => ({
    level: "info",
    message: status.isUp
      ? `replies come from ${status.source}${status.model === undefined ? "" : `, ${status.model}`}`
      : `no language model answers${status.detail === undefined ? "" : `: ${status.detail}`}`,
    fields: { source: status.source },
  }),
  "voice-session-start": ({ sessionId, character }) => ({
    level: "info",
    message: `a voice session with ${character} began`,
    fields: { session: sessionId },
  }),
  "voice-session-end": ({ sessionId, reason, durationMs }) => ({
    level: "info",
    message: `a voice session ended after ${seconds(durationMs)}: ${reason}`,
    fields: { session: sessionId },
  }),
  "voice-session-fault": ({ sessionId, error }) => ({
    level: error instanceof AppError ? "warn" : "error",
    message: `voice session: ${error.message}`,
    fields: { session: sessionId, error_code: codeOf(error), stack: stackOf(error) },
    source: `session ${sessionId}`,
  }),
  "voice-session-refuse": () => ({
    level: "warn",
    message: "a voice session was refused: there is no room for it",
    source: "refused sessions",
  }),
  "voice-first-audio": ({ sessionId, totalMs, detectorMs, recognizerMs, replyMs, synthesizerMs, ownMs }) => ({
    level: "debug",
    message: `the first sound of an answer took ${seconds(totalMs)}`,
    fields: {
      session: sessionId,
      detector_ms: detectorMs === null ? undefined : milliseconds(detectorMs),
      recognizer_ms: recognizerMs === null ? undefined : milliseconds(recognizerMs),
      reply_ms: milliseconds(replyMs),
      synthesizer_ms: milliseconds(synthesizerMs),
      own_ms: milliseconds(ownMs),
    },
  }),
  "voice-response-end": ({ sessionId, status, firstAudioMs, durationMs }) => ({
    level: "debug",
    message: `a response ended: ${status}`,
    fields: {
      session: sessionId,
      first_audio_ms: firstAudioMs === null ? undefined : milliseconds(firstAudioMs),
      duration_ms: milliseconds(durationMs),
    },
  }),
  "http-request-end": ({ requestId, method, route, status, durationMs, wasAborted }) => ({
    level: status >= 500 ? "warn" : "debug",
    message: `${method} ${route} ${status}${wasAborted ? ", the client left" : ""}`,
    fields: { request: requestId, duration_ms: milliseconds(durationMs) },
    source: "requests",
  }),
  "http-request-fail": ({ requestId, method, route, error }) => ({
    level: "error",
    message: `${method} ${route}: ${messageOf(error)}`,
    fields: { request: requestId, error_code: codeOf(error), stack: stackOf(error) },
  }),
};
