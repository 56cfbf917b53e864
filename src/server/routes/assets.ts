// What is on disk of models and voices, and bringing or removing it.
import { createRoute, z } from "@hono/zod-openapi";
import type { AssetEvent, AssetResult, AssetStatus, AssetVerification } from "../../assets/port.ts";
import { createBoundedQueue } from "../../base/bounded-queue.ts";
import { AppError } from "../../base/errors.ts";
import { encodeProgress } from "../live-state.ts";
import { createRouter, jsonContent, ownFailure, type AppContext, type Router } from "../router.ts";
import type { Services } from "../services.ts";
import { createSseResponse } from "../streaming.ts";

const tags = ["Assets"];
const nameParam = z.object({
  name: z.string().openapi({ description: "The asset's name in the catalogue" }),
});

const assetSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    asset_type: z.string(),
    source_type: z.string(),
    checksum: z.string().nullable(),
    status: z.enum(["cached", "not cached", "invalid checksum", "partial"]),
    partial_fraction: z.number().optional(),
    path: z.string(),
    size_bytes: z.number().nullable(),
    description: z.string().optional(),
  })
  .openapi("Asset");

const verificationSchema = z.object({
  name: z.string(),
  status: z.enum(["ok", "changed", "missing", "not cached", "no checksum"]),
  expected: z.string().nullable(),
  found: z.string().nullable(),
});

const listRoute = createRoute({
  method: "get",
  path: "/v1/assets",
  tags,
  summary: "The catalogue, and what of it is here",
  responses: {
    200: jsonContent(z.object({ assets: z.array(assetSchema) }), "All assets."),
    ...ownFailure,
  },
});

const downloadRoute = createRoute({
  method: "post",
  path: "/v1/assets/{name}/download",
  tags,
  summary: "Bring an asset here",
  description:
    "Server-sent events: `asset-phase-start`, `asset-progress` and last `asset-download-end` with the result, or " +
    "`error` in the form of any failure. Leaving the stream cancels the download and removes what it had.",
  request: {
    params: nameParam,
    query: z.object({ force: z.enum(["true", "false"]).optional() }),
  },
  responses: {
    200: { description: "Progress.", content: { "text/event-stream": { schema: z.string() } } },
    ...ownFailure,
  },
});

const verifyRoute = createRoute({
  method: "post",
  path: "/v1/assets/{name}/verify",
  tags,
  summary: "Hash what is on disk",
  request: { params: nameParam },
  responses: {
    200: jsonContent(
      z.object({ success: z.boolean(), assets: z.array(verificationSchema) }),
      "`success` is false when anything differs from its checksum or is gone.",
    ),
    ...ownFailure,
  },
});

const removeRoute = createRoute({
  method: "delete",
  path: "/v1/assets/{name}",
  tags,
  summary: "Remove an asset from disk",
  request: { params: nameParam },
  responses: {
    200: jsonContent(
      z.object({ success: z.literal(true), removed: z.array(z.string()), freed_bytes: z.number() }),
      "Gone.",
    ),
    ...ownFailure,
  },
});

export function createAssetRoutes({ assets, events }: Pick<Services, "assets" | "events">): Router {
  const router = createRouter();
  router.openapi(listRoute, async (c) => c.json({ assets: (await assets.list()).map(encodeStatus) }, 200));
  router.openapi(downloadRoute, async (c) => {
    const { name } = c.req.valid("param");
    // Unknown names are refused before any stream begins.
    await assets.status(name);
    const forceDownload = c.req.valid("query").force === "true";
    return createSseResponse(c, runDownload({ assets, events }, c, { name, forceDownload }), {
      wrapFailure: (body) => ({ type: "error", ...(body as object) }),
    });
  });
  router.openapi(verifyRoute, async (c) => {
    const rows = await assets.verify(c.req.valid("param").name);
    const success = rows.every(({ status }) => status !== "changed" && status !== "missing");
    return c.json({ success, assets: rows.map(encodeVerification) }, 200);
  });
  router.openapi(removeRoute, async (c) => {
    const { name } = c.req.valid("param");
    const { freedBytes } = await assets.remove(name);
    return c.json({ success: true as const, removed: [name], freed_bytes: freedBytes }, 200);
  });
  return router;
}

/** Room for what a stalled reader may miss: phases are few, and progress beyond it is dropped. */
const queueLimit = 128;

async function* runDownload(
  { assets, events }: Pick<Services, "assets" | "events">,
  c: AppContext,
  request: { name: string; forceDownload: boolean },
): AsyncIterable<unknown> {
  const { name, forceDownload } = request;
  const cancel = new AbortController();
  const client = c.req.raw.signal;
  const { signal: life } = c.var.life;
  // Only the one who asked can mean "throw it away"; a stopping server keeps the part, to go on with it later.
  const onAbort = (): void =>
    cancel.abort(new AppError("E_INTERRUPTED", `${name}: cancelled`, { discard: client.aborted }));
  life.addEventListener("abort", onAbort, { once: true });
  if (life.aborted) onAbort();
  const queue = createBoundedQueue<unknown>(queueLimit);
  using _events = events.subscribe((event) => {
    const row = encodeDownloadEvent(event as AssetEvent, name);
    if (row) queue.push(row);
  });
  const download = assets.ensure(name, { forceDownload, signal: cancel.signal }).finally(() => queue.close());
  // Awaited below; until then a failure must not count as unhandled.
  download.catch(() => undefined);
  try {
    yield* queue;
    yield { type: "asset-download-end", ...encodeResult(await download) };
  } finally {
    life.removeEventListener("abort", onAbort);
  }
}

function encodeDownloadEvent(event: AssetEvent, name: string): unknown {
  if (!("asset" in event) || event.asset !== name) return undefined;
  switch (event.type) {
    case "asset-progress":
      return { type: event.type, ...encodeProgress(event) };
    case "asset-phase-start":
      return { type: event.type, asset: name, phase: event.phase };
    case "asset-warning":
      return { type: event.type, asset: name, code: event.code, message: event.message };
    default:
      return undefined;
  }
}

const encodeResult = (result: AssetResult) => ({
  asset: result.name,
  path: result.path,
  from_cache: result.fromCache,
  downloaded_bytes: result.downloadedBytes,
  resumed_bytes: result.resumedBytes,
  source_type: result.sourceType,
});

const encodeStatus = (status: AssetStatus) => ({
  name: status.name,
  version: status.version,
  asset_type: status.assetType,
  source_type: status.sourceType,
  checksum: status.checksum,
  status: status.status,
  ...(status.partialFraction !== undefined && { partial_fraction: status.partialFraction }),
  path: status.path,
  size_bytes: status.sizeBytes,
  ...(status.description !== undefined && { description: status.description }),
});

const encodeVerification = ({ name, status, expected, found }: AssetVerification) => ({
  name,
  status,
  expected,
  found,
});
