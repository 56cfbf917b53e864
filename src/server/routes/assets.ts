// What is on disk of models and voices, and bringing, checking, cancelling or removing it:
//   GET    /v1/assets                   every asset; `activity` is what is being done to one right now (rate, time left)
//   POST   /v1/assets/{name}/download   progress as it comes; leaving the stream cancels. With background=true: 202 at
//                                       once, the progress is in GET /v1/events, and nobody has to stay. Also a retry.
//   DELETE /v1/assets/{name}/download   cancels for everybody, whoever began it, and removes the part
//   POST   /v1/assets/{name}/verify     hashes what is on disk, file by file
//   DELETE /v1/assets/{name}            off the disk; what is on its way there is cancelled first. With force=true also
//                                       what somebody works with.
import { createRoute, z } from "@hono/zod-openapi";
import type { AssetStatus, AssetVerification } from "../../assets/port.ts";
import type { AssetActivity, LiveState } from "../live-state.ts";
import { createRouter, jsonContent, ownFailure, type Router } from "../router.ts";
import type { Services } from "../services.ts";
import { createSseResponse } from "../streaming.ts";
import { runDownload } from "./asset-download.ts";

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
    activity: z
      .object({
        phase: z.string(),
        done_bytes: z.number(),
        total_bytes: z.number().nullable(),
        bytes_per_second: z.number().openapi({ description: "Of the last three seconds" }),
        seconds_left: z.number().nullable().openapi({ description: "Null while nobody can tell" }),
      })
      .optional()
      .openapi({ description: "While it is being brought here, by whomever" }),
  })
  .openapi("Asset");

const verificationSchema = z.object({
  name: z.string(),
  status: z.enum(["ok", "changed", "missing", "not cached", "no checksum"]),
  expected: z.string().nullable(),
  found: z.string().nullable(),
  bad_files: z
    .array(z.object({ path: z.string(), expected: z.string(), found: z.string().nullable() }))
    .optional()
    .openapi({ description: "Those that are not as they should be; `found` is null for one that is gone" }),
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
    "Server-sent events: `asset-phase-start`, `asset-progress` (`done_bytes`, `total_bytes`, `bytes_per_second`), " +
    "`asset-phase-end` (`duration_ms`, `outcome`), `asset-source-fail`, `asset-warning`, and last " +
    "`asset-download-end` with the result, or `error` in the form of any failure. Leaving the stream cancels the " +
    "download and removes what it had, unless something else waits for the same asset. With `background=true` the " +
    "answer is 202 at once, nobody has to stay, and progress and outcome are in `GET /v1/events`.",
  request: {
    params: nameParam,
    query: z.object({
      force: z.enum(["true", "false"]).optional().openapi({ description: "Also when it is here already" }),
      background: z.enum(["true", "false"]).optional(),
    }),
  },
  responses: {
    202: jsonContent(z.object({ success: z.literal(true), asset: z.string() }), "On its way."),
    200: { description: "Progress.", content: { "text/event-stream": { schema: z.string() } } },
    ...ownFailure,
  },
});

const cancelRoute = createRoute({
  method: "delete",
  path: "/v1/assets/{name}/download",
  tags,
  summary: "Cancel a download",
  description:
    "Ends it for everybody who waits for it, whoever began it, and removes what had come. Their streams end with " +
    "an `error` of E_INTERRUPTED.",
  request: { params: nameParam },
  responses: {
    200: jsonContent(
      z.object({ success: z.literal(true), cancelled: z.boolean() }),
      "`cancelled` is false when nothing was under way.",
    ),
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
  description: "One that somebody works with, this server or another process, is E_BUSY unless `force=true`.",
  request: { params: nameParam, query: z.object({ force: z.enum(["true", "false"]).optional() }) },
  responses: {
    200: jsonContent(
      z.object({ success: z.literal(true), removed: z.array(z.string()), freed_bytes: z.number() }),
      "Gone; `removed` is empty when there was nothing.",
    ),
    ...ownFailure,
  },
});

export function createAssetRoutes(
  { assets, events }: Pick<Services, "assets" | "events">,
  state: Pick<LiveState, "assets">,
): Router {
  const router = createRouter();
  router.openapi(listRoute, async (c) => {
    const rows = await assets.list();
    const activities = new Map(state.assets().map((activity) => [activity.asset, activity]));
    return c.json({ assets: rows.map((row) => encodeStatus(row, activities.get(row.name))) }, 200);
  });
  router.openapi(downloadRoute, async (c) => {
    const { name } = c.req.valid("param");
    // Unknown names are refused before any stream begins.
    await assets.status(name);
    const { force, background } = c.req.valid("query");
    const forceDownload = force === "true";
    if (background === "true") {
      // How it ends is told by the events; the store ends it when the server does, and keeps the part.
      assets.ensure(name, { forceDownload }).catch(() => undefined);
      return c.json({ success: true as const, asset: name }, 202);
    }
    return createSseResponse(c, runDownload({ assets, events }, c, { name, forceDownload }), {
      wrapFailure: (body) => ({ type: "error", ...(body as object) }),
    });
  });
  router.openapi(cancelRoute, async (c) => {
    const cancelled = await assets.cancel(c.req.valid("param").name);
    return c.json({ success: true as const, cancelled }, 200);
  });
  router.openapi(verifyRoute, async (c) => {
    const rows = await assets.verify(c.req.valid("param").name);
    const success = rows.every(({ status }) => status !== "changed" && status !== "missing");
    return c.json({ success, assets: rows.map(encodeVerification) }, 200);
  });
  router.openapi(removeRoute, async (c) => {
    const { name } = c.req.valid("param");
    const force = c.req.valid("query").force === "true";
    const { freedBytes } = await assets.remove(name, { force, signal: c.var.life.signal });
    const removed = freedBytes > 0 ? [name] : [];
    return c.json({ success: true as const, removed, freed_bytes: freedBytes }, 200);
  });
  return router;
}

const encodeStatus = (status: AssetStatus, activity: AssetActivity | undefined) => ({
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
  ...(activity && { activity: encodeActivity(activity) }),
});

function encodeActivity({ phase, done_bytes, total_bytes, bytes_per_second }: AssetActivity) {
  const isKnown = total_bytes !== null && bytes_per_second > 0;
  return {
    phase,
    done_bytes,
    total_bytes,
    bytes_per_second,
    seconds_left: isKnown ? Math.max(0, Math.ceil((total_bytes - done_bytes) / bytes_per_second)) : null,
  };
}

const encodeVerification = ({ name, status, expected, found, badFiles }: AssetVerification) => ({
  name,
  status,
  expected,
  found,
  ...(badFiles && { bad_files: [...badFiles] }),
});
