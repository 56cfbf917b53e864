// What the functions of this room stand on, for a program that has no app around it.
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { createAssetStore } from "../assets/asset-store.ts";
import { createTokens } from "../assets/credentials.ts";
import { getFreeBytes } from "../assets/free-space.ts";
import type { AssetEvent } from "../assets/port.ts";
import { createRegistry } from "../assets/registry/registry.ts";
import { createUseLocks } from "../assets/registry/use-locks.ts";
import { systemClock as clock } from "../base/clock.ts";
import type { Emit } from "../base/events.ts";
import { createFileLocker } from "../base/file-lock.ts";
import { judgeModelFit } from "./compatibility/judge-fit.ts";
import { createHubClient } from "./hub/hub-client.ts";
import type { ModelWorld } from "./world.ts";

export interface ModelWorldOptions {
  /** Default `~/.troupe/models`, and likewise `cache` and `assets`: the places of the command line. */
  modelsRoot?: string | undefined;
  cacheRoot?: string | undefined;
  assetsDir?: string | undefined;
  /** A mirror to ask instead of the hub. */
  endpoint?: string | undefined;
  /** Where the hub's token is looked for, such as `process.env`; default nowhere. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Open no socket; default false. */
  isOffline?: boolean | undefined;
  /** Most that models and assets may take together; default no limit. */
  quotaBytes?: number | undefined;
  emit?: Emit<AssetEvent> | undefined;
}

/** Touches nothing yet. Disposing ends what runs, and keeps the parts for the next time. No project file is read. */
export function openModelWorld(options: ModelWorldOptions = {}): ModelWorld & AsyncDisposable {
  const { environment, emit = () => undefined, isOffline = false, quotaBytes = null } = options;
  const home = join(homedir(), ".troupe");
  const modelsRoot = resolve(options.modelsRoot ?? join(home, "models"));
  const cacheRoot = resolve(options.cacheRoot ?? join(home, "cache"));
  const assetsDir = resolve(options.assetsDir ?? join(home, "assets"));
  const endpoint = options.endpoint ?? null;
  const registry = createRegistry({ clock, emit }, { modelsRoot, assetsDir });
  const useLocks = createUseLocks(modelsRoot, { clock });
  const store = createAssetStore(
    { emit, clock, registry, useLocks },
    {
      catalogue: [],
      assetsDir,
      cacheRoot,
      modelsRoot,
      isOffline,
      quotaBytes,
      hubEndpoint: endpoint,
      ...(environment && { environment }),
    },
  );
  const hub = createHubClient(
    { fetch, clock, emit },
    { endpoint, findToken: createTokens({ environment }).find, isOffline },
  );
  return {
    emit,
    store,
    registry,
    useLocks,
    hub,
    clock,
    locker: createFileLocker({ clock }),
    getFreeBytes,
    judgeFit: judgeModelFit,
    modelsRoot,
    assetsDir,
    cacheRoot,
    quotaBytes,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
