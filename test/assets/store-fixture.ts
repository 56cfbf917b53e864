// A store in a temporary folder with a scripted server before it.
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { AssetDefinition } from "../../src/assets/asset-schema.ts";
import {
  type AssetStoreDependencies,
  type AssetStoreOptions,
  createAssetStore,
} from "../../src/assets/asset-store.ts";
import type { AssetEvent, AssetStore, UnlistedAssets } from "../../src/assets/port.ts";
import type { Fetch } from "../../src/assets/transfer/http-request.ts";
import { type AssetServer, createAssetServer } from "../support/asset-server.ts";
import { createFakeRegistry, type FakeRegistry } from "../support/build-tarball.ts";
import { createEventRecorder, type EventRecorder } from "../support/event-recorder.ts";
import { createTempFolder, type TempFolder } from "../support/temp-folder.ts";

export interface StoreFixture extends AsyncDisposable {
  readonly store: AssetStore & UnlistedAssets & AsyncDisposable;
  readonly server: AssetServer;
  readonly registry: FakeRegistry;
  readonly folder: TempFolder;
  readonly events: EventRecorder<AssetEvent>;
  readonly assetsDir: string;
  readonly cacheRoot: string;
  /** Calls of `fetch`: requests to anywhere. */
  fetchCount(): number;
  /** Another store on the same folders and server. */
  open(
    catalogue: readonly AssetDefinition[],
    options?: Partial<AssetStoreOptions>,
    dependencies?: AssetStoreDependencies,
  ): AssetStore & UnlistedAssets & AsyncDisposable;
  /** Names in the downloads folder. */
  listDownloads(): Promise<string[]>;
}

type Describe = (server: AssetServer, folder: TempFolder) => AssetDefinition | readonly AssetDefinition[];

export async function createStoreFixture(
  describe: Describe,
  options: Partial<AssetStoreOptions> = {},
  dependencies: AssetStoreDependencies = {},
): Promise<StoreFixture> {
  const held = new AsyncDisposableStack();
  const folder = held.use(await createTempFolder());
  const server = held.use(await createAssetServer());
  const events = createEventRecorder<AssetEvent>();
  const registry = createFakeRegistry(server);
  const [assetsDir, cacheRoot] = [join(folder.path, "assets"), join(folder.path, "cache")];
  let fetchCount = 0;
  const countingFetch: Fetch = (url, init) => {
    fetchCount += 1;
    return fetch(url, init);
  };
  const open: StoreFixture["open"] = (catalogue, moreOptions = {}, moreDependencies = {}) =>
    held.use(
      createAssetStore(
        {
          emit: events.emit,
          fetch: countingFetch,
          viewPackage: registry.viewPackage,
          ...dependencies,
          ...moreDependencies,
        },
        {
          catalogue,
          assetsDir,
          cacheRoot,
          hubEndpoint: server.origin,
          projectFolder: folder.path,
          ...options,
          ...moreOptions,
        },
      ),
    );
  const described = describe(server, folder);
  const store = open(Array.isArray(described) ? described : [described as AssetDefinition]);
  return {
    store,
    server,
    registry,
    folder,
    events,
    assetsDir,
    cacheRoot,
    fetchCount: () => fetchCount,
    open,
    listDownloads: () => readdir(join(cacheRoot, "downloads")).catch(() => []),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** The same bytes for the same seed, and other ones for another; not compressible. */
export function makeBytes(sizeBytes: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let state = seed * 2_654_435_761;
  for (let i = 0; i < sizeBytes; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export const sha256 = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

export function describeFile(path: string, bytes: Uint8Array) {
  return { path, sizeBytes: bytes.length, sha256: sha256(bytes) };
}

/** An asset of one file, with retries that cost no time. */
export function oneFileAsset(
  bytes: Uint8Array,
  sources: AssetDefinition["sources"],
  more: Partial<AssetDefinition> = {},
): AssetDefinition {
  return {
    name: "voice",
    retryDelaySeconds: 0.001,
    files: [describeFile("voice.bin", bytes)],
    sources,
    ...more,
  };
}

export const readBytes = async (path: string): Promise<Uint8Array> =>
  new Uint8Array(await Bun.file(path).arrayBuffer());
