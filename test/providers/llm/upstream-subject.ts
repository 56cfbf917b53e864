// The subject of the contract for providers that ask a server: the scripted server of test/support plays the steps.
import type { LanguageModelOptions, LanguageModelProvider } from "../../../src/reply/language-model.ts";
import { createToolRunner } from "../../../src/reply/tool-runner.ts";
import type { ReplyModel } from "../../../src/reply/port.ts";
import { createLlmServer, type LlmServer } from "../../support/llm-server.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import type { ReplySubject } from "../../reply/reply-model-contract.ts";

export interface Upstream extends ReplySubject {
  server: LlmServer;
  /** Deadlines pass when the test says so. */
  clock: ManualClock;
  /** Another model on the same server. */
  with(options: Partial<LanguageModelOptions>): ReplyModel;
}

export async function createUpstream(
  provider: LanguageModelProvider,
  options: { apiKey?: string } = {},
): Promise<Upstream> {
  const server = await createLlmServer(options);
  const clock = createManualClock();
  const create = (more: Partial<LanguageModelOptions> = {}): ReplyModel =>
    createToolRunner(
      { clock },
      provider.createLanguageModel(
        { fetch: (url, init) => fetch(url, init), clock },
        {
          title: "the stage server",
          baseUrl: server.baseUrl,
          model: "stage-1",
          apiKey: options.apiKey,
          apiKeyName: "STAGE_API_KEY",
          ...more,
        },
      ),
    );
  return {
    model: create(),
    server,
    clock,
    with: create,
    play: (steps) =>
      server.answer({
        steps: steps.map((step) =>
          "fail" in step ? { error: { type: "server_error", message: "it broke" } } : step,
        ),
      }),
    dropped: async (index) => await server.requests[index]?.dropped,
    get askedCount() {
      return server.requests.length;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
