// What the command line stands on, for programs too: `import { openApp } from "troupe/app"`.
import packageJson from "../package.json" with { type: "json" };
import { createApp } from "./app.ts";
import type { CliApp, OpenAppOptions } from "./cli/app-port.ts";
import { type Environment, loadSettings } from "./config/load-settings.ts";

export { AppError, type ErrorCode } from "./base/errors.ts";
export type { CliApp as App } from "./cli/app-port.ts";

export interface OpenAppRequest extends Partial<OpenAppOptions> {
  /** Such as `process.env`: what it says counts before the project file. */
  env: Environment;
  /** Where the project file is looked for, upward; default the current folder. */
  cwd?: string | undefined;
}

/** Opens nothing that costs: assets come, engines load and characters run when they are asked for. E_SCHEMA, E_NOT_FOUND. */
export const openApp = (request: OpenAppRequest): Promise<CliApp> => {
  const { env, cwd = process.cwd(), configFile, overrides = {}, logs = "none" } = request;
  return createApp(loadSettings({ env, cwd, configFile, overrides }), { version: packageJson.version, logs });
};
