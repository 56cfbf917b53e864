// Downloads of hub models that this server runs: streamed to who asked, or in the background, and ended on demand.
import { z } from "@hono/zod-openapi";
import type { AssetEvent } from "../../assets/port.ts";
import { createBoundedQueue } from "../../base/bounded-queue.ts";
import { AppError } from "../../base/errors.ts";
import type { DownloadOutcome, DownloadRequest } from "../../models/download/download-snapshot.ts";
import { encodeDownload } from "../../models/library-json.ts";
import type { ModelLibrary } from "../../models/model-library.ts";
import type { AppContext } from "../router.ts";
import type { Services } from "../services.ts";
import { encodeDownloadEvent } from "./asset-download.ts";

export const downloadBody = z.object({
  revision: z.string().min(1).optional().openapi({ description: "Branch, tag or commit; default main" }),
  include: z.array(z.string()).optional().openapi({ description: "The hub's patterns; default everything" }),
  exclude: z.array(z.string()).optional(),
  library: z.enum(["llama-cpp", "transformers"]).optional(),
  max_workers: z
    .number()
    .int()
    .min(1)
    .max(64)
    .optional()
    .openapi({ description: "Files at once; default 8" }),
  resume: z.boolean().optional(),
  max_quota_gb: z.number().positive().optional(),
  force_compat: z.boolean().optional(),
  dry_run: z.boolean().optional().openapi({ description: "Only says what would be fetched" }),
  background: z.boolean().optional().openapi({ description: "202 at once; the live feed tells how it goes" }),
});
export type DownloadBody = z.infer<typeof downloadBody>;

export interface HubServices extends Pick<Services, "events"> {
  library: ModelLibrary;
}

export interface HubDownloads {
  /** What it would be: everything that can be refused is refused here. */
  rehearse(modelId: string, body: DownloadBody, signal: AbortSignal): Promise<DownloadOutcome>;
  /** Events, and the outcome last. Leaving it cancels and removes the part. */
  stream(c: AppContext, modelId: string, body: DownloadBody): AsyncIterable<unknown>;
  begin(modelId: string, body: DownloadBody): void;
  /** False when this server brings no such model. Resolves when it has stopped. */
  cancel(modelId: string): Promise<boolean>;
}

/** Room for what a stalled reader may miss. */
const queueLimit = 128;

export function createHubDownloads({ library, events }: HubServices): HubDownloads {
  const running = new Map<string, Set<{ abort: AbortController; done: Promise<unknown> }>>();

  const start = (modelId: string, body: DownloadBody, abort: AbortController): Promise<DownloadOutcome> => {
    const download = library.download({ ...encodeRequest(modelId, body), signal: abort.signal });
    const entry = { abort, done: download.catch(() => undefined) };
    const entries = running.get(modelId) ?? new Set();
    running.set(modelId, entries.add(entry));
    void entry.done.then(() => {
      entries.delete(entry);
      if (entries.size === 0 && running.get(modelId) === entries) running.delete(modelId);
    });
    return download;
  };

  return {
    rehearse: (modelId, body, signal) =>
      library.download({ ...encodeRequest(modelId, body), dryRun: true, signal }),
    async *stream(c, modelId, body) {
      const abort = new AbortController();
      const client = c.req.raw.signal;
      const { signal: life } = c.var.life;
      // Only the one who asked can mean "throw it away"; a stopping server keeps the part, to go on with it later.
      const onAbort = (): void => abort.abort(cancelled(modelId, client.aborted));
      life.addEventListener("abort", onAbort, { once: true });
      if (life.aborted) onAbort();
      const queue = createBoundedQueue<unknown>(queueLimit);
      using _events = events.subscribe((event) => {
        const row = encodeDownloadEvent(event as AssetEvent, modelId);
        if (row) queue.push(row);
      });
      const download = start(modelId, body, abort).finally(() => queue.close());
      // Awaited below; until then a failure must not count as unhandled.
      download.catch(() => undefined);
      try {
        yield* queue;
        yield { type: "hub-download-end", ...encodeDownload(await download) };
      } finally {
        life.removeEventListener("abort", onAbort);
      }
    },
    begin(modelId, body) {
      // The store tells of its end on the feed, and of its failure.
      start(modelId, body, new AbortController()).catch(() => undefined);
    },
    async cancel(modelId) {
      const entries = [...(running.get(modelId) ?? [])];
      for (const { abort } of entries) abort.abort(cancelled(modelId, true));
      await Promise.all(entries.map(({ done }) => done));
      return entries.length > 0;
    },
  };
}

const cancelled = (modelId: string, discard: boolean): AppError =>
  new AppError("E_INTERRUPTED", `${modelId}: cancelled`, { discard });

function encodeRequest(modelId: string, body: DownloadBody): DownloadRequest {
  return {
    modelId,
    revision: body.revision,
    include: body.include,
    exclude: body.exclude,
    library: body.library,
    maxWorkers: body.max_workers,
    resume: body.resume,
    maxQuotaBytes: body.max_quota_gb === undefined ? undefined : body.max_quota_gb * 2 ** 30,
    forceCompat: body.force_compat,
  };
}
