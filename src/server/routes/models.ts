// OpenAI's list of models: every character is one, and so are the engines that speak and hear.
import { createRoute, z } from "@hono/zod-openapi";
import { HttpError } from "../http-error.ts";
import { createRouter, jsonContent, openAiFailure, type Router } from "../router.ts";
import type { Services } from "../services.ts";

const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal("model"),
    /** Seconds since 1970; of the server's start. */
    created: z.number().int(),
    owned_by: z.string().openapi({ description: "`troupe` for a character, `troupe-speech` for an engine" }),
  })
  .openapi("Model");

const listRoute = createRoute({
  method: "get",
  path: "/v1/models",
  tags: ["Models"],
  summary: "Characters and engines, as models",
  responses: {
    200: jsonContent(z.object({ object: z.literal("list"), data: z.array(modelSchema) }), "The list."),
    ...openAiFailure,
  },
});

const showRoute = createRoute({
  method: "get",
  path: "/v1/models/{id}",
  tags: ["Models"],
  summary: "One model",
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: jsonContent(modelSchema, "The model."), ...openAiFailure },
});

type ModelServices = Pick<Services, "stage" | "speech" | "startedAt">;

export function createModelRoutes({ stage, speech, startedAt }: ModelServices): Router {
  const created = Math.floor(startedAt.getTime() / 1000);
  const describe = (id: string, owned_by: string) => ({ id, object: "model" as const, created, owned_by });
  const list = () => {
    const { tts, asr } = speech.status();
    const engines = [...new Set([tts.provider, asr.provider])];
    return [
      ...stage.book.characters.map(({ name }) => describe(name, "troupe")),
      ...engines.filter((id) => !stage.book.find(id)).map((id) => describe(id, "troupe-speech")),
    ];
  };

  const router = createRouter();
  router.openapi(listRoute, (c) => c.json({ object: "list" as const, data: list() }, 200));
  router.openapi(showRoute, (c) => {
    const { id } = c.req.valid("param");
    const name = stage.book.find(id)?.name ?? id;
    const model = list().find((entry) => entry.id === name);
    if (!model) throw noSuchModel(id);
    return c.json(model, 200);
  });
  return router;
}

/** In the words that OpenAI's clients look for. */
export function noSuchModel(model: string): HttpError {
  return new HttpError(
    "E_NOT_FOUND",
    `the model \`${model}\` does not exist; a model is a character's name, and GET /v1/models lists them`,
    { param: "model", openAiCode: "model_not_found", details: { model } },
  );
}
