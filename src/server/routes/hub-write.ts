// What is here of the hub's models, and changing it. An id has a slash, encoded (`%2F`) or as it stands.
//   GET    /v1/hub/registry                      what is installed
//   POST   /v1/hub/models/{id}/download          progress as it comes; leaving the stream cancels. background: 202
//   DELETE /v1/hub/models/{id}/download          cancels for everybody, and removes the part
//   GET|POST /v1/hub/models/{id}/license, PUT|DELETE …/pin, POST …/verify, DELETE /v1/hub/models/{id}, POST /v1/hub/gc
import { createRoute, type RouteConfig, z } from "@hono/zod-openapi";
import { AppError } from "../../base/errors.ts";
import {
  encodeCollected,
  encodeDownload,
  encodeLicense,
  encodePin,
  encodeVerification,
} from "../../models/library-json.ts";
import type { InstalledModel } from "../../models/model-library.ts";
import { formatModelId, parseOwnerRepo } from "../../models/model-id.ts";
import { createRouter, jsonContent, ownFailure, type Router } from "../router.ts";
import { createSseResponse } from "../streaming.ts";
import { createHubDownloads, downloadBody, type HubServices } from "./hub-download.ts";

const tags = ["Hub"];

const recordSchema = z
  .object({
    model_id: z.string(),
    kind: z.string(),
    library: z.string().nullable(),
    revision: z.string().nullable(),
    commit: z.string().nullable(),
    installed_at: z.string().nullable(),
    last_accessed: z.string().nullable(),
    install_path: z.string(),
    total_size: z.number().nullable(),
    file_count: z.number().int(),
    pinned: z.boolean(),
    in_use: z.boolean().openapi({ description: "By this server, or by another program on this machine" }),
    license_accepted: z.record(z.string(), z.unknown()).nullable(),
  })
  .openapi("InstalledModel");

const anything = z.record(z.string(), z.unknown());
const idParam = z.object({ id: z.string().openapi({ description: "owner/repo, its slash as %2F" }) });
const json = <S extends z.ZodType>(schema: S) => ({ content: { "application/json": { schema } } });

interface RouteWords {
  method: "get" | "post" | "put" | "delete";
  /** Below `/v1/hub/models/{id}`. */
  rest: string;
  summary: string;
  description?: string;
}

/** The same route for an id that is one segment. */
const defineRoute = <B extends z.ZodType>({ method, rest, summary, description = "" }: RouteWords, body: B) =>
  createRoute({
    method,
    path: `/v1/hub/models/{id}${rest}`,
    tags,
    summary,
    description,
    request: { params: idParam, body: json(body) },
    responses: { 200: jsonContent(anything, "Done."), ...ownFailure },
  });

const noBody = z.object({}).optional();
const acceptBody = z.object({ user_id: z.string().min(1), license_type: z.string().min(1) });
const verifyBody = z.object({ fail_on_extra_files: z.boolean().optional() }).optional();
const gcBody = z
  .object({
    dry_run: z.boolean().optional(),
    target_gb: z.number().nonnegative().optional().openapi({ description: "Until so much is freed" }),
    quota_gb: z
      .number()
      .nonnegative()
      .optional()
      .openapi({ description: "Until no more than so much is left" }),
  })
  .optional();

const registryRoute = createRoute({
  method: "get",
  path: "/v1/hub/registry",
  tags,
  summary: "What is installed",
  responses: { 200: jsonContent(z.object({ models: z.array(recordSchema) }), "By name."), ...ownFailure },
});
const downloadRoute = createRoute({
  method: "post",
  path: "/v1/hub/models/{id}/download",
  tags,
  summary: "Bring a model here",
  description:
    "Server-sent events: `asset-phase-start`, `asset-phase-end`, `asset-progress` and last `hub-download-end` with the " +
    "result, or `error`. What can be refused beforehand (licence, room, names) is, with its own status.",
  request: { params: idParam, body: json(downloadBody.optional()) },
  responses: {
    200: {
      description: "Progress; with dry_run the plan.",
      content: { "text/event-stream": { schema: z.string() } },
    },
    202: jsonContent(anything, "It has begun."),
    ...ownFailure,
  },
});
const cancelRoute = defineRoute(
  { method: "delete", rest: "/download", summary: "Cancel a download" },
  noBody,
);
const showLicenseRoute = createRoute({
  method: "get",
  path: "/v1/hub/models/{id}/license",
  tags,
  summary: "What a model's licence asks, and who has accepted it",
  request: { params: idParam },
  responses: { 200: jsonContent(anything, "The licence."), ...ownFailure },
});
const acceptRoute = defineRoute(
  { method: "post", rest: "/license", summary: "Accept a licence" },
  acceptBody,
);
const pinRoute = defineRoute({ method: "put", rest: "/pin", summary: "Keep a model" }, noBody);
const unpinRoute = defineRoute({ method: "delete", rest: "/pin", summary: "Let a model go again" }, noBody);
const verifyRoute = defineRoute({ method: "post", rest: "/verify", summary: "Hash a model" }, verifyBody);
const removeRoute = defineRoute({ method: "delete", rest: "", summary: "Take a model off the disk" }, noBody);
const gcRoute = createRoute({
  method: "post",
  path: "/v1/hub/gc",
  tags,
  summary: "Free room, least recently used first",
  request: { body: json(gcBody) },
  responses: { 200: jsonContent(anything, "What went, or would go."), ...ownFailure },
});

