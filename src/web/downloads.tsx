// What is still on its way to this machine: bytes, rate, time left, and what went wrong.
import type { Download } from "./server-state.ts";

export function Downloads({ downloads }: { downloads: readonly Download[] }) {
  if (downloads.length === 0) return null;
  return (
    <section class="downloads" aria-label="Downloads">
      <h2>Getting ready</h2>
      {downloads.map((download) => (
        <div key={download.asset}>
          <label>
            {download.asset}
            {download.error === undefined && (
              <progress
                max={download.totalBytes ?? undefined}
                value={download.totalBytes === null ? undefined : download.doneBytes}
              />
            )}
          </label>
          <p>{download.error ?? describeProgress(download)}</p>
        </div>
      ))}
      <p>Typing works already; voices join as soon as they are here.</p>
    </section>
  );
}

function describeProgress({ doneBytes, totalBytes, bytesPerSecond, phase }: Download): string {
  const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 1 : 0)} MiB`;
  if (totalBytes === null) return `${phase}, ${megabytes(doneBytes)}`;
  const secondsLeft = bytesPerSecond > 0 ? Math.ceil((totalBytes - doneBytes) / bytesPerSecond) : undefined;
  const left = secondsLeft === undefined ? "" : `, ${secondsLeft} s left`;
  return `${phase}: ${megabytes(doneBytes)} of ${megabytes(totalBytes)}, ${megabytes(bytesPerSecond)}/s${left}`;
}
