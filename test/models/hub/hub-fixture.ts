// A client before a scripted hub.
import { createTokens } from "../../../src/assets/credentials.ts";
import type { Fetch } from "../../../src/assets/transfer/http-request.ts";
import { systemClock } from "../../../src/base/clock.ts";
import {
  createHubClient,
  type HubClientDependencies,
  type HubClientOptions,
} from "../../../src/models/hub/hub-client.ts";
import type { HubClient } from "../../../src/models/hub/port.ts";
import { type AssetServer, createAssetServer } from "../../support/asset-server.ts";
import { type HubRepository, type HubServerOptions, serveHub } from "../../support/hub-server.ts";

export interface HubFixture extends AsyncDisposable {
  readonly server: AssetServer;
  readonly repositories: Record<string, HubRepository>;
  readonly client: HubClient;
  /** Paths that the hub itself was asked for, without the check of the mirror. */
  asked(): string[];
  open(
    options?: Partial<HubClientOptions> & { environment?: Record<string, string> },
    dependencies?: Partial<HubClientDependencies>,
  ): HubClient;
  fetchCount(): number;
}

export async function createHubFixture(
  repositories: Record<string, HubRepository> = {},
  options: HubServerOptions & { environment?: Record<string, string> } = {},
): Promise<HubFixture> {
  const server = await createAssetServer();
  serveHub(server, repositories, options);
  let fetchCount = 0;
  const counting: Fetch = (url, init) => {
    fetchCount += 1;
    return fetch(url, init);
  };
  const open: HubFixture["open"] = ({ environment = {}, ...changes } = {}, dependencies = {}) =>
    createHubClient(
      { fetch: counting, clock: systemClock, ...dependencies },
      {
        endpoint: server.origin,
        findToken: createTokens({ environment: { HOME: "/nonexistent", ...environment } }).find,
        isOffline: false,
        retryDelayMs: 1,
        ...changes,
      },
    );
  return {
    server,
    repositories,
    client: open({ environment: options.environment ?? {} }),
    asked: () =>
      server.requests.flatMap(({ origin, path }) => (origin === "main" && path !== "/" ? [path] : [])),
    open,
    fetchCount: () => fetchCount,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
