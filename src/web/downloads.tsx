// What is still on its way to this machine: bytes, rate, time left, and what went wrong.
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
          Getting ready{total > 0 ? `: ${Math.floor((done / total) * 100)} %` : "…"}
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
        <p>Typing works already. Voice and ears join as soon as they are here.</p>
      </details>
    </section>
  );
}

/** What the usual ones are for; any other keeps its name. */
export function describeAsset(asset: string): string {
  const uses = [
    [/^kokoro-voices/, "Voices"],
    [/^kokoro/, "Speech"],
    [/^(moonshine|whisper)/, "Listening"],
    [/^silero/, "Turn-taking"],
  ] as const;
  const use = uses.find(([pattern]) => pattern.test(asset))?.[1];
  return use === undefined ? asset : `${use} (${asset})`;
}

const phaseWords: Readonly<Record<string, string>> = {
  resolve: "looking where it is",
  lock: "waiting for another program",
  recheck: "looking whether it is here",
  space: "looking whether it fits",
  download: "downloading",
  verify: "checking",
  unpack: "unpacking",
  place: "putting it in place",
  register: "putting it in place",
};

export function describeProgress({ doneBytes, totalBytes, bytesPerSecond, phase }: Download): string {
  const what = phaseWords[phase] ?? phase;
  if (totalBytes === null) return doneBytes === 0 ? what : `${what}, ${megabytes(doneBytes)} so far`;
  if (phase !== "download") return what;
  const amount = `${megabytes(doneBytes)} of ${megabytes(totalBytes)}`;
  if (bytesPerSecond <= 0) return amount;
  const secondsLeft = Math.ceil((totalBytes - doneBytes) / bytesPerSecond);
  const left = secondsLeft < 90 ? `${secondsLeft} s` : `${Math.round(secondsLeft / 60)} min`;
  return `${amount}, ${megabytes(bytesPerSecond)}/s, ${left} left`;
}

function megabytes(bytes: number): string {
  const value = bytes / 2 ** 20;
  return `${value.toFixed(value < 10 ? 1 : 0)} MiB`;
}
