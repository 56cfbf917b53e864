// An engine without a model: its load and its jobs do what their params say, in a real process.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { AppError } from "../../../src/base/errors.ts";
import { type JobContext, serveEngine } from "../../../src/base/engine-process.ts";

export interface ScriptedLoadParams {
  detail?: string;
  failWith?: { code: "E_VERIFY" | "E_COMPAT"; message: string };
  /** Dies while loading until this file holds so many bytes; each try adds one. */
  crashUntil?: { file: string; bytes: number };
  /** Fails to load while this file exists. */
  failWhile?: string;
  hang?: boolean;
}

export const scriptedEngineEntry = import.meta.path;

const spin = (durationMs: number): void => {
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs);
};
let doneCount = 0;

if (import.meta.main) {
  serveEngine({
    async load(params: ScriptedLoadParams) {
      console.log(`process ${process.pid}`);
      if (params.crashUntil) {
        const { file, bytes } = params.crashUntil;
        if (existsSync(file) && readFileSync(file).length >= bytes) return "survived";
        appendFileSync(file, "x");
        process.kill(process.pid, "SIGKILL");
        await new Promise(() => undefined);
      }
      if (params.failWhile && existsSync(params.failWhile)) throw new AppError("E_VERIFY", "not yet");
      if (params.failWith) throw new AppError(params.failWith.code, params.failWith.message);
      if (params.hang) await new Promise(() => undefined);
      return params.detail;
    },
    jobs: {
      echo: (params: unknown) => params,
      environment: () => Object.keys(process.env).sort(),
      niceness: () => getPriority(),
      print: (line: string) => console.log(line),
      fail: (message: string) => {
        throw new AppError("E_ARGS", message);
      },
      crash: () => process.kill(process.pid, "SIGABRT"),
      hang: () => {
        for (;;);
      },
      /** Pieces of blocking work, like a native run each, with a checkpoint after every one; none after `until` is there. */
      async pieces(
        { count, pieceMs, until }: { count: number; pieceMs: number; until?: string },
        context: JobContext,
      ) {
        doneCount = 0;
        console.log("at work");
        for (let i = 0; i < count && !(until && existsSync(until)); i++) {
          spin(pieceMs);
          doneCount += 1;
          await context.checkpoint();
        }
        return doneCount;
      },
      doneCount: () => doneCount,
      /** Counts aloud; `crashAt` dies instead of saying that number. */
      async count(
        { to, crashAt, pieceMs = 0 }: { to: number; crashAt?: number; pieceMs?: number },
        { emit, checkpoint }: JobContext,
      ) {
        doneCount = 0;
        for (let i = 1; i <= to; i++) {
          spin(pieceMs);
          if (i === crashAt) process.kill(process.pid, "SIGKILL");
          await emit(i);
          doneCount = i;
          await checkpoint();
        }
      },
    },
  });
}
