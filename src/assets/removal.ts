// Taking assets off the disk: not from under somebody who works with them, and not while they are on their way.
import type { Emit } from "../base/events.ts";
import type { FileLocker } from "../base/file-lock.ts";
import type { AssetLayout, AssetPlaces } from "./asset-layout.ts";
import type { Asset } from "./asset-schema.ts";
import { clearAssets, type ClearOutcome } from "./clear-assets.ts";
import type { AssetEvent, RemoveOptions } from "./port.ts";
import type { Registrar } from "./registry/keep-registered.ts";
import type { UseLocks } from "./registry/use-locks.ts";
import { removeAsset } from "./remove-asset.ts";

export interface Removal {
  /** As `AssetStore.remove` has it. */
  remove(asset: Asset, options?: RemoveOptions): Promise<{ freedBytes: number }>;
  clear(options?: RemoveOptions): Promise<ClearOutcome>;
}

export interface RemovalDependencies {
  emit: Emit<AssetEvent>;
  locker: FileLocker;
  registrar: Registrar | null;
  useLocks?: UseLocks | undefined;
  /** Ends what brings it, in this process. */
  cancel: (name: string) => Promise<unknown>;
}

export interface RemovalOptions {
  layout: AssetLayout;
  /** Of the catalogue. */
  assets: readonly Asset[];
  lockTimeoutMs: number | undefined;
}

/** Nobody waits for the end of a download in order to throw away what it brought. */
const defaultTimeoutMs = 10_000;
const cure = "stop it first, or force its removal (--force)";
const noHold: AsyncDisposable = { [Symbol.asyncDispose]: () => Promise.resolve() };

export function createRemoval(
  { emit, locker, registrar, useLocks, cancel }: RemovalDependencies,
  { layout, assets, lockTimeoutMs = defaultTimeoutMs }: RemovalOptions,
): Removal {
  /** One that is used all the same is taken away from under its user, who has asked for no such thing. */
  const hold = async (name: string, { force = false }: RemoveOptions): Promise<AsyncDisposable> => {
    if (!useLocks) return noHold;
    return force ? ((await useLocks.seize(name)) ?? noHold) : useLocks.requireUnused(name, cure);
  };

  const takeAway = async (
    name: string,
    places: AssetPlaces,
    { signal }: RemoveOptions,
  ): Promise<{ freedBytes: number }> => {
    // What is on its way would hold its lock to the end.
    await cancel(name);
    await using lease = await locker.lock(places.lockFile, { timeoutMs: lockTimeoutMs, signal });
    void lease;
    await registrar?.forget(name, places);
    const freedBytes = await removeAsset(places);
    if (freedBytes > 0) emit({ type: "asset-remove-end", asset: name, freedBytes });
    return { freedBytes };
  };

  return {
    async remove(asset, options = {}) {
      await using held = await hold(asset.name, options);
      void held;
      return await takeAway(asset.name, layout.placesOf(asset), options);
    },
    clear: (options = {}) =>
      clearAssets({
        layout,
        declared: assets,
        requireUnused: (name) => hold(name, options),
        remove: (name, places) => takeAway(name, places, options),
      }),
  };
}
