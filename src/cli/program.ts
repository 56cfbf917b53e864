// The command line: global flags on either side of the verb, one app per invocation, one exit status.
import { Command, CommanderError, Option } from "commander";
import { AppError, encodeError, errorTable } from "../base/errors.ts";
import type { OpenApp } from "./app-port.ts";
import type { CommandInput, Run } from "./command-context.ts";
import { registerAssets } from "./commands/assets.ts";
import { registerCharacters } from "./commands/characters.ts";
import { registerChat } from "./commands/chat.ts";
import { registerCompletion } from "./commands/completion.ts";
import { registerConfig } from "./commands/config.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerModels } from "./commands/models.ts";
import { registerProviders } from "./commands/providers.ts";
import { registerSay } from "./commands/say.ts";
import { registerServe } from "./commands/serve.ts";
import { registerTranscribe } from "./commands/transcribe.ts";
import { createOutput, type Output, type Terminal } from "./output.ts";
import { createProgressView } from "./progress.ts";

export interface CliDependencies extends CommandInput {
  version: string;
  openApp: OpenApp;
  terminal: Terminal;
  hasColor: boolean;
  /** Aborts with E_INTERRUPTED on Ctrl-C and SIGTERM. */
  signal: AbortSignal;
}

interface GlobalFlags {
  config?: string;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  offline?: boolean;
  mirror?: string;
  color?: boolean;
  characters?: string;
}

const globalOptions: readonly (readonly [string, string])[] = [
  ["--config <file>", "project file (else found upward from here)"],
  ["--json", "one JSON envelope on stdout, events on stderr"],
  ["-q, --quiet", "no progress and no notes"],
  ["-v, --verbose", "more of what happens"],
  ["--offline", "open no socket to fetch anything"],
  ["--mirror <url>", "a mirror of the model hub"],
  ["-y, --yes", "answer yes to every question"],
  ["--no-color", "plain text (also NO_COLOR)"],
];

function addGlobalOptions(command: Command): void {
  for (const [flags, description] of globalOptions) {
    command.addOption(new Option(flags, description).helpGroup("Global options:"));
  }
  for (const child of command.commands) addGlobalOptions(child);
}

/** Runs one command line and gives its exit status; never throws. */
export async function runCli(argv: readonly string[], dependencies: CliDependencies): Promise<number> {
  const { terminal } = dependencies;
  const isJson = argv.includes("--json");
  const plainOutput = (): Output =>
    createOutput(terminal, { isJson, isQuiet: false, isVerbose: false, hasColor: false });

  const openOutput = (command: Command): Output => {
    const flags = command.optsWithGlobals<GlobalFlags>();
    return createOutput(terminal, {
      isJson: flags.json === true,
      isQuiet: flags.quiet === true,
      isVerbose: flags.verbose === true,
      hasColor: dependencies.hasColor && flags.color !== false,
    });
  };
  const run: Run = async (command, action, options = {}) => {
    const flags = command.optsWithGlobals<GlobalFlags>();
    const output = openOutput(command);
    await using app = await dependencies.openApp({
      configFile: flags.config,
      overrides: {
        ...(flags.offline === true && { "settings.assets.offline": true }),
        ...(flags.mirror !== undefined && { "settings.assets.mirror": flags.mirror }),
        ...(flags.characters !== undefined && { "characters.dir": flags.characters }),
        ...(flags.verbose === true && { "log.level": "debug" }),
        ...options.overrides,
      },
      logs: options.logs !== true || flags.quiet === true ? "none" : flags.json === true ? "json" : "human",
    });
    const { isLasting = false } = options;
    using progress = createProgressView(output, app.events, { isLasting });
    for (const warning of app.warnings) app.events.emit(warning);
    try {
      await action({ app, output, signal: dependencies.signal, input: dependencies });
    } catch (error) {
      progress.endWith(error);
      throw error;
    }
  };

  const program = new Command("troupe")
    .description("Voice characters on your own machine.")
    .version(dependencies.version)
    .showSuggestionAfterError()
    .showHelpAfterError("(troupe --help shows every verb)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.writeOut(text),
      writeErr: (text) => {
        if (!isJson) terminal.writeError(text);
      },
    });
  for (const register of [
    registerServe,
    registerChat,
    registerSay,
    registerTranscribe,
    registerCharacters,
    registerAssets,
    registerModels,
    registerProviders,
    registerDoctor,
    registerConfig,
  ]) {
    register(program, run);
  }
  registerCompletion(program, openOutput);
  addGlobalOptions(program);
  program.addHelpText("after", '\nExample:\n  troupe say "Hello there" --voice bf_emma --output hello.wav');

  try {
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // Help in answer to no verb at all is one more way of being wrong.
      const isHelp = error.code === "commander.help";
      const message = isHelp
        ? "name a verb; troupe --help shows them"
        : error.message.replace(/^error: /, "");
      if (isJson) plainOutput().error(new AppError("E_ARGS", message));
      return errorTable.E_ARGS.exitCode;
    }
    const failure = dependencies.signal.aborted ? dependencies.signal.reason : error;
    plainOutput().error(failure);
    return errorTable[encodeError(failure).error_code].exitCode;
  }
}
