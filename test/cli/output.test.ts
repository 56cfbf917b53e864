import { expect, test } from "bun:test";
import type { AssetEvent } from "../../src/assets/port.ts";
import { AppError } from "../../src/base/errors.ts";
import type { AnyEvent } from "../../src/base/events.ts";
import { createEventHub } from "../../src/base/events.ts";
import type { SpeechEvent } from "../../src/speech/engine.ts";
import { createOutput, formatBytes, formatQuantity, formatTable } from "../../src/cli/output.ts";
import { createProgressView } from "../../src/cli/progress.ts";

function record(isJson: boolean, isInteractive = false, isQuiet = false) {
  const written = { out: "", error: "" };
  const terminal = {
    writeOut: (data: string | Uint8Array) => void (written.out += String(data)),
    writeError: (text: string) => void (written.error += text),
    isInteractive,
    columns: 100,
  };
  const output = createOutput(terminal, { isJson, isQuiet, isVerbose: false, hasColor: false });
  return { output, written };
}

const progress = (doneBytes: number): AssetEvent => ({
  type: "asset-progress",
  asset: "kokoro",
  phase: "download",
  doneBytes,
  totalBytes: 20 * 2 ** 20,
  bytesPerSecond: 2 ** 20,
});

test("columns line up as a terminal shows them, wide letters too", () => {
  expect(
    formatTable(
      ["A", "B"],
      [
        ["日本", "x"],
        ["abcde", "y"],
      ],
    ),
  ).toBe("A      B\n日本   x\nabcde  y");
});

test("bytes read as people write them", () => {
  expect([0, 512, 1536, 92_361_116, 5 * 2 ** 30].map(formatBytes)).toEqual([
    "0 B",
    "512 B",
    "1.5 KiB",
    "88 MiB",
    "5.0 GiB",
  ]);
});

test("what a character or a model says gives the terminal no orders", () => {
  const { output, written } = record(false);
  const sly = "a\u001b]0;title\u0007b\u001b[2Jc\td\r\n";
  const shown = "a�]0;title�b�[2Jc\td\n";
  output.text(sly);
  output.line(sly);
  output.result({}, sly);
  expect(written.out).toBe(`${shown}${shown}\n${shown}`);
  output.note(sly);
  output.error(new AppError("E_ARGS", "no \u001b[31m"));
  expect(written.error).toBe(`${shown}\ntroupe: no �[31m [E_ARGS]\n`);
});

test("one is not called several", () => {
  expect([0, 1, 2].map((count) => formatQuantity(count, "file"))).toEqual(["0 files", "1 file", "2 files"]);
});

test("off a terminal progress is a line each five MiB", () => {
  const { output, written } = record(false);
  const events = createEventHub<AnyEvent>();
  using _view = createProgressView(output, events);
  for (let mib = 0; mib <= 20; mib++) events.emit(progress(mib * 2 ** 20));
  const lines = written.error.trim().split("\n");
  expect(lines).toHaveLength(4);
  expect(lines[1]).toContain("50 %  10 MiB of 20 MiB  1.0 MiB/s  10 s left");
});

test("on a terminal the bar is drawn over itself", () => {
  const { output, written } = record(false, true);
  const events = createEventHub<AnyEvent>();
  using _view = createProgressView(output, events);
  events.emit(progress(2 ** 20));
  events.emit(progress(2 * 2 ** 20));
  expect(written.error.split("\r\x1b[1A\x1b[J")).toHaveLength(2);
});

test("with --json progress is one object a line, with --quiet nothing", () => {
  for (const [isQuiet, lines] of [
    [false, 1],
    [true, 0],
  ] as const) {
    const { output, written } = record(true, false, isQuiet);
    const events = createEventHub<AnyEvent>();
    using _view = createProgressView(output, events);
    events.emit(progress(1));
    const objects = written.error.split("\n").filter((line) => line !== "");
    expect(objects).toHaveLength(lines);
    for (const line of objects) {
      expect(JSON.parse(line)).toEqual({
        event: "asset-progress",
        asset: "kokoro",
        phase: "download",
        done_bytes: 1,
        total_bytes: 20_971_520,
        bytes_per_second: 1_048_576,
      });
    }
  }
});

const happening = (event: AssetEvent | SpeechEvent): AnyEvent => event;

test("what ends a verb is not told before its end as well; what else failed is", () => {
  const { output, written } = record(false);
  const events = createEventHub<AnyEvent>();
  const failure = new AppError("E_LICENSE", "kokoro: it has a gate");
  {
    using view = createProgressView(output, events);
    events.emit(happening({ type: "asset-source-fail", asset: "kokoro", sourceType: "hf", error: failure }));
    events.emit(happening({ type: "asset-download-fail", asset: "kokoro", error: failure }));
    events.emit(
      happening({ type: "asset-download-fail", asset: "silero", error: new AppError("E_NET", "no answer") }),
    );
    expect(written.error).toBe("");
    view.endWith(failure);
  }
  expect(written.error).toBe("silero: no answer\n");
});

test("a source that failed is told when the next one is tried", () => {
  const { output, written } = record(false);
  const events = createEventHub<AnyEvent>();
  using _view = createProgressView(output, events);
  const error = new AppError("E_NET", "no answer");
  events.emit(happening({ type: "asset-source-fail", asset: "kokoro", sourceType: "hf", error }));
  expect(written.error).toBe("");
  events.emit(happening({ type: "asset-phase-start", asset: "kokoro", phase: "download", isSilent: true }));
  expect(written.error).toBe("kokoro: no answer; trying the next source\n");
});

test("a verb that goes on tells a failure at once, and the name once", () => {
  const { output, written } = record(false);
  const events = createEventHub<AnyEvent>();
  using _view = createProgressView(output, events, { isLasting: true });
  const error = new AppError("E_NET", "kokoro: no answer");
  events.emit(happening({ type: "asset-download-fail", asset: "kokoro", error }));
  events.emit(happening({ type: "engine-load-fail", engine: "moonshine", error: new Error("no memory") }));
  expect(written.error).toBe("kokoro: no answer\nmoonshine: no memory\n");
});