/** To be registered before the routes that show a model: theirs take any two segments. */
export function createHubWriteRoutes({ library, events }: HubServices): Router {
  const router = createRouter();
  const downloads = createHubDownloads({ library, events });
  /** Those of the hub in their one form; others (of providers, of the project file) as they are called. */
  const nameOf = async (id: string): Promise<string> =>
    (await library.records()).has(id) ? id : formatModelId(parseOwnerRepo(id));

  /** Also for an id whose slash stands as it is; the description has the encoded form alone. */
  const serve: typeof router.openapi = (route, handler) => {
    router.openapi(slashed(route), handler);
    return router.openapi(route, handler);
  };

  router.openapi(registryRoute, async (c) => {
    return c.json({ models: (await library.list()).map(encodeInstalled) }, 200);
  });
  serve(downloadRoute, async (c) => {
    const modelId = formatModelId(parseOwnerRepo(c.req.valid("param").id));
    const body = c.req.valid("json") ?? {};
    // Refusals come with their own status, before any stream begins.
    const plan = await downloads.rehearse(modelId, body, c.var.life.signal);
    if (body.dry_run === true) return c.json(encodeDownload(plan), 200);
    if (body.background === true) {
      downloads.begin(modelId, body);
      return c.json({ model_id: modelId, total_size: plan.totalBytes, missing_size: plan.missingBytes }, 202);
    }
    return createSseResponse(c, downloads.stream(c, modelId, body), {
      wrapFailure: (failure) => ({ type: "error", ...(failure as object) }),
    });
  });
  serve(cancelRoute, async (c) => {
    const modelId = await nameOf(c.req.valid("param").id);
    const success = await downloads.cancel(modelId);
    if (success) return c.json({ success, model_id: modelId }, 200);
    throw new AppError("E_NOT_FOUND", `${modelId} is not being downloaded by this server`, {
      model_id: modelId,
    });
  });
  serve(showLicenseRoute, async (c) => {
    const { id: modelId } = c.req.valid("param");
    return c.json(encodeLicense(await library.showLicense({ modelId, signal: c.var.life.signal })), 200);
  });
  serve(acceptRoute, async (c) => {
    const { user_id: userId, license_type: licenseType } = c.req.valid("json");
    const { id: modelId } = c.req.valid("param");
    return c.json(await library.acceptLicense({ modelId, userId, licenseType }), 200);
  });
  serve(pinRoute, async (c) =>
    c.json(encodePin(await library.pin(await nameOf(c.req.valid("param").id), true)), 200),
  );
  serve(unpinRoute, async (c) =>
    c.json(encodePin(await library.pin(await nameOf(c.req.valid("param").id), false)), 200),
  );
  serve(verifyRoute, async (c) => {
    const modelId = await nameOf(c.req.valid("param").id);
    const failOnExtraFiles = c.req.valid("json")?.fail_on_extra_files;
    const [found] = await library.verify({ modelId, failOnExtraFiles, signal: c.var.life.signal });
    return c.json(found ? encodeVerification(found) : {}, 200);
  });
  serve(removeRoute, async (c) => {
    const modelId = await nameOf(c.req.valid("param").id);
    const { freedBytes, path, isLeftOnDisk } = await library.remove(modelId);
    return c.json({ model_id: modelId, freed_bytes: freedBytes, left_at: isLeftOnDisk ? path : null }, 200);
  });
  router.openapi(gcRoute, async (c) => {
    const { dry_run: dryRun, target_gb: target, quota_gb: quota } = c.req.valid("json") ?? {};
    const goal = { targetBytes: toBytes(target), quotaBytes: toBytes(quota) };
    return c.json(encodeCollected(await library.collect({ ...goal, dryRun })), 200);
  });
  return router;
}

const slashedParam = z
  .object({ owner: z.string(), repo: z.string() })
  .transform(({ owner, repo }) => ({ id: `${owner}/${repo}` }));

function slashed<R extends RouteConfig>(route: R): R {
  const path = route.path.replace("{id}", "{owner}/{repo}");
  const request = { ...route.request, params: slashedParam };
  // The handler sees the same `id`.
  const hidden: RouteConfig = createRoute({ ...route, path, request, hide: true });
  return hidden as R;
}

const toBytes = (gib: number | undefined): number | undefined =>
  gib === undefined ? undefined : gib * 2 ** 30;

function encodeInstalled({ modelId, record, path, isInUse }: InstalledModel) {
  return {
    model_id: modelId,
    kind: record.kind ?? "hub",
    library: record.library ?? null,
    revision: record.revision ?? null,
    commit: record.commit ?? null,
    installed_at: record.installed_at ?? null,
    last_accessed: record.last_accessed ?? null,
    install_path: path ?? record.install_path ?? "",
    total_size: record.total_size ?? null,
    file_count: record.files?.length ?? 0,
    pinned: record.pinned ?? false,
    in_use: isInUse,
    license_accepted: record.license_accepted ?? null,
  };
}
