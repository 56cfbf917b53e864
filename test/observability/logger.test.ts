import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { createEventHub, type AnyEvent } from "../../src/base/events.ts";
import { createLogger, type LoggerOptions } from "../../src/observability/logger.ts";
import type { SystemEvent } from "../../src/observability/system-event.ts";
import { createManualClock } from "../support/manual-clock.ts";

function createLogged(options: Partial<LoggerOptions> = {}) {
  const hub = createEventHub<AnyEvent>((error) => {
    throw error;
  });
  const clock = createManualClock();
  const lines: string[] = [];
  const logger = createLogger(hub, {
    level: "debug",
    format: "json",
    clock,
    write: (text) => lines.push(text),
    ...options,
  });
  return { emit: (event: SystemEvent) => hub.emit(event), lines, clock, logger };
}

const ready: SystemEvent = { type: "engine-load-end", engine: "kokoro", durationMs: 1234, detail: "int8" };
const output = (line: string, file = "loud.ts"): SystemEvent => ({ type: "character-output", file, line });

describe("lines", () => {
  test("are JSON objects for programs", () => {
    const { emit, lines } = createLogged();
    emit(ready);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith("\n")).toBe(true);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      time: "2026-01-05T10:00:00.000Z",
      level: "info",
      event: "engine-load-end",
      message: "kokoro is ready after 1.23 s (int8)",
      engine: "kokoro",
    });
  });

  test("are words for people, coloured only where asked", () => {
    const { emit, lines } = createLogged({ format: "human" });
    emit(ready);
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info  kokoro is ready after 1\.23 s \(int8\) engine=kokoro\n$/);
    const coloured = createLogged({ format: "human", hasColor: true });
    coloured.emit(ready);
    expect(coloured.lines[0]).toContain("\x1b[32minfo");
  });

  test("stay one line whatever an event carries", () => {
    for (const format of ["human", "json"] as const) {
      const { emit, lines } = createLogged({ format });
      emit(output("first\nsecond\r\nthird"));
      const request = { requestId: "1", method: "GET", route: "/x" };
      emit({ type: "http-request-fail", ...request, error: new TypeError("multi\nline") });
      for (const line of lines) expect(line.trimEnd()).not.toContain("\n");
    }
  });

  test("tell that the characters folder cannot be watched, and what went past every character's own output", () => {
    const { emit, lines } = createLogged();
    emit({ type: "characters-watch-error", message: "no watchers are left" });
    emit(output("a stray line", ""));
    const [watch, stray] = lines.map((line) => JSON.parse(line) as Record<string, string>);
    expect(watch?.["level"]).toBe("warn");
    expect(watch?.["message"]).toBe(
      "changes in the characters folder may go unseen until they are reloaded (POST /v1/characters/reload): no watchers are left",
    );
    expect(stray?.["message"]).toBe("the host of characters: a stray line");
  });

  test("of a bug have its stack, of an expected failure only its code", () => {
    const { emit, lines } = createLogged();
    const request = { requestId: "abc", method: "GET", route: "/v1/assets" };
    emit({ type: "http-request-fail", ...request, error: new TypeError("x is not a function") });
    emit({ type: "engine-load-fail", engine: "kokoro", error: new AppError("E_VERIFY", "wrong checksum") });
    emit({ type: "background-failure", error: "no error at all" });
    const [bug, expected] = lines.map((line) => JSON.parse(line) as Record<string, string>);
    expect(bug).toMatchObject({ level: "error", request: "abc", error_code: "E_INTERNAL" });
    expect(bug?.["stack"]).toContain("logger.test.ts");
    expect(expected).toMatchObject({ level: "error", error_code: "E_VERIFY" });
    expect(expected?.["stack"]).toBeUndefined();
  });
});

describe("what is said", () => {
  test("less than the level asks for is not", () => {
    const levels = ["silent", "error", "warn", "info", "debug"] as const;
    const counts = levels.map((level) => {
      const { emit, lines } = createLogged({ level });
      emit({ type: "engine-load-fail", engine: "k", error: new AppError("E_NET", "x") });
      emit({ type: "engine-exit", engine: "k", reason: "SIGKILL", wasBusy: false });
      emit(ready);
      emit({ type: "engine-unload", engine: "k" });
      return lines.length;
    });
    expect(counts).toEqual([0, 1, 2, 3, 4]);
  });

  test("what somebody else shows already is not, nor anything after the end", () => {
    const { emit, lines, logger } = createLogged({ except: ["engine-load-end"] });
    emit(ready);
    logger[Symbol.dispose]();
    emit({ type: "engine-unload", engine: "k" });
    expect(lines).toEqual([]);
  });

  test("events that nobody has words for are passed over", () => {
    const { emit, lines } = createLogged();
    for (const type of ["toString", "constructor", "nobody-knows"]) emit({ type } as never);
    expect(lines).toEqual([]);
  });
});

describe("secrets", () => {
  test("configured ones and what looks like one are never written, in any field", () => {
    for (const format of ["human", "json"] as const) {
      const { emit, lines } = createLogged({ format, secrets: ["open-sesame-42"] });
      emit(output("my key is open-sesame-42"));
      emit(output("sk-abcdef123456 and hf_ABCDEFGH12345678 and Bearer abcdef123456"));
      const error = new AppError("E_PERM", "refused open-sesame-42");
      emit({ type: "asset-download-fail", asset: "kokoro", error });
      const request = { requestId: "1", method: "GET", route: "/x" };
      emit({ type: "http-request-fail", ...request, error: new TypeError("open-sesame-42") });
      const text = lines.join("");
      expect(lines).toHaveLength(4);
      for (const secret of ["open-sesame-42", "sk-abcdef123456", "hf_ABCDEFGH12345678", "abcdef123456"]) {
        expect(text).not.toContain(secret);
      }
    }
  });
});

describe("a flood", () => {
  test("of one source is cut, the others are heard, and what was dropped is told", () => {
    const { emit, lines, clock } = createLogged();
    for (let i = 0; i < 100_000; i++) emit(output(`line ${i}`));
    expect(lines).toHaveLength(50);
    emit(output("quiet", "calm.ts"));
    expect(lines).toHaveLength(51);
    clock.advance(1000);
    emit(output("again"));
    const [notice, line] = lines.slice(51).map((text) => JSON.parse(text) as Record<string, string>);
    expect(notice?.["message"]).toBe("99950 more lines of character loud.ts were dropped");
    expect(line?.["message"]).toBe("loud.ts: again");
  });
});
