#!/usr/bin/env bun
// The process: arguments in, exit status out. The only place that ends it.
import { createInterface } from "node:readline";
import packageJson from "../package.json" with { type: "json" };
import { AppError } from "./base/errors.ts";
import { openTerminal } from "./cli/output.ts";
import { runCli } from "./cli/program.ts";
import { dropRuntimeVariables } from "./config/dot-env.ts";
import { openApp } from "./open-app.ts";

dropRuntimeVariables(process.env, process.cwd());
const interrupt = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // Asked twice: the one who asks does not want to wait.
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort(new AppError("E_INTERRUPTED", `stopped by ${name}`));
  });
}

const exitCode = await runCli(process.argv.slice(2), {
  version: packageJson.version,
  openApp: (options) => openApp({ ...options, env: process.env }),
  terminal: openTerminal(),
  readInput: () => Bun.stdin.text(),
  readLines: () => createInterface({ input: process.stdin, signal: interrupt.signal }),
  isInteractive: process.stdin.isTTY,
  hasColor: process.stdout.isTTY && process.env.NO_COLOR === undefined,
  signal: interrupt.signal,
});
process.exit(exitCode);
