// Looking for models on the hub, and looking closer at one of them: its sizes, whether it fits this machine, its licence.
import { ApiFailure, toApiFailure } from "./api.ts";
import { createStore } from "./create-store.ts";
import type { Fit, HubApi, License, ModelDetails, ModelQuery, ModelSummary } from "./hub-api.ts";
import type { Store } from "./use-store.ts";
import { judgeVariants, selectVariant, type VariantFit } from "./variant-fit.ts";

export interface Closeup {
  modelId: string;
  details: ModelDetails | undefined;
  license: License | undefined;
  /** Of the variant that is chosen, or of the whole. */
  fit: Fit | undefined;
  /** Of each variant, as far as it is known. */
  variantFits: Readonly<Record<string, VariantFit>>;
  /** The name of a variant; undefined for a model that comes in one size. */
  variant: string | undefined;
  /** Something has been asked for and not answered yet. */
  isBusy: boolean;
  failure: ApiFailure | undefined;
}

export interface ModelFinderState {
  isSearching: boolean;
  /** Undefined before the first search. */
  results: readonly ModelSummary[] | undefined;
  failure: ApiFailure | undefined;
  closeup: Closeup | undefined;
}

export interface ModelFinder extends Store<ModelFinderState> {
  search(query: ModelQuery): Promise<void>;
  /** A second time on the same one closes it. */
  look(modelId: string): Promise<void>;
  choose(variant: string): Promise<void>;
  accept(userId: string): Promise<void>;
  install(): Promise<void>;
  cancel(): Promise<void>;
  /** Reads what is shown of the closeup anew: it may be here by now. */
  refresh(): Promise<void>;
  dismiss(): void;
}

const start: ModelFinderState = {
  isSearching: false,
  results: undefined,
  failure: undefined,
  closeup: undefined,
};

/** `hub` gives the one of now: it changes with the key. */
export function createModelFinder({ hub }: { hub: () => HubApi }): ModelFinder {
  const store = createStore(start);
  const { set } = store;
  let searching: AbortController | undefined;
  /** Of the closeup: what was asked for one model is not shown at another. */
  let looking = new AbortController();

  const setCloseup = (change: Partial<Closeup>): void => {
    if (store.state.closeup) set({ closeup: { ...store.state.closeup, ...change } });
  };

  /** Of the closeup that is open: runs, and shows what goes wrong unless another one is open by then. */
  const attempt = async (work: (closeup: Closeup, signal: AbortSignal) => Promise<void>): Promise<void> => {
    const { closeup } = store.state;
    if (!closeup) return;
    const { signal } = looking;
    setCloseup({ isBusy: true, failure: undefined });
    try {
      await work(closeup, signal);
      if (!signal.aborted) setCloseup({ isBusy: false });
    } catch (error) {
      if (!signal.aborted) setCloseup({ isBusy: false, failure: toApiFailure(error) });
    }
  };

  const read = (): Promise<void> =>
    attempt(async ({ modelId, variant }, signal) => {
      const details = await hub().describe(modelId, signal);
      const first = variant ?? details.variants[0]?.name;
      if (!signal.aborted) setCloseup({ details, variant: first });
      const [license, fit] = await Promise.all([
        hub().showLicense(modelId, signal),
        hub().judgeFit(modelId, filesOf(details, first), signal),
      ]);
      const variantFits = judgeVariants(details.variants, fit);
      const best = variant ?? selectVariant(details.variants, variantFits)?.name;
      if (signal.aborted) return;
      setCloseup({ license, variantFits });
      // The user may have chosen meanwhile.
      if (store.state.closeup?.variant !== first) return;
      setCloseup({ variant: best, ...(best === first && { fit }) });
      if (best === first) return;
      const bestFit = await hub().judgeFit(modelId, filesOf(details, best), signal);
      if (!signal.aborted && store.state.closeup?.variant === best) setCloseup({ fit: bestFit });
    });

  return {
    get state() {
      return store.state;
    },
    subscribe: store.subscribe,
    async search(query) {
      searching?.abort();
      const own = new AbortController();
      searching = own;
      looking.abort();
      set({ isSearching: true, failure: undefined, closeup: undefined });
      try {
        const results = await hub().search(query, own.signal);
        if (own === searching) set({ isSearching: false, results });
      } catch (error) {
        if (own !== searching) return;
        const isNothing = error instanceof ApiFailure && error.code === "E_NOT_FOUND";
        set({ isSearching: false, ...(isNothing ? { results: [] } : { failure: toApiFailure(error) }) });
      }
    },
    async look(modelId) {
      looking.abort();
      if (store.state.closeup?.modelId === modelId) return set({ closeup: undefined });
      looking = new AbortController();
      set({ closeup: { ...unknown, modelId } });
      await read();
    },
    choose: (variant) => {
      setCloseup({ variant, fit: undefined });
      return attempt(async ({ modelId, details }, signal) => {
        const fit = await hub().judgeFit(modelId, details && filesOf(details, variant), signal);
        // Another one may have been chosen meanwhile.
        if (!signal.aborted && store.state.closeup?.variant === variant) setCloseup({ fit });
      });
    },
    accept: (userId) =>
      attempt(async ({ modelId, license }, signal) => {
        await hub().acceptLicense(modelId, userId, license?.license_type ?? "");
        const now = await hub().showLicense(modelId, signal);
        if (!signal.aborted) setCloseup({ license: now });
      }),
    install: () =>
      attempt(({ modelId, details, variant }) =>
        hub().install(modelId, details && filesOf(details, variant)),
      ),
    cancel: () => attempt(({ modelId }) => hub().cancel(modelId)),
    refresh: read,
    dismiss: () => {
      setCloseup({ failure: undefined });
      set({ failure: undefined });
    },
  };
}

const unknown: Omit<Closeup, "modelId"> = {
  details: undefined,
  license: undefined,
  fit: undefined,
  variantFits: {},
  variant: undefined,
  isBusy: false,
  failure: undefined,
};

/** Of a variant, with what every variant needs; undefined: all there is. */
function filesOf({ files, variants }: ModelDetails, name: string | undefined): string[] | undefined {
  const chosen = variants.find((variant) => variant.name === name);
  if (!chosen) return undefined;
  const others = new Set(
    variants.filter((variant) => variant !== chosen).flatMap((variant) => variant.files),
  );
  return files.map(({ path }) => path).filter((path) => !others.has(path));
}
