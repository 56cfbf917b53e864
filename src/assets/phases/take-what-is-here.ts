// At an explicit place a file that is there already, and is what the source would send, is not fetched again: another
// revision, or another choice of a snapshot's files, costs only what differs.
import { stat } from "node:fs/promises";
import { loadAssetInfo } from "../asset-info.ts";
import type { AssetJob } from "../asset-job.ts";
import { hashFile } from "../checksum.ts";
import type { SourcePlan } from "../sources/source.ts";

/** The plan without the pieces whose bytes are in place; those are put into stock. */
export async function takeWhatIsHere(job: AssetJob, plan: SourcePlan): Promise<SourcePlan> {
  const { asset, places, stock, signal } = job;
  if (!asset.place || asset.files || asset.unpack || job.isForced) return plan;
  const recorded = new Map((await loadAssetInfo(places))?.files.map((file) => [file.path, file]));
  const rest = [];
  for (const piece of plan.pieces) {
    const { gives, checksum, sizeBytes } = piece;
    const path = gives.kind === "file" ? gives.path : null;
    const from = path === null ? null : places.filePath(path);
    const seen = from === null ? null : await stat(from).catch(() => null);
    if (path === null || from === null || checksum === null || !seen?.isFile() || seen.size !== sizeBytes) {
      rest.push(piece);
      continue;
    }
    const record = recorded.get(path);
    const isAsRecorded = record?.size_bytes === seen.size && record.mtime_ms === seen.mtimeMs;
    if (isAsRecorded && checksum.algorithm === "sha256" && record.sha256 === checksum.digest) {
      stock.set(path, { path, from, sizeBytes: seen.size, sha256: record.sha256 });
      continue;
    }
    const { digests } = await hashFile(from, [checksum.algorithm, "sha256"], { signal });
    if (digests.get(checksum.algorithm) !== checksum.digest) rest.push(piece);
    else stock.set(path, { path, from, sizeBytes: seen.size, sha256: digests.get("sha256") ?? "" });
  }
  return { ...plan, pieces: rest };
}
