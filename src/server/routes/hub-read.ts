// What the model hub has, and whether it runs on this machine.
import { createRoute, z } from "@hono/zod-openapi";
import { assessModel } from "../../models/compatibility/assess-model.ts";
import { encodeAssessment } from "../../models/compatibility/compatibility-json.ts";
import { describeModel } from "../../models/describe-model.ts";
import { listModelsForOwner } from "../../models/list-models.ts";
import { encodeDescription, encodeSummary } from "../../models/model-json.ts";
import { type AppContext, createRouter, jsonContent, ownFailure, type Router } from "../router.ts";
import type { Services } from "../services.ts";

const tags = ["Hub"];
const gated = z.union([z.literal(false), z.enum(["auto", "manual"])]);

const summaryShape = {
  model_id: z.string(),
  last_modified: z.string().nullable(),
  likes: z.number(),
  downloads: z.number(),
  library_name: z.string().nullable(),
  license: z.string().nullable(),
  gated: gated.openapi({ description: "How access is granted, of a model that has a gate" }),
  tags: z.array(z.string()),
};

const hubModelSchema = z
  .object({
    ...summaryShape,
    page_url: z.string().openapi({ description: "Where people read its card and its licence" }),
    revision: z.string(),
    commit: z.string(),
    files: z.array(z.object({ path: z.string(), size: z.number(), sha256: z.string().optional() })),
    total_size: z.number(),
    file_count: z.number().int(),
    header_file: z.string().optional(),
    parameters: z.number().optional(),
    quantization: z.string().optional(),
    context_length: z.number().optional(),
    architecture: z.string().optional(),
    variants: z.array(
      z.object({
        name: z.string(),
        quantization: z.string().nullable(),
        size: z.number(),
        files: z.array(z.string()),
      }),
    ),
    installed: z.boolean(),
    installation: z
      .object({
        install_path: z.string(),
        revision: z.string().nullable(),
        commit: z.string().nullable(),
        total_size: z.number().nullable(),
      })
      .optional(),
    warnings: z.array(z.string()),
  })
  .openapi("HubModel");

const listRoute = createRoute({
  method: "get",
  path: "/v1/hub/models",
  tags,
  summary: "Models of an owner, or those that a search finds",
  request: {
    query: z.object({
      owner: z.string().optional().openapi({ description: "Needed unless `search` is given" }),
      search: z.string().optional(),
      sort: z.enum(["downloads", "likes", "modified"]).optional(),
      direction: z.enum(["1", "-1"]).optional().openapi({ description: "-1: most or newest first" }),
      limit: z.coerce.number().int().min(1).max(1000).optional().openapi({ description: "Default 50" }),
    }),
  },
  responses: {
    200: jsonContent(z.object({ models: z.array(z.object(summaryShape)) }), "At least one; else 404."),
    ...ownFailure,
  },
});

const revision = z.string().min(1).optional().openapi({ description: "Branch, tag or commit; default main" });
const description =
  "Files with true sizes and digests, and what the weights' headers say of themselves. An id has a slash, as it stands " +
  "or as `%2F`.";
const showPlainRoute = createRoute({
  method: "get",
  path: "/v1/hub/models/{id}",
  tags,
  summary: "One model, by a plain id or an encoded one",
  description,
  request: { params: z.object({ id: z.string() }), query: z.object({ revision }) },
  responses: { 200: jsonContent(hubModelSchema, "The model."), ...ownFailure },
});
const showRoute = createRoute({
  method: "get",
  path: "/v1/hub/models/{owner}/{repo}",
  tags,
  summary: "One model",
  description,
  request: { params: z.object({ owner: z.string(), repo: z.string() }), query: z.object({ revision }) },
  responses: { 200: jsonContent(hubModelSchema, "The model."), ...ownFailure },
});

const patterns = z
  .union([z.string().transform((one) => [one]), z.array(z.string())])
  .optional()
  .openapi({ description: "The hub's patterns; may be repeated" });

const compatibilityRoute = createRoute({
  method: "get",
  path: "/v1/hub/compatibility",
  tags,
  summary: "This machine, and whether a model runs on it",
  request: {
    query: z.object({
      model: z.string().optional().openapi({ description: "Without it, the machine alone" }),
      revision,
      include: patterns,
      exclude: patterns,
    }),
  },
  responses: {
    200: jsonContent(
      z.object({
        system: z.record(z.string(), z.unknown()),
        model_requirements: z
          .object({
            model_id: z.string(),
            format: z.enum(["gguf", "other"]),
            size: z.number(),
            ram: z.number(),
            disk: z.number(),
            vram: z.number().nullable(),
            gpu_recommended: z.boolean(),
          })
          .nullable(),
        compatibility: z.enum(["ok", "warn", "no"]),
        warnings: z.array(z.string()),
        recommendations: z.array(z.string()),
      }),
      "Sizes in bytes.",
    ),
    ...ownFailure,
  },
});

type HubServices = Pick<Services, "hub" | "findInstallation" | "modelsRoot">;

export function createHubReadRoutes({ hub, findInstallation, modelsRoot }: HubServices): Router {
  const router = createRouter();
  const describe = async (c: AppContext, modelId: string, given: { revision?: string | undefined }) => {
    const request = { ...given, signal: c.var.life.signal };
    const described = await describeModel({ hub, findInstallation }, modelId, request);
    return { ...encodeDescription(described), page_url: `${hub.endpoint}/${described.model.modelId}` };
  };

  router.openapi(listRoute, async (c) => {
    const { direction, ...query } = c.req.valid("query");
    const asked = {
      ...query,
      ...(direction !== undefined && ({ direction: direction === "1" ? 1 : -1 } as const)),
    };
    const models = await listModelsForOwner(hub, asked, c.var.life.signal);
    return c.json({ models: models.map(encodeSummary) }, 200);
  });
  router.openapi(showPlainRoute, async (c) =>
    c.json(await describe(c, c.req.valid("param").id, c.req.valid("query")), 200),
  );
  router.openapi(showRoute, async (c) => {
    const { owner, repo } = c.req.valid("param");
    return c.json(await describe(c, `${owner}/${repo}`, c.req.valid("query")), 200);
  });
  router.openapi(compatibilityRoute, async (c) => {
    const { model, ...choice } = c.req.valid("query");
    const request = { ...choice, signal: c.var.life.signal, modelsRoot };
    return c.json(encodeAssessment(await assessModel({ hub }, model ?? null, request)), 200);
  });
  return router;
}
