// Models: search the hub, bring one here, keep the shelf tidy.
import { useEffect, useRef } from "preact/hooks";
import { Failure } from "./banner.tsx";
import { formatBytes } from "./measures.ts";
import type { ModelFinder } from "./model-finder.ts";
import { ModelSearch } from "./model-search.tsx";
import type { ModelShelf, ModelShelfState } from "./model-shelf.ts";
import { FreeSpace, InstalledModels } from "./installed-models.tsx";
import type { ServerState } from "./server-state.ts";
import { useReturns } from "./use-returns.ts";
import { useStore } from "./use-store.ts";

export interface ModelsRoomProps {
  finder: ModelFinder;
  shelf: ModelShelf;
  server: ServerState;
  onKey: (key: string) => void;
}

export function ModelsRoom({ finder, shelf, server, onKey }: ModelsRoomProps) {
  const state = useStore(shelf);
  const { assetNews, downloads } = server;
  const returns = useReturns();
  useEffect(() => void shelf.refresh(), [shelf, assetNews, returns]);
  const isFirst = useRef(true);
  useEffect(() => {
    // What was being looked at may have come; at the first time there is no news of it.
    if (!isFirst.current) void finder.refresh();
    isFirst.current = false;
  }, [finder, assetNews]);
  // What was refused for want of a key need not be said any more.
  const useKey = (key: string): void => {
    onKey(key);
    shelf.dismiss();
    finder.dismiss();
  };
  return (
    <main class="stage room" id="stage" tabIndex={-1} aria-label="Models">
      <header class="room-head">
        <h2>Models</h2>
        <p>{summarize(state.models)}</p>
      </header>
      <div class="leaf">
        {state.failure && (
          <Failure failure={state.failure} onKey={useKey} onDismiss={() => shelf.dismiss()} />
        )}
        <ModelSearch finder={finder} downloads={downloads} onKey={useKey} />
        <InstalledModels shelf={shelf} state={state} downloads={downloads} />
        <FreeSpace shelf={shelf} state={state} />
      </div>
    </main>
  );
}

export function summarize(models: ModelShelfState["models"]): string {
  if (!models) return "…";
  const bytes = models.reduce((sum, { total_size: size }) => sum + (size ?? 0), 0);
  if (models.length === 0) return "None is installed.";
  return `${models.length === 1 ? "One is" : `${models.length} are`} installed, ${formatBytes(bytes)}.`;
}
