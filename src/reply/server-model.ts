// A reply model on one server, whose provider is imported with the first reply: nothing of an SDK loads before it is used.
import { AppError } from "../base/errors.ts";
import type {
  LanguageModelDependencies,
  LanguageModelOptions,
  LanguageModelProvider,
} from "./language-model.ts";
import type { ReplyProviderId, ReplyServer } from "./plan-reply-source.ts";
import type { ReplyModel } from "./port.ts";
import { createToolRunner } from "./tool-runner.ts";

/** How the composition root hands the providers in. */
export type ReplyProviderLoaders = Readonly<Record<ReplyProviderId, () => Promise<LanguageModelProvider>>>;

export interface ServerModelDependencies extends LanguageModelDependencies {
  loaders: ReplyProviderLoaders;
}

export type ServerModelOptions = Pick<
  LanguageModelOptions,
  "temperature" | "maxOutputTokens" | "stallTimeoutMs"
>;

export interface ServerModelHooks {
  /** The model's name as far as it is known; "" before the server's list has been read. */
  getModel: () => string;
  /** Reads the list; rejects when it cannot be had. */
  ensureModel: () => Promise<string>;
  /** A reply failed in a way that tells of the server. */
  onFailure: () => void;
}

export function createServerModel(
  dependencies: ServerModelDependencies,
  server: ReplyServer,
  options: ServerModelOptions,
  hooks: ServerModelHooks,
): ReplyModel {
  return {
    id: server.provider,
    get model() {
      return hooks.getModel();
    },
    async *reply(request) {
      try {
        const model = request.model ?? (hooks.getModel() || (await hooks.ensureModel()));
        const provider = await dependencies.loaders[server.provider]();
        const { title, baseUrl, apiKey, apiKeyName } = server;
        const languageModel = provider.createLanguageModel(dependencies, {
          title,
          baseUrl,
          apiKey,
          apiKeyName,
          model,
          temperature: options.temperature,
          maxOutputTokens: options.maxOutputTokens,
          stallTimeoutMs: options.stallTimeoutMs,
        });
        yield* createToolRunner(dependencies, languageModel).reply(request);
      } catch (error) {
        if (error instanceof AppError && /^E_(NET|PERM|NOT_FOUND)$/.test(error.code)) hooks.onFailure();
        throw error;
      }
    },
  };
}

/** Configured, and it cannot work: says so with every reply. */
export function createRefusingModel(id: string, error: AppError): ReplyModel {
  return {
    id,
    model: "",
    // oxlint-disable-next-line require-yield -- it has nothing to say but the error
    async *reply() {
      throw new AppError(error.code, error.message, error.details);
    },
  };
}
