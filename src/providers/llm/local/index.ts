// Language models that run on this machine: GGUF files through node-llama-cpp, ONNX exports through transformers, each in
// an engine process of its own.
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../../../base/errors.ts";
import type { LocalModelContext, LocalModelProvider } from "../../../reply/local-model.ts";
import { findModel, type InstalledModel } from "./find-model.ts";
import type { GgufLoadParams } from "./gguf-model.ts";
import { findLlamaCpp, installCommand } from "./llama-cpp.ts";
import { createLocalLanguageModel } from "./local-language-model.ts";
import type { OnnxLoadParams } from "./onnx-model.ts";

const settingsSchema = z.object({
  /** In place of `reply.context_tokens`: tokens of conversation and answer; memory grows with it. */
  context_tokens: z.number().int().min(256).max(1_048_576).optional(),
  /** 0 takes those of `speech.threads`. */
  threads: z.number().int().min(0).max(256).default(0),
  /** `auto` uses a GPU that node-llama-cpp has a binary for. */
  gpu: z.enum(["auto", "off"]).default("auto"),
  /** Replies that may wait for their turn; one more is refused. */
  queue_limit: z.number().int().min(1).max(1000).default(16),
  /** A process that reads and writes nothing for so long is replaced. */
  silence_seconds: z.number().min(2).max(3600).default(120),
  /** Unload the model after so long without a reply; 0 never does. */
  idle_unload_minutes: z.number().min(0).max(10_000).default(0),
  /** The folder in whose `node_modules` node-llama-cpp lies; default: this program's, else the working folder. */
  library_folder: z.string().min(1).optional(),
});
type LocalSettings = z.infer<typeof settingsSchema>;

export const provider: LocalModelProvider = {
  kind: "llm",
  id: "local",
  title: "A language model on this machine",
  async find(context, model) {
    const settings = parseSettings(context.settings);
    const found = await findModel(context.modelsRoot, model);
    if (found.format === "gguf") requireLlamaCpp(settings, found.name);
    return found.name;
  },
  async open(context, { model, temperature, maxOutputTokens }) {
    const settings = parseSettings(context.settings);
    const found = await findModel(context.modelsRoot, model);
    const engineOptions = describeEngine(found, settings, context);
    const hold = found.id === undefined ? undefined : await context.holdModel(found.id);
    const engine = context.createEngine({
      title: "the language model's engine",
      id: "local",
      ...engineOptions,
      loadTimeoutMs: 10 * 60_000,
      queueLimit: settings.queue_limit,
      idleUnloadMs: settings.idle_unload_minutes > 0 ? settings.idle_unload_minutes * 60_000 : undefined,
      cure: "try again in a moment; a smaller model is quicker, and providers.llm.local.silence_seconds says how long it may take",
    });
    const silenceTimeoutMs = settings.silence_seconds * 1000;
    const writing = { name: found.name, temperature, maxOutputTokens, silenceTimeoutMs };
    return createLocalLanguageModel({ engine, hold }, writing);
  },
};

function describeEngine(
  found: InstalledModel,
  settings: LocalSettings,
  context: LocalModelContext,
): { entry: string; loadParams: unknown } {
  const { name } = found;
  const threads = settings.threads || context.threads;
  const contextTokens = settings.context_tokens ?? context.contextTokens;
  if (found.format === "onnx") {
    const loadParams: OnnxLoadParams = { name, folder: found.folder, threads, contextTokens };
    return { entry: join(import.meta.dir, "onnx-engine.ts"), loadParams };
  }
  const loadParams: GgufLoadParams = {
    name,
    file: found.file,
    modulePath: requireLlamaCpp(settings, name),
    gpu: settings.gpu === "off" ? false : "auto",
    threads,
    contextTokens,
  };
  return { entry: join(import.meta.dir, "gguf-engine.ts"), loadParams };
}

function requireLlamaCpp(settings: LocalSettings, name: string): string {
  const modulePath = findLlamaCpp(settings.library_folder);
  if (modulePath !== undefined) return modulePath;
  throw new AppError(
    "E_NOT_FOUND",
    `${name} is a GGUF, for which node-llama-cpp is needed: ${installCommand}; an ONNX model needs nothing more`,
    { package: "node-llama-cpp" },
  );
}

/** Throws E_SCHEMA with every field that is wrong, E_ARGS when it is switched off. */
function parseSettings(settings: unknown): LocalSettings {
  const { enabled, ...rest } = { ...(settings as Record<string, unknown> | undefined) };
  if (enabled === false) {
    throw new AppError(
      "E_ARGS",
      "models that run here are switched off: providers.llm.local.enabled is false",
    );
  }
  const result = settingsSchema.safeParse(rest);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
  throw new AppError("E_SCHEMA", `[providers.llm.local] is wrong: ${issues}`);
}
