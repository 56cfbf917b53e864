// The phase that proves what was fetched, before anything of it gets a name.
import { withFileErrors } from "../../base/atomic-file.ts";
import { AppError } from "../../base/errors.ts";
import { infoFileName } from "../asset-layout.ts";
import type { AssetJob, Delivery } from "../asset-job.ts";
import { type FileDigests, hashFile, manifestChecksum } from "../checksum.ts";
import { type FetchPiece, listAlgorithms } from "../sources/source.ts";

/** E_VERIFY with both digests for a piece that is not what it should be; those that are go into stock all the same. */
export async function verify(job: AssetJob, { source, fetched, plan }: Delivery): Promise<void> {
  const failures: AppError[] = [];
  const isAlone = fetched.length === 1;
  for (const { piece, partPath, digests } of fetched) {
    const { gives } = piece;
    const found =
      digests ?? (await withFileErrors(partPath, () => hashFile(partPath, listAlgorithms(piece), job)));
    const failure = findDifference(piece, found, isAlone);
    if (failure) failures.push(failure);
    else if (gives.kind === "file") {
      const sha256 = found.digests.get("sha256") ?? "";
      job.stock.set(gives.path, { path: gives.path, from: partPath, sizeBytes: found.sizeBytes, sha256 });
    }
  }
  if (failures[0]) throw failures[0];
  if (!plan) return;
  const label = plan.pieces[0]?.label ?? job.asset.name;
  requireFreeNames(job, label);
  const hasArchives = plan.pieces.some((piece) => piece.gives.kind === "tarball");
  if (!hasArchives) proveWhole(job, label);
  job.deliveredBy = { source, isFolder: plan.isFolder() };
}

/** The declared checksum of an asset without a manifest, against all that is in stock. E_VERIFY. */
export function proveWhole({ asset, stock }: AssetJob, label: string): void {
  if (asset.checksum === undefined || stock.size === 0) return;
  const found = manifestChecksum([...stock.values()]);
  if (found !== asset.checksum) throw wrongBytes(label, null, asset.checksum, found);
}

/** The record's own name is not for files of the asset. E_VERIFY. */
export function requireFreeNames({ asset, places, stock }: AssetJob, label: string): void {
  if (places.tenure !== "own") return; // its record lies elsewhere
  const taken = [...stock.keys()].find((path) => path.toLowerCase() === infoFileName);
  if (taken === undefined) return;
  throw new AppError("E_VERIFY", `${label} has a file ${taken}, a name that is kept for an asset's record`, {
    asset: asset.name,
    source: label,
    path: taken,
    is_final: true,
  });
}

function findDifference(
  { label, sizeBytes, checksum }: FetchPiece,
  found: FileDigests,
  isAlone: boolean,
): AppError | null {
  if (sizeBytes !== null && sizeBytes !== found.sizeBytes) {
    return wrongBytes(label, null, `${sizeBytes} bytes`, `${found.sizeBytes} bytes`);
  }
  if (isAlone && found.sizeBytes === 0) return wrongBytes(label, null, "some bytes", "none");
  if (!checksum) return null;
  const digest = found.digests.get(checksum.algorithm) ?? "";
  return digest === checksum.digest ? null : wrongBytes(label, null, checksum.digest, digest);
}

export function wrongBytes(label: string, path: string | null, expected: string, found: string): AppError {
  const what = path === null ? label : `${path} in ${label}`;
  return new AppError(
    "E_VERIFY",
    `${what} has the wrong bytes: expected ${expected}, found ${found}; they were thrown away`,
    { source: label, expected, found, ...(path === null ? {} : { path }) },
  );
}
