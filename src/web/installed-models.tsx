// The models that are here, and how to make room.
import { useState } from "preact/hooks";
import type { InstalledModel, ModelVerification } from "./hub-api.ts";
import { Icon } from "./icons.tsx";
import { formatBytes } from "./measures.ts";
import type { ModelShelf, ModelShelfState } from "./model-shelf.ts";
import { formatPlace } from "./place.ts";
import { RemoveButton } from "./remove-button.tsx";
import type { Download } from "./server-state.ts";

export interface InstalledModelsProps {
  shelf: ModelShelf;
  state: ModelShelfState;
  downloads: readonly Download[];
}

export function InstalledModels({ shelf, state, downloads }: InstalledModelsProps) {
  const { models, busy, verdicts } = state;
  /** What is brought anew is left alone until it is here. */
  const isComing = (id: string): boolean =>
    downloads.some(({ asset, error }) => asset === id && error === undefined);
  return (
    <section class="shelf" aria-label="Installed">
      <h3>Here</h3>
      {models?.length === 0 && <p class="hint">No model has been installed yet.</p>}
      <ul class="rows">
        {models?.map((model) => (
          <li class="item" key={model.model_id}>
            <div class="item-words">
              <h4 class="item-name">
                {model.model_id} {model.pinned && <span class="badge here">pinned</span>}
                {model.in_use && <span class="badge coming">in use</span>}
              </h4>
              <p class="item-facts">{describeInstalled(model)}</p>
              <Verdict verdict={verdicts[model.model_id]} kind={model.kind} />
            </div>
            <Deeds
              model={model}
              shelf={shelf}
              isBusy={busy.has(model.model_id) || isComing(model.model_id)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface DeedsProps {
  model: InstalledModel;
  shelf: ModelShelf;
  isBusy: boolean;
}

function Deeds({ model, shelf, isBusy }: DeedsProps) {
  const { model_id: id, pinned: isPinned } = model;
  return (
    <div class="item-deeds">
      <button
        type="button"
        aria-pressed={isPinned}
        disabled={isBusy}
        title={isPinned ? "It is never removed to make room" : "Never remove it to make room"}
        onClick={() => void shelf.pin(id, !isPinned)}
      >
        <Icon name="pin" />
        Pin<span class="visually-hidden"> {id}</span>
      </button>
      <button type="button" disabled={isBusy} onClick={() => void shelf.verify(id)}>
        <Icon name="check" />
        Check<span class="visually-hidden"> {id}</span>
      </button>
      <RemoveButton
        name={id}
        isDisabled={isBusy || isPinned || model.in_use}
        onRemove={() => void shelf.remove(id)}
      />
    </div>
  );
}

interface VerdictProps {
  verdict: ModelVerification | undefined;
  kind: InstalledModel["kind"];
}

function Verdict({ verdict, kind }: VerdictProps) {
  if (!verdict) return null;
  if (verdict.status === "ok") {
    return (
      <p class="good" role="status">
        Checked: every byte is as it should be.
      </p>
    );
  }
  const rows = [
    ...verdict.changed.map((path) => [path, "is not what it should be"]),
    ...verdict.missing.map((path) => [path, "is not there"]),
  ];
  return (
    <div class="problem" role="alert">
      {kind === "hub" ? (
        <p>It is not whole. Look for it above and install it again: what is wrong is brought anew.</p>
      ) : (
        <p>
          It is not whole. Bring it anew among the <a href={formatPlace({ view: "downloads" })}>downloads</a>.
        </p>
      )}
      <ul class="bad-files">
        {rows.map(([path, what]) => (
          <li key={path}>
            <code>{path}</code> {what}
          </li>
        ))}
      </ul>
    </div>
  );
}

function describeInstalled(model: InstalledModel): string {
  const used = model.last_accessed ?? model.installed_at;
  return [
    model.total_size === null ? undefined : formatBytes(model.total_size),
    model.library,
    used === null ? undefined : `${model.last_accessed === null ? "installed" : "used"} ${formatDay(used)}`,
  ]
    .filter((part) => part !== undefined && part !== null && part !== "")
    .join(" · ");
}

const formatDay = (iso: string): string =>
  new Date(iso).toLocaleDateString(undefined, { dateStyle: "medium" });

/** What would go is shown before anything goes. */
export function FreeSpace({ shelf, state }: { shelf: ModelShelf; state: ModelShelfState }) {
  const [target, setTarget] = useState("1");
  const { collected, isCollecting } = state;
  const targetGb = Number(target);
  const isGoal = Number.isFinite(targetGb) && targetGb > 0;
  const plan = collected?.dry_run === true ? collected : undefined;
  return (
    <section class="sheet" aria-label="Free space">
      <h3>Make room</h3>
      <p>What was used longest ago goes first. What is pinned, or in use right now, stays.</p>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault();
          if (isGoal) void shelf.collect({ targetGb, isDryRun: true });
        }}
      >
        <label class="field">
          GiB to free
          <input
            type="number"
            min="0.1"
            step="any"
            value={target}
            onInput={(event) => {
              setTarget(event.currentTarget.value);
              shelf.forgetPlan();
            }}
          />
        </label>
        <button type="submit" disabled={!isGoal || isCollecting}>
          Show what would go
        </button>
      </form>
      {collected && (
        <div role="status">
          <p>{describeCollected(collected)}</p>
          <ul class="lines">
            {collected.removed_models.map(({ model_id: id, size, path, note }) => (
              <li key={path}>
                <span>
                  {id}
                  {note === undefined ? "" : `: ${note}`}
                </span>
                <span>{formatBytes(size)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {plan && plan.removed_models.length > 0 && (
        <div class="deeds">
          <button
            type="button"
            class="danger"
            disabled={isCollecting}
            onClick={() => void shelf.collect({ targetGb, isDryRun: false })}
          >
            <Icon name="remove" />
            Remove {plan.removed_models.length === 1 ? "it" : `these ${plan.removed_models.length}`},{" "}
            {formatBytes(plan.freed_space)}
          </button>
        </div>
      )}
    </section>
  );
}

function describeCollected({
  removed_models: models,
  freed_space: bytes,
  dry_run: isPlan,
}: ModelShelfState["collected"] & {}): string {
  if (models.length === 0) return isPlan ? "There is nothing that could go." : "Nothing was removed.";
  return isPlan
    ? `This would free ${formatBytes(bytes)}:`
    : `${formatBytes(bytes)} are free again. Gone are:`;
}
