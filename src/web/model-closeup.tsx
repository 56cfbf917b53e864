// One model of the hub, closer: which size, does it fit this machine, what does its licence ask; and then bring it here.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Failure } from "./banner.tsx";
import { describeProgress } from "./downloads.tsx";
import type { Fit, License, ModelDetails } from "./hub-api.ts";
import { Icon } from "./icons.tsx";
import { formatBytes, formatCount } from "./measures.ts";
import type { Closeup, ModelFinder } from "./model-finder.ts";
import { toSentence } from "./plain-words.ts";
import { ProgressBar } from "./progress-bar.tsx";
import type { Download } from "./server-state.ts";

export interface ModelCloseupProps {
  closeup: Closeup;
  finder: ModelFinder;
  download: Download | undefined;
  onKey: (key: string) => void;
}

export function ModelCloseup({ closeup, finder, download, onKey }: ModelCloseupProps) {
  const { details, license, fit, variantFits, failure, variant, isBusy } = closeup;
  return (
    <div class="closeup">
      {failure && <Failure failure={failure} onKey={onKey} onDismiss={() => finder.dismiss()} />}
      {!details && isBusy && <p class="hint">Looking closer…</p>}
      {details && (
        <>
          <p class="item-facts">
            {describeDetails(details)} · <PageLink url={details.page_url}>its page</PageLink>
          </p>
          {details.variants.length > 1 && (
            <fieldset class="variants">
              <legend>Which size?</legend>
              {details.variants.map(({ name, size }) => (
                <label key={name}>
                  <input
                    type="radio"
                    name={`variant of ${closeup.modelId}`}
                    checked={name === variant}
                    onChange={() => void finder.choose(name)}
                  />
                  <span>
                    {name}
                    {variantFits[name] !== undefined && (
                      <small class={variantFits[name]}>{variantWords[variantFits[name]]}</small>
                    )}
                  </span>
                  <span class="size">{formatBytes(size)}</span>
                </label>
              ))}
            </fieldset>
          )}
          {fit ? <FitNote fit={fit} /> : isBusy && <p class="hint">Looking whether it fits this machine…</p>}
          {license && (
            <LicenseNote license={license} url={details.page_url} finder={finder} isBusy={isBusy} />
          )}
          {details.warnings.map((warning) => (
            <p class="hint" key={warning}>
              {toSentence(warning)}
            </p>
          ))}
          <Install closeup={closeup} details={details} finder={finder} download={download} />
        </>
      )}
    </div>
  );
}

function describeDetails(details: ModelDetails): string {
  const { parameters, quantization, context_length: contextLength, architecture } = details;
  return [
    details.file_count === 1 ? "1 file" : `${details.file_count} files`,
    `${formatBytes(details.total_size)} in all`,
    parameters === undefined ? undefined : `${formatParameters(parameters)} parameters`,
    architecture,
    quantization,
    contextLength === undefined ? undefined : `${formatCount(contextLength)} tokens of context`,
  ]
    .filter((part) => part !== undefined)
    .join(" · ");
}

const formatParameters = (count: number): string =>
  count < 1e9 ? `${Math.round(count / 1e6)} million` : `${(count / 1e9).toFixed(1)} billion`;

const variantWords = { ok: "fits", warn: "tight", no: "too large" } as const;

const fitWords = {
  ok: "It fits this machine.",
  warn: "It runs here, with a doubt:",
  no: "It does not fit this machine:",
} as const;

function FitNote({ fit }: { fit: Fit }) {
  const { compatibility, warnings, recommendations } = fit;
  return (
    <div class={`fit ${compatibility}`} role="status">
      <p>
        <b>{fitWords[compatibility]}</b> {warnings.map(toSentence).join(" ")}
      </p>
      {recommendations.length > 0 && <p>{recommendations.map(toSentence).join(" ")}</p>}
    </div>
  );
}

/** Another site, in a window of its own, that is not told where one came from. */
function PageLink({ url, children }: { url: string; children: ComponentChildren }) {
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}

interface LicenseNoteProps {
  license: License;
  url: string;
  finder: ModelFinder;
  isBusy: boolean;
}

function LicenseNote({ license, url, finder, isBusy }: LicenseNoteProps) {
  const [name, setName] = useState("");
  const { license_type: type, requires_acceptance: isAsked, accepted: isAccepted } = license;
  if (!isAsked)
    return <p>{type === null ? "It names no licence." : `Licence: ${type}. Nothing has to be accepted.`}</p>;
  if (isAccepted) return <p class="good">Licence: {type}. It has been accepted on this machine.</p>;
  return (
    <form
      class="licence"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") void finder.accept(name.trim());
      }}
    >
      <p>
        Its licence, <b>{type}</b>, has to be accepted first. Read it on{" "}
        <PageLink url={url}>the model's page</PageLink>, then say who accepts it; name, time and licence are
        kept on this machine.
      </p>
      <label class="field">
        Your name
        <input
          type="text"
          value={name}
          autocomplete="name"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={isBusy || name.trim() === ""}>
        I accept
      </button>
    </form>
  );
}

interface InstallProps {
  closeup: Closeup;
  details: ModelDetails;
  finder: ModelFinder;
  download: Download | undefined;
}

function Install({ closeup, details, finder, download }: InstallProps) {
  const { license, fit, isBusy, variant } = closeup;
  if (download && download.error === undefined) {
    return (
      <div>
        <ProgressBar download={download} />
        <div class="deeds">
          <span class="hint">{describeProgress(download)}</span>
          <button
            type="button"
            disabled={isBusy}
            title="Ends it, and throws away what has come"
            onClick={() => void finder.cancel()}
          >
            <Icon name="close" />
            Cancel
          </button>
        </div>
      </div>
    );
  }
  const size = details.variants.find(({ name }) => name === variant)?.size ?? details.total_size;
  const isLicensed = license !== undefined && (!license.requires_acceptance || license.accepted);
  return (
    <div class="deeds">
      {details.installed && <span class="good">It is here.</span>}
      <button
        type="button"
        class={details.installed ? undefined : "main-deed"}
        disabled={isBusy || !isLicensed}
        onClick={() => void finder.install()}
      >
        <Icon name="download" />
        {details.installed
          ? `Bring what is missing${variant === undefined ? "" : ` of ${variant}`}`
          : `Install${variant === undefined ? "" : ` ${variant}`}, ${formatBytes(size)}`}
      </button>
      {fit?.compatibility === "no" && <span class="hint">It can be brought here all the same.</span>}
      {download?.error !== undefined && (
        <span class="problem" role="alert">
          {download.error}
        </span>
      )}
    </div>
  );
}
