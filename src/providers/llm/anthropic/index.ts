// Anthropic's Messages API.
import { createAnthropic } from "@ai-sdk/anthropic";
import type { LanguageModelProvider } from "../../../reply/language-model.ts";
import { createSdkLanguageModel } from "../../../reply/sdk-language-model.ts";
import { adaptMessages } from "./adapt-messages.ts";

export const provider: LanguageModelProvider = {
  kind: "llm",
  id: "anthropic",
  title: "Anthropic",
  createLanguageModel: (dependencies, options) =>
    createSdkLanguageModel(dependencies, options, {
      id: "anthropic",
      adaptMessages,
      createSdkModel({ baseUrl, apiKey }, model, fetch) {
        const createModel = createAnthropic({
          // Both always given: left out, the SDK would read them from the environment.
          baseURL: baseUrl,
          apiKey: apiKey ?? "",
          fetch: fetch as typeof globalThis.fetch,
        });
        return createModel(model);
      },
    }),
};
