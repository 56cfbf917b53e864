// Chat completions as OpenAI defined them and many servers speak them: OpenAI, vLLM, llama.cpp, LM Studio, Ollama, VseGPT.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelProvider } from "../../../reply/language-model.ts";
import { createSdkLanguageModel } from "../../../reply/sdk-language-model.ts";

export const provider: LanguageModelProvider = {
  kind: "llm",
  id: "openai-compatible",
  title: "OpenAI-compatible server",
  createLanguageModel: (dependencies, options) =>
    createSdkLanguageModel(dependencies, options, {
      id: "openai-compatible",
      createSdkModel({ baseUrl, apiKey }, model, fetch) {
        const createModel = createOpenAICompatible({
          name: "openai-compatible",
          baseURL: baseUrl,
          ...(apiKey === undefined ? {} : { apiKey }),
          // Bun's `fetch` type carries `preconnect`, which nobody calls.
          fetch: fetch as typeof globalThis.fetch,
          includeUsage: true,
          ...(isOpenAi(baseUrl) ? { transformRequestBody: renameTokenLimit } : {}),
        });
        return createModel.chatModel(model);
      },
    }),
};

const isOpenAi = (baseUrl: string): boolean => new URL(baseUrl).hostname === "api.openai.com";

/** OpenAI's own newer models refuse `max_tokens`; other servers know nothing else. */
function renameTokenLimit({ max_tokens, ...body }: Record<string, unknown>): Record<string, unknown> {
  return max_tokens === undefined ? body : { ...body, max_completion_tokens: max_tokens };
}
