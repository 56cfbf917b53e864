// All that this machine has, or could have: what comes, how fast and how long still; begin, cancel, try again, check, remove.
import { useEffect } from "preact/hooks";
import type { AssetDesk, AssetDeskState, AssetRow, AssetVerdict } from "./asset-desk.ts";
import { Failure } from "./banner.tsx";
import { describeProgress, findUse } from "./downloads.tsx";
import { Icon } from "./icons.tsx";
import { formatBytes, formatSeconds } from "./measures.ts";
import { formatPlace } from "./place.ts";
import { ProgressBar } from "./progress-bar.tsx";
import { RemoveButton } from "./remove-button.tsx";
import type { Download, ServerState } from "./server-state.ts";
import { useReturns } from "./use-returns.ts";
import { useStore } from "./use-store.ts";

export interface DownloadsRoomProps {
  desk: AssetDesk;
  server: ServerState;
  onKey: (key: string) => void;
}

export function DownloadsRoom({ desk, server, onKey }: DownloadsRoomProps) {
  const state = useStore(desk);
  const { assetNews, downloads } = server;
  const returns = useReturns();
  useEffect(() => void desk.refresh(), [desk, assetNews, returns]);
  const { assets, busy } = state;
  const known = new Set(assets?.map(({ name }) => name));
  const strangers = downloads.filter(({ asset }) => !known.has(asset));
  return (
    <main class="stage room" id="stage" tabIndex={-1} aria-label="Downloads">
      <header class="room-head">
        <h2>Downloads</h2>
        <p>{summarize(assets, downloads)}</p>
      </header>
      <div class="leaf">
        {state.failure && <Failure failure={state.failure} onKey={onKey} onDismiss={() => desk.dismiss()} />}
        {assets?.length === 0 && strangers.length === 0 && (
          <p class="hint">There is nothing to bring here.</p>
        )}
        <ul class="rows" aria-label="Assets">
          {assets?.map((asset) => (
            <AssetItem
              key={asset.name}
              asset={asset}
              download={downloads.find((download) => download.asset === asset.name)}
              desk={desk}
              state={state}
            />
          ))}
          {strangers.map((download) => (
            <li class="item" key={download.asset}>
              <div class="item-words">
                <h3 class="item-name">{download.asset}</h3>
                <Progress download={download} />
              </div>
              <div class="item-deeds">
                {download.error === undefined ? (
                  <CancelButton
                    name={download.asset}
                    desk={desk}
                    isBusy={busy[download.asset] !== undefined}
                  />
                ) : (
                  <a href={formatPlace({ view: "models" })}>Look for it among the models</a>
                )}
              </div>
            </li>
          ))}
        </ul>
      </div>
    </main>
  );
}

interface AssetItemProps {
  asset: AssetRow;
  download: Download | undefined;
  desk: AssetDesk;
  state: AssetDeskState;
}

function AssetItem({ asset, download, desk, state }: AssetItemProps) {
  const { name, description, size_bytes: sizeBytes } = asset;
  const use = findUse(name);
  const status = describeStatus(asset, download, state.busy[name]);
  const facts = [
    use === undefined ? undefined : name,
    sizeBytes === null ? undefined : formatBytes(sizeBytes),
    asset.version === "latest" ? undefined : `version ${asset.version}`,
    `from ${sourceWords[asset.source_type] ?? asset.source_type}`,
  ].filter((fact) => fact !== undefined);
  return (
    <li class="item" data-status={status.kind}>
      <div class="item-words">
        <h3 class="item-name">
          {use ?? name} <span class={`badge ${status.kind}`}>{status.text}</span>
        </h3>
        <p class="item-facts">{facts.join(" · ")}</p>
        {description !== undefined && <p>{description}</p>}
        {download && <Progress download={download} />}
        <Verdict verdict={state.verdicts[name]} />
      </div>
      <Deeds
        asset={asset}
        download={download}
        verdict={state.verdicts[name]}
        desk={desk}
        isBusy={state.busy[name] !== undefined}
      />
    </li>
  );
}

function Progress({ download }: { download: Download }) {
  const { error } = download;
  if (error !== undefined) {
    return (
      <p class="problem" role="alert">
        {error}
      </p>
    );
  }
  return (
    <>
      <ProgressBar download={download} />
      <p>{describeProgress(download)}</p>
    </>
  );
}

function Verdict({ verdict }: { verdict: AssetVerdict | undefined }) {
  if (!verdict) return null;
  const { status, expected, found, bad_files: badFiles = [] } = verdict;
  if (status === "ok" || status === "no checksum") {
    return (
      <p class="good" role="status">
        {status === "ok"
          ? "Checked: every byte is as it should be."
          : "Checked: it is whole, as far as can be told without a checksum."}
      </p>
    );
  }
  return (
    <div class="problem" role="alert">
      <p>{verdictWords[status]}</p>
      {badFiles.length > 0 ? (
        <ul class="bad-files">
          {badFiles.map((file) => (
            <li key={file.path}>
              <code>{file.path}</code> {file.found === null ? "is not there" : "is not what it should be"}
            </li>
          ))}
        </ul>
      ) : (
        expected !== null &&
        found !== null && (
          <p class="digests">
            <code>expected {expected}</code> <code>found {found}</code>
          </p>
        )
      )}
    </div>
  );
}

