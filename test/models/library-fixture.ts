// The models of one machine in a temporary folder, with a local hub before them.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createAssetStore } from "../../src/assets/asset-store.ts";
import { createTokens } from "../../src/assets/credentials.ts";
import type { AssetEvent } from "../../src/assets/port.ts";
import { createRegistry, type Registry } from "../../src/assets/registry/registry.ts";
import { createUseLocks, type UseLocks } from "../../src/assets/registry/use-locks.ts";
import { systemClock } from "../../src/base/clock.ts";
import { createHubClient } from "../../src/models/hub/hub-client.ts";
import {
  createModelLibrary,
  type ModelLibrary,
  type ModelLibraryDependencies,
} from "../../src/models/model-library.ts";
import { makeBytes } from "../assets/store-fixture.ts";
import { type AssetServer, createAssetServer } from "../support/asset-server.ts";
import { createEventRecorder, type EventRecorder } from "../support/event-recorder.ts";
import { type HubRepository, serveHub } from "../support/hub-server.ts";
import { createTempFolder } from "../support/temp-folder.ts";

export interface LibraryOptions {
  quotaBytes?: number | null;
  isOffline?: boolean;
  environment?: Record<string, string>;
  endpoint?: string;
}

export interface LibraryFixture extends AsyncDisposable {
  readonly library: ModelLibrary;
  readonly server: AssetServer;
  readonly repositories: Record<string, HubRepository>;
  readonly registry: Registry;
  readonly useLocks: UseLocks;
  readonly events: EventRecorder<AssetEvent>;
  readonly home: string;
  readonly modelsRoot: string;
  readonly assetsDir: string;
  readonly cacheRoot: string;
  /** Another program on the same folders. */
  open(options?: LibraryOptions, more?: Partial<ModelLibraryDependencies>): ModelLibrary;
  /** Visible files below the models root, sorted. */
  listModels(): Promise<string[]>;
}

export const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** A small repository of each library. */
export const someRepositories = (): Record<string, HubRepository> => ({
  "ann/talker": {
    files: {
      "config.json": text('{"model_type": "talker"}'),
      "model.safetensors": makeBytes(40_000, 1),
      "onnx/model_q4.onnx": makeBytes(9000, 2),
      "README.md": text("---\nlicense: mit\n---\n"),
    },
    license: "mit",
  },
  "bob/small-GGUF": {
    files: { "small-q4.gguf": makeBytes(20_000, 3), "small-q8.GGUF": makeBytes(30_000, 4) },
    license: "apache-2.0",
  },
  "eve/strict": {
    files: { "model.bin": makeBytes(3000, 5) },
    license: "llama3.2",
  },
});

export async function createLibraryFixture(
  repositories: Record<string, HubRepository> = someRepositories(),
): Promise<LibraryFixture> {
  const held = new AsyncDisposableStack();
  const folder = held.use(await createTempFolder());
  const server = held.use(await createAssetServer());
  serveHub(server, repositories);
  const events = createEventRecorder<AssetEvent>();
  const modelsRoot = join(folder.path, "models");
  const assetsDir = join(folder.path, "assets");
  const cacheRoot = join(folder.path, "cache");
  const registry = createRegistry({ emit: events.emit }, { modelsRoot, assetsDir });
  const useLocks = createUseLocks(modelsRoot, { clock: systemClock });

  const open: LibraryFixture["open"] = (options = {}, more = {}) => {
    const { quotaBytes = null, isOffline = false, endpoint = server.origin } = options;
    const environment = { HOME: folder.path, ...options.environment };
    const store = held.use(
      createAssetStore(
        { emit: events.emit, registry, useLocks },
        {
          catalogue: [],
          assetsDir,
          cacheRoot,
          modelsRoot,
          quotaBytes,
          isOffline,
          environment,
          hubEndpoint: endpoint,
          projectFolder: folder.path,
        },
      ),
    );
    const hub = createHubClient(
      { fetch, clock: systemClock },
      { endpoint, findToken: createTokens({ environment }).find, isOffline, retryDelayMs: 1 },
    );
    return createModelLibrary(
      { store, registry, useLocks, hub, ...more },
      { modelsRoot, assetsDir, cacheRoot, quotaBytes },
    );
  };

  return {
    library: open(),
    server,
    repositories,
    registry,
    useLocks,
    events,
    home: folder.path,
    modelsRoot,
    assetsDir,
    cacheRoot,
    open,
    async listModels() {
      const entries = await readdir(modelsRoot, { recursive: true, withFileTypes: true }).catch(() => []);
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(modelsRoot.length + 1))
        .filter((path) => !path.startsWith("."))
        .sort();
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
