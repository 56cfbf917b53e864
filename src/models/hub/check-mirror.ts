// Is there anything at a mirror's address? Asked before all else, so that a wrong address is told within ten seconds.
import { AppError } from "../../base/errors.ts";
import { createSingleFlight } from "../../base/single-flight.ts";
import { waitFor } from "../../base/deadline.ts";
import { type HttpDependencies, openHttp } from "../../assets/transfer/http-request.ts";

const timeoutMs = 10_000;
/** The host is there, and says where to go, that it wants a token, or that it has no such page. */
const goodStatuses = [301, 302, 303, 304, 307, 308, 401, 404];

export type CheckMirror = (signal: AbortSignal) => Promise<void>;

/** Asks until it was there once; calls that overlap share one request. A null endpoint is not asked at all. */
export function createMirrorCheck(dependencies: HttpDependencies, endpoint: string | null): CheckMirror {
  const share = createSingleFlight<void>();
  let isThere = endpoint === null;
  return async (signal) => {
    if (isThere || endpoint === null) return;
    // The request outlives a caller who leaves: another one may wait for the same answer.
    await waitFor(
      share(endpoint, async () => {
        await ask(dependencies, endpoint);
        isThere = true;
      }),
      { signal },
    );
  };
}

async function ask(dependencies: HttpDependencies, endpoint: string): Promise<void> {
  const label = `the mirror ${endpoint}`;
  try {
    using opened = await openHttp(dependencies, {
      url: `${endpoint}/`,
      label,
      headerTimeoutMs: timeoutMs,
      signal: new AbortController().signal,
      accept: goodStatuses,
    });
    void opened;
  } catch (error) {
    const status = error instanceof AppError ? error.details?.["status"] : undefined;
    if (typeof status !== "number") throw error;
    throw new AppError(
      "E_NET",
      `${label} answers with status ${status}; try again later, or check its address`,
      {
        source: label,
        status,
        is_final: true,
      },
    );
  }
}
