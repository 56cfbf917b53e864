// The verbs that are about all that is here, and not about one model.
//   GET  /v1/hub/scan       what is on disk, also what no record knows
//   POST /v1/hub/verify     every model against its digests
//   POST /v1/hub/migrate    loose files and old installs to their places
//   POST /v1/hub/ensure     the baselines by name: progress as it comes, the result last
import { createRoute, z } from "@hono/zod-openapi";
import { createBoundedQueue } from "../../base/bounded-queue.ts";
import type {
  EnsureBaselines,
  EnsureOperation,
  EnsureRequest,
} from "../../models/ensure/ensure-baselines.ts";
import { encodeMigration, encodeScan, encodeVerification } from "../../models/library-json.ts";
import type { ModelLibrary } from "../../models/model-library.ts";
import { createRouter, jsonContent, ownFailure, type Router } from "../router.ts";
import type { Services } from "../services.ts";
import { createSseResponse } from "../streaming.ts";
import { encodeDownloadEvent } from "./asset-download.ts";

export interface HubDiskServices extends Pick<Services, "events" | "ensureBaselines" | "findOldModels"> {
  library: ModelLibrary;
}

const tags = ["Hub"];
const anything = z.record(z.string(), z.unknown());
const json = <S extends z.ZodType>(schema: S) => ({ content: { "application/json": { schema } } });
const flag = z.boolean().optional();

const scanRoute = createRoute({
  method: "get",
  path: "/v1/hub/scan",
  tags,
  summary: "What is on disk, also what no record knows",
  request: {
    query: z.object({
      sort: z.enum(["size", "accessed"]).optional(),
      filter: z.string().optional().openapi({ example: "size>1GB" }),
    }),
  },
  responses: { 200: jsonContent(anything, "What is there."), ...ownFailure },
});
const verifyRoute = createRoute({
  method: "post",
  path: "/v1/hub/verify",
  tags,
  summary: "Hash every model",
  request: { body: json(z.object({ fail_on_extra_files: flag }).optional()) },
  responses: { 200: jsonContent(anything, "Good or bad, by model."), ...ownFailure },
});
const migrateRoute = createRoute({
  method: "post",
  path: "/v1/hub/migrate",
  tags,
  summary: "Put loose files and old installs where they belong",
  request: { body: json(z.object({ dry_run: flag }).optional()) },
  responses: { 200: jsonContent(anything, "What moved, or would."), ...ownFailure },
});
const ensureBody = z.object({
  kokoro: flag,
  moonshine: flag,
  whisper: z.union([z.boolean(), z.string()]).optional().openapi({ description: "A size, or true" }),
  silero: flag,
  wakeword: flag,
  distilbert: flag,
  tinyllama: flag,
  basic_cls: flag,
  spacy: flag,
  all_defaults: flag,
  providers: z.array(z.string()).optional().openapi({ description: "KIND.NAME or KIND.NAME:MODEL" }),
});
const ensureRoute = createRoute({
  method: "post",
  path: "/v1/hub/ensure",
  tags,
  summary: "Bring what this system begins with",
  description:
    "Server-sent events: `asset-phase-start`, `asset-phase-end`, `asset-progress` of whatever is brought meanwhile, and " +
    "last `hub-ensure-end` with `operations`, or `error`. Leaving the stream ends it.",
  request: { body: json(ensureBody) },
  responses: {
    200: { description: "Progress.", content: { "text/event-stream": { schema: z.string() } } },
    ...ownFailure,
  },
});

/** Room for what a stalled reader may miss. */
const queueLimit = 128;

export function createHubDiskRoutes(services: HubDiskServices): Router {
  const { library, ensureBaselines, findOldModels = null, events } = services;
  const router = createRouter();
  router.openapi(scanRoute, async (c) => c.json(encodeScan(await library.scan(c.req.valid("query"))), 200));
  router.openapi(verifyRoute, async (c) => {
    const failOnExtraFiles = c.req.valid("json")?.fail_on_extra_files;
    const found = await library.verify({ failOnExtraFiles, signal: c.var.life.signal });
    return c.json({ models: found.map(encodeVerification) }, 200);
  });
  router.openapi(migrateRoute, async (c) => {
    const dryRun = c.req.valid("json")?.dry_run === true;
    const { signal } = c.var.life;
    return c.json(encodeMigration(await library.migrate({ dryRun, findOldModels, signal })), 200);
  });
  if (ensureBaselines) {
    router.openapi(ensureRoute, (c) => {
      const { basic_cls: basicCls, all_defaults: allDefaults, ...wanted } = c.req.valid("json");
      const request = { ...wanted, basicCls, allDefaults, signal: c.var.life.signal };
      return createSseResponse(c, streamEnsure(events, ensureBaselines, request), {
        wrapFailure: (failure) => ({ type: "error", ...(failure as object) }),
      });
    });
  }
  return router;
}

async function* streamEnsure(
  events: Services["events"],
  ensureBaselines: EnsureBaselines,
  request: EnsureRequest,
): AsyncIterable<unknown> {
  const queue = createBoundedQueue<unknown>(queueLimit);
  using _events = events.subscribe((event) => {
    const row = "asset" in event ? encodeDownloadEvent(event, event.asset) : null;
    if (row) queue.push(row);
  });
  const done: Promise<EnsureOperation[]> = ensureBaselines(request).finally(() => queue.close());
  // Awaited below; until then a failure must not count as unhandled.
  done.catch(() => undefined);
  yield* queue;
  yield { type: "hub-ensure-end", operations: await done };
}