const verdictWords = {
  changed: "It is not what it should be. Download it anew.",
  missing: "It is gone from the disk. Download it anew.",
  "not cached": "It is not here, so there is nothing to check.",
} as const;

function CancelButton({ name, desk, isBusy }: { name: string; desk: AssetDesk; isBusy: boolean }) {
  return (
    <button
      type="button"
      disabled={isBusy}
      title="Ends it, and throws away what has come"
      onClick={() => void desk.cancel(name)}
    >
      <Icon name="close" />
      Cancel<span class="visually-hidden"> {name}</span>
    </button>
  );
}

interface DeedsProps {
  asset: AssetRow;
  download: Download | undefined;
  verdict: AssetVerdict | undefined;
  desk: AssetDesk;
  isBusy: boolean;
}

function Deeds({ asset, download, verdict, desk, isBusy }: DeedsProps) {
  const { name, status } = asset;
  if (download && download.error === undefined) {
    return (
      <div class="item-deeds">
        <CancelButton name={name} desk={desk} isBusy={isBusy} />
      </div>
    );
  }
  const isHere = status === "cached" || status === "invalid checksum";
  const isDoubtful = status === "invalid checksum" || ["changed", "missing"].includes(verdict?.status ?? "");
  const word = download
    ? "Try again"
    : isDoubtful
      ? "Download anew"
      : status === "partial"
        ? "Go on"
        : "Download";
  return (
    <div class="item-deeds">
      {(!isHere || isDoubtful || download) && (
        <button
          type="button"
          class="main-deed"
          disabled={isBusy}
          onClick={() => void desk.download(name, { force: isDoubtful })}
        >
          <Icon name={download || isDoubtful ? "again" : "download"} />
          {word}
          <span class="visually-hidden"> {name}</span>
        </button>
      )}
      {isHere && (
        <button type="button" disabled={isBusy} onClick={() => void desk.verify(name)}>
          <Icon name="check" />
          Check<span class="visually-hidden"> {name}</span>
        </button>
      )}
      {isHere && <RemoveButton name={name} isDisabled={isBusy} onRemove={() => void desk.remove(name)} />}
    </div>
  );
}

const sourceWords: Readonly<Record<string, string>> = {
  hf: "the model hub",
  npm: "the package registry",
  http: "the web",
  local: "this machine",
};

const deedWords = {
  download: "asked for",
  cancel: "being cancelled",
  verify: "being checked",
  remove: "being removed",
} as const;

function describeStatus(
  asset: AssetRow,
  download: Download | undefined,
  deed: AssetDeskState["busy"][string] | undefined,
): { kind: "here" | "away" | "coming" | "broken"; text: string } {
  if (deed !== undefined) return { kind: "coming", text: deedWords[deed] };
  if (download) {
    return download.error === undefined
      ? { kind: "coming", text: "on its way" }
      : { kind: "broken", text: "failed" };
  }
  switch (asset.status) {
    case "cached":
      return { kind: "here", text: "here" };
    case "invalid checksum":
      return { kind: "broken", text: "damaged" };
    case "partial":
      return { kind: "away", text: `${Math.floor((asset.partial_fraction ?? 0) * 100)} % here` };
    default:
      return { kind: "away", text: "not here" };
  }
}

/** One line on all of it: how much is here, what comes, how long still. */
export function summarize(assets: readonly AssetRow[] | undefined, downloads: readonly Download[]): string {
  if (!assets) return "…";
  const here = assets.filter(({ status }) => status === "cached");
  const bytes = here.reduce((sum, { size_bytes: sizeBytes }) => sum + (sizeBytes ?? 0), 0);
  const stock = `${here.length} of ${assets.length} here${bytes > 0 ? `, ${formatBytes(bytes)}` : ""}`;
  const running = downloads.filter(({ error }) => error === undefined);
  if (running.length === 0) return `${stock}. Nothing is on its way.`;
  const rate = running.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0);
  // How long it takes is known when it is known of all how much there is.
  const left = running.reduce((sum, one) => sum + Math.max(0, (one.totalBytes ?? NaN) - one.doneBytes), 0);
  const time = Number.isNaN(left) ? "" : `, ${formatSeconds(left / rate)} left`;
  const pace = rate > 0 ? `: ${formatBytes(rate)}/s${time}` : "";
  return `${stock}. ${running.length} on the way${pace}.`;
}
