// The models of one machine behind the page: a real library in a temporary folder, and a local hub before it.
import { join } from "node:path";
import { createAssetStore } from "../../src/assets/asset-store.ts";
import { createTokens } from "../../src/assets/credentials.ts";
import { createRegistry } from "../../src/assets/registry/registry.ts";
import { createUseLocks } from "../../src/assets/registry/use-locks.ts";
import { systemClock } from "../../src/base/clock.ts";
import { type AnyEvent, createEventHub } from "../../src/base/events.ts";
import { createFindInstallation } from "../../src/models/find-installation.ts";
import { createHubClient } from "../../src/models/hub/hub-client.ts";
import { createModelLibrary } from "../../src/models/model-library.ts";
import type { Services } from "../../src/server/services.ts";
import { type AssetServer, createAssetServer } from "./asset-server.ts";
import { type HubRepository, serveHub } from "./hub-server.ts";
import { createTempFolder } from "./temp-folder.ts";

export interface PageModels extends AsyncDisposable {
  readonly hub: AssetServer;
  /** For the page's server. */
  readonly services: Partial<Services>;
}

export async function createPageModels(repositories: Record<string, HubRepository>): Promise<PageModels> {
  const held = new AsyncDisposableStack();
  const folder = held.use(await createTempFolder());
  const server = held.use(await createAssetServer());
  serveHub(server, repositories);
  const events = createEventHub<AnyEvent>();
  const modelsRoot = join(folder.path, "models");
  const assetsDir = join(folder.path, "assets");
  const cacheRoot = join(folder.path, "cache");
  const environment = { HOME: folder.path };
  const registry = createRegistry({ emit: events.emit }, { modelsRoot, assetsDir });
  const useLocks = createUseLocks(modelsRoot, { clock: systemClock });
  const store = held.use(
    createAssetStore(
      { emit: events.emit, registry, useLocks },
      {
        catalogue: [],
        assetsDir,
        cacheRoot,
        modelsRoot,
        environment,
        hubEndpoint: server.origin,
        projectFolder: folder.path,
      },
    ),
  );
  const hub = createHubClient(
    { fetch, clock: systemClock },
    {
      endpoint: server.origin,
      findToken: createTokens({ environment }).find,
      isOffline: false,
      retryDelayMs: 1,
    },
  );
  const library = createModelLibrary(
    { store, registry, useLocks, hub },
    { modelsRoot, assetsDir, cacheRoot, quotaBytes: null },
  );
  return {
    hub: server,
    services: { events, hub, library, modelsRoot, findInstallation: createFindInstallation(registry) },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
