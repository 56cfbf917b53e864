// What is still on its way to this machine: bytes, rate, time left, and what went wrong.
import { formatBytes, formatSeconds } from "./measures.ts";
import { formatPlace } from "./place.ts";
import type { Download } from "./server-state.ts";

export function Downloads({ downloads }: { downloads: readonly Download[] }) {
  if (downloads.length === 0) return null;
  const running = downloads.filter(({ error }) => error === undefined);
  // How much there is of one is known when its transfer begins.
  const known = running.filter(({ totalBytes }) => totalBytes !== null);
  const sum = (of: (download: Download) => number): number => known.reduce((all, one) => all + of(one), 0);
  const [done, total] = [sum(({ doneBytes }) => doneBytes), sum(({ totalBytes }) => totalBytes ?? 0)];
  return (
    <section class="notes downloads" aria-label="Downloads">
      <details open={!matchMedia("(max-width: 760px)").matches}>
        <summary>
          {running.length === 0
            ? `${downloads.length === 1 ? "A download" : `${downloads.length} downloads`} failed`
            : `Getting ready${total > 0 ? `: ${Math.floor((done / total) * 100)} %` : "…"}`}
          {running.length > 0 && (
            <progress aria-label="All downloads" {...(total > 0 && { max: total, value: done })} />
          )}
        </summary>
        <ul>
          {downloads.map((download) => (
            <li key={download.asset}>
              {describeAsset(download.asset)}
              <p class={download.error === undefined ? "" : "problem"}>
                {download.error ?? describeProgress(download)}
              </p>
            </li>
          ))}
        </ul>
        <p>
          {running.some(({ asset }) => findUse(asset) !== undefined) &&
            "Typing works already. Voice and ears join as soon as they are here. "}
          <a href={formatPlace({ view: "downloads" })}>All downloads</a>
        </p>
      </details>
    </section>
  );
}

/** What the usual ones are for; any other keeps its name. */
export function describeAsset(asset: string): string {
  const use = findUse(asset);
  return use === undefined ? asset : `${use} (${asset})`;
}

export function findUse(asset: string): string | undefined {
  const uses = [
    [/^kokoro-voices/, "Voices"],
    [/^kokoro/, "Speech"],
    [/^(moonshine|whisper)/, "Listening"],
    [/^silero/, "Turn-taking"],
  ] as const;
  return uses.find(([pattern]) => pattern.test(asset))?.[1];
}

const phaseWords: Readonly<Record<string, string>> = {
  resolve: "looking where it is",
  licence: "looking at its licence",
  compatibility: "looking whether it runs here",
  lock: "waiting for another program",
  recheck: "looking whether it is here",
  quota: "looking whether it fits",
  space: "looking whether it fits",
  download: "downloading",
  verify: "checking",
  unpack: "unpacking",
  place: "putting it in place",
  register: "putting it in place",
  "mirror-config": "putting it in place",
};

export function describeProgress({ doneBytes, totalBytes, bytesPerSecond, phase }: Download): string {
  const what = phaseWords[phase] ?? phase;
  const rate = bytesPerSecond > 0 ? `, ${formatBytes(bytesPerSecond)}/s` : "";
  if (totalBytes === null) return doneBytes === 0 ? what : `${what}, ${formatBytes(doneBytes)} so far${rate}`;
  if (phase !== "download") return what;
  const amount = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  if (rate === "") return amount;
  const left = formatSeconds(Math.max(0, totalBytes - doneBytes) / bytesPerSecond);
  return `${amount}${rate}, ${left} left`;
}
