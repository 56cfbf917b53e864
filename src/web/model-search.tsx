// What the hub has: a line to search by, the models that were found, and a closer look at one of them.
import { useState } from "preact/hooks";
import { Failure } from "./banner.tsx";
import type { ModelSort, ModelSummary } from "./hub-api.ts";
import { Icon } from "./icons.tsx";
import { formatCount } from "./measures.ts";
import { ModelCloseup } from "./model-closeup.tsx";
import type { ModelFinder } from "./model-finder.ts";
import type { Download } from "./server-state.ts";
import { useStore } from "./use-store.ts";

export interface ModelSearchProps {
  finder: ModelFinder;
  downloads: readonly Download[];
  onKey: (key: string) => void;
}

export function ModelSearch({ finder, downloads, onKey }: ModelSearchProps) {
  const { isSearching, results, failure, closeup } = useStore(finder);
  return (
    <section class="sheet" aria-label="Search">
      <SearchLine finder={finder} isSearching={isSearching} />
      {failure && <Failure failure={failure} onKey={onKey} onDismiss={() => finder.dismiss()} />}
      <p class="hint" role="status">
        {isSearching ? "Asking the hub…" : describeResults(results)}
      </p>
      <ul class="finds">
        {results?.map((model) => {
          const { model_id: id } = model;
          const isOpen = closeup?.modelId === id;
          return (
            <li key={id} data-open={isOpen || undefined}>
              <button type="button" class="find" aria-expanded={isOpen} onClick={() => void finder.look(id)}>
                <b>{id}</b>
                <span>{describeModel(model)}</span>
              </button>
              {isOpen && closeup && (
                <ModelCloseup
                  closeup={closeup}
                  finder={finder}
                  download={downloads.find(({ asset }) => asset === id)}
                  onKey={onKey}
                />
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function SearchLine({ finder, isSearching }: { finder: ModelFinder; isSearching: boolean }) {
  const [search, setSearch] = useState("");
  const [owner, setOwner] = useState("");
  const [sort, setSort] = useState<ModelSort>("downloads");
  const isEmpty = search.trim() === "" && owner.trim() === "";
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isEmpty) void finder.search({ search: search.trim(), owner: owner.trim(), sort });
      }}
    >
      <label class="field wide">
        Look for
        <input
          type="search"
          value={search}
          placeholder="qwen gguf"
          autocomplete="off"
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        By
        <input
          type="text"
          value={owner}
          placeholder="anybody"
          autocomplete="off"
          onInput={(event) => setOwner(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        First
        <select value={sort} onChange={(event) => setSort(event.currentTarget.value as ModelSort)}>
          <option value="downloads">most downloaded</option>
          <option value="likes">most liked</option>
          <option value="modified">newest</option>
        </select>
      </label>
      <button type="submit" class="main-deed" disabled={isEmpty || isSearching}>
        <Icon name="search" />
        Search
      </button>
    </form>
  );
}

function describeResults(results: readonly ModelSummary[] | undefined): string {
  if (!results) return "Models of the hub can be brought here: language models, voices, recognisers.";
  if (results.length === 0) return "The hub has nothing of that name. Try fewer or other words.";
  return results.length === 1 ? "One model was found." : `${results.length} models were found.`;
}

function describeModel({ downloads, likes, license, gated, library_name: library }: ModelSummary): string {
  return [
    `${formatCount(downloads)} downloads`,
    `${formatCount(likes)} likes`,
    license ?? "no licence named",
    library,
    gated === false ? undefined : "asks who you are",
  ]
    .filter((part) => part !== undefined && part !== null)
    .join(" · ");
}
