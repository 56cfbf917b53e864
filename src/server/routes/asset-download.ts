// One asset's way here as server-sent events, for whoever asked for it.
import type { AssetEvent, AssetResult } from "../../assets/port.ts";
import { createBoundedQueue } from "../../base/bounded-queue.ts";
import { AppError } from "../../base/errors.ts";
import { encodeProgress } from "../live-state.ts";
import type { AppContext } from "../router.ts";
import type { Services } from "../services.ts";

/** Room for what a stalled reader may miss: phases are few, and progress beyond it is dropped. */
const queueLimit = 128;

/** Ends with the result; throws what the download throws. Leaving it cancels, unless others wait for the same asset. */
export async function* runDownload(
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

/** Undefined for what is not of this asset, or not for its reader. */
export function encodeDownloadEvent(event: AssetEvent, name: string): unknown {
  if (!("asset" in event) || event.asset !== name) return undefined;
  switch (event.type) {
    case "asset-progress":
      return { type: event.type, ...encodeProgress(event) };
    case "asset-phase-start":
      return { type: event.type, asset: name, phase: event.phase };
    case "asset-phase-end":
      return {
        type: event.type,
        asset: name,
        phase: event.phase,
        duration_ms: Math.round(event.durationMs),
        outcome: event.outcome,
      };
    case "asset-source-fail":
      return {
        type: event.type,
        asset: name,
        source_type: event.sourceType,
        error_code: event.error instanceof AppError ? event.error.code : "E_INTERNAL",
        message: event.error.message,
      };
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
