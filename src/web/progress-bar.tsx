// How far a download is; without an end while nobody knows how much there is of it.
import type { Download } from "./server-state.ts";

export function ProgressBar({ download }: { download: Download }) {
  const { asset, totalBytes, doneBytes } = download;
  return <progress aria-label={asset} {...(totalBytes !== null && { max: totalBytes, value: doneBytes })} />;
}
