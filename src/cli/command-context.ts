// What every verb's action is given, and how it is registered.
import { type Command, Option } from "commander";
import type { CliApp, SettingOverrides } from "./app-port.ts";
import type { Output } from "./output.ts";

export interface CommandInput {
  /** Standard input, read at most once. */
  readInput: () => Promise<string>;
  /** Its lines, as they are typed. */
  readLines: () => AsyncIterable<string>;
  /** Somebody sits at it: questions can be asked. */
  isInteractive: boolean;
}

export interface CommandContext {
  readonly app: CliApp;
  readonly output: Output;
  readonly signal: AbortSignal;
  readonly input: CommandInput;
}

export interface VerbOptions {
  /** Settings that this verb's own flags stand for. */
  overrides?: SettingOverrides;
  logs?: boolean;
  /** It goes on when an asset or an engine fails, and tells that at once. */
  isLasting?: boolean;
}

/** Registers a verb's action: opens the app, shows progress, closes everything. */
export type Run = (
  command: Command,
  action: (context: CommandContext) => Promise<void>,
  options?: VerbOptions,
) => Promise<void>;

export const charactersOption = (): Option =>
  new Option("--characters <dir>", "the folder of character files");
