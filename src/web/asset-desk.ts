// What can be done with the assets of this machine, and what has come of it. What is on its way is told by the server's
// feed, to every page alike; this only asks.
import { type Api, ApiFailure, toApiFailure } from "./api.ts";
import { createStore } from "./create-store.ts";
import { createHubApi } from "./hub-api.ts";
import { createListReader } from "./list-reader.ts";
import type { Store } from "./use-store.ts";

export interface AssetRow {
  name: string;
  version: string;
  asset_type: string;
  source_type: string;
  checksum: string | null;
  status: "cached" | "not cached" | "invalid checksum" | "partial";
  partial_fraction?: number;
  size_bytes: number | null;
  description?: string;
}

export interface AssetVerdict {
  status: "ok" | "changed" | "missing" | "not cached" | "no checksum";
  expected: string | null;
  found: string | null;
  bad_files?: { path: string; expected: string; found: string | null }[];
}

export type AssetDeed = "download" | "cancel" | "verify" | "remove";

export interface AssetDeskState {
  /** Undefined until the first answer. */
  assets: readonly AssetRow[] | undefined;
  failure: ApiFailure | undefined;
  /** What has been asked for and not answered yet, by asset. */
  busy: Readonly<Record<string, AssetDeed>>;
  /** Of the last look at each, until something else is done with it. */
  verdicts: Readonly<Record<string, AssetVerdict>>;
}

export interface AssetDesk extends Store<AssetDeskState> {
  /** Reads the list anew. */
  refresh(): Promise<void>;
  download(name: string, options?: { force?: boolean }): Promise<void>;
  cancel(name: string): Promise<void>;
  verify(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  dismiss(): void;
}

const start: AssetDeskState = { assets: undefined, failure: undefined, busy: {}, verdicts: {} };

/** `api` gives the one of now: it changes with the key. */
export function createAssetDesk({ api }: { api: () => Api }): AssetDesk {
  const store = createStore(start);
  const { set } = store;

  const fail = (error: unknown): void => set({ failure: toApiFailure(error) });
  const refresh = createListReader(store, async (signal) => {
    const { assets } = await api().ask<{ assets: AssetRow[] }>("/v1/assets", { signal });
    return { assets };
  });

  const act = async (deed: AssetDeed, name: string, ask: () => Promise<unknown>): Promise<void> => {
    // A second press while the first is on its way.
    if (store.state.busy[name] !== undefined) return;
    const { [name]: _, ...verdicts } = store.state.verdicts;
    set({ busy: { ...store.state.busy, [name]: deed }, verdicts, failure: undefined });
    try {
      await ask();
    } catch (error) {
      fail(error);
    }
    const { [name]: __, ...busy } = store.state.busy;
    set({ busy });
    await refresh();
  };
  const pathOf = (name: string, rest = ""): string => `/v1/assets/${encodeURIComponent(name)}${rest}`;

  return {
    get state() {
      return store.state;
    },
    subscribe: store.subscribe,
    refresh,
    download: (name, { force = false } = {}) =>
      act("download", name, () =>
        // It goes on when this page is closed.
        api().ask(pathOf(name, `/download?background=true${force ? "&force=true" : ""}`), { method: "POST" }),
      ),
    cancel: (name) =>
      act("cancel", name, () =>
        // Models of the hub are on their way under their ids.
        name.includes("/")
          ? createHubApi(api()).cancel(name)
          : api().ask(pathOf(name, "/download"), { method: "DELETE" }),
      ),
    verify: (name) =>
      act("verify", name, async () => {
        const answer = await api().ask<{ assets: (AssetVerdict & { name: string })[] }>(
          pathOf(name, "/verify"),
          { method: "POST" },
        );
        const verdict = answer.assets.find((row) => row.name === name);
        if (verdict) set({ verdicts: { ...store.state.verdicts, [name]: verdict } });
      }),
    remove: (name) =>
      act("remove", name, async () => {
        try {
          await api().ask(pathOf(name), { method: "DELETE" });
        } catch (error) {
          throw explainRefusedRemoval(error, name);
        }
      }),
    dismiss: () => set({ failure: undefined }),
  };
}

/** The server's own words are for the command line, where a removal can be forced. */
function explainRefusedRemoval(error: unknown, name: string): unknown {
  if (!(error instanceof ApiFailure) || error.code !== "E_BUSY") return error;
  return new ApiFailure(
    error.code,
    `${name} is in use, by this server or by another program here. Stop that first: it would lose its voice or its ears.`,
  );
}
