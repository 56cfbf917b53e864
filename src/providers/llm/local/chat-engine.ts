// What the engine processes of language models have in common: a model that is loaded once, and replies one at a time.
import { AppError, messageOf } from "../../../base/errors.ts";
import { serveEngine } from "../../../base/engine-process.ts";
import { type ChatTemplate, createChatTemplate } from "./chat-template.ts";
import { type ReplyJob, runReplyJob } from "./reply-job.ts";
import type { TextModel } from "./text-model.ts";

/** Serves replies of the model that `loadModel` brings. What it throws and is no AppError is a damaged model: E_SCHEMA. */
export function serveChatEngine(loadModel: (params: never) => Promise<TextModel>): void {
  const loading = Promise.withResolvers<{ model: TextModel; template: ChatTemplate }>();
  serveEngine({
    async load(params: { name: string }) {
      const model = await loadModel(params as never).catch((error: unknown) => {
        throw asLoadError(error, params.name);
      });
      if (model.template === undefined) {
        throw new AppError(
          "E_SCHEMA",
          `${params.name} has no chat template, so it was not made to talk; take its "instruct" or "chat" sibling`,
        );
      }
      const template = createChatTemplate(model.template, model);
      loading.resolve({ model, template });
      return template.knowsTools ? model.detail : `${model.detail}, without tools`;
    },
    jobs: {
      async reply(job: ReplyJob, context) {
        const { model, template } = await loading.promise;
        await runReplyJob(model, template, job, context);
      },
    },
  });
}

function asLoadError(error: unknown, name: string): AppError {
  if (error instanceof AppError) return error;
  const said = messageOf(error).replace(/\s+/g, " ").slice(0, 300);
  if (/insufficient|not enough|too large|out of memory/i.test(said)) {
    return new AppError(
      "E_COMPAT",
      `${name} does not fit into this machine's memory (${said}); take a smaller one`,
    );
  }
  return new AppError(
    "E_SCHEMA",
    `${name} cannot be read as a language model (${said}); \`troupe models verify\` tells if it is damaged, else take another`,
  );
}
