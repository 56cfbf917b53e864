// The models that are here: pinned, checked, removed, and making room when the disk is full.
import { type ApiFailure, toApiFailure } from "./api.ts";
import { createStore } from "./create-store.ts";
import type { Collected, HubApi, InstalledModel, ModelVerification } from "./hub-api.ts";
import { createListReader } from "./list-reader.ts";
import type { Store } from "./use-store.ts";

export interface ModelShelfState {
  /** Undefined until the first answer. */
  models: readonly InstalledModel[] | undefined;
  failure: ApiFailure | undefined;
  /** Models that something is being done with. */
  busy: ReadonlySet<string>;
  verdicts: Readonly<Record<string, ModelVerification>>;
  /** What would go, or has gone, to make room. */
  collected: Collected | undefined;
  isCollecting: boolean;
}

export interface ModelShelf extends Store<ModelShelfState> {
  refresh(): Promise<void>;
  pin(modelId: string, isPinned: boolean): Promise<void>;
  verify(modelId: string): Promise<void>;
  remove(modelId: string): Promise<void>;
  collect(options: { targetGb: number; isDryRun: boolean }): Promise<void>;
  /** Another goal: what was planned for the one before does not count. */
  forgetPlan(): void;
  dismiss(): void;
}

const start: ModelShelfState = {
  models: undefined,
  failure: undefined,
  busy: new Set(),
  verdicts: {},
  collected: undefined,
  isCollecting: false,
};

/** `hub` gives the one of now: it changes with the key. */
export function createModelShelf({ hub }: { hub: () => HubApi }): ModelShelf {
  const store = createStore(start);
  const { set } = store;

  const fail = (error: unknown): void => set({ failure: toApiFailure(error) });
  const refresh = createListReader(store, async (signal) => ({
    models: await hub().listInstalled(signal),
  }));

  const act = async (modelId: string, work: () => Promise<void>): Promise<void> => {
    if (store.state.busy.has(modelId)) return;
    const { [modelId]: _, ...verdicts } = store.state.verdicts;
    set({ busy: new Set([...store.state.busy, modelId]), verdicts, failure: undefined });
    try {
      await work();
    } catch (error) {
      fail(error);
    }
    set({ busy: new Set([...store.state.busy].filter((id) => id !== modelId)) });
    await refresh();
  };

  return {
    get state() {
      return store.state;
    },
    subscribe: store.subscribe,
    refresh,
    pin: (modelId, isPinned) => act(modelId, () => hub().pin(modelId, isPinned)),
    verify: (modelId) =>
      act(modelId, async () => {
        const verdict = await hub().verify(modelId);
        set({ verdicts: { ...store.state.verdicts, [modelId]: verdict } });
      }),
    remove: (modelId) => act(modelId, async () => void (await hub().remove(modelId))),
    async collect(options) {
      if (store.state.isCollecting) return;
      set({ isCollecting: true, failure: undefined });
      try {
        set({ collected: await hub().collect(options) });
      } catch (error) {
        fail(error);
      }
      set({ isCollecting: false });
      if (!options.isDryRun) await refresh();
    },
    forgetPlan: () => set({ collected: undefined }),
    dismiss: () => set({ failure: undefined }),
  };
}
