// The wire form of what is installed, the same from the command line and over HTTP.
import type { DownloadOutcome } from "./download/download-snapshot.ts";
import type { LicenseState } from "./licenses/licenses.ts";
import type { Migration } from "./migrate/apply-migration.ts";
import type { Collected } from "./tidy/collect-garbage.ts";
import type { PinOutcome } from "./tidy/pin-model.ts";
import type { ScanItem } from "./tidy/scan-disk.ts";
import type { ModelVerification } from "./tidy/verify-models.ts";

export const encodeDownload = (outcome: DownloadOutcome) => ({
  model_id: outcome.modelId,
  install_path: outcome.installPath,
  library: outcome.library,
  revision: outcome.revision,
  commit: outcome.commit,
  total_size: outcome.totalBytes,
  file_count: outcome.fileCount,
  resumed_bytes: outcome.resumedBytes,
  downloaded_bytes: outcome.downloadedBytes,
  ...(outcome.isUnchecked && { unchecked: true }),
  ...(outcome.warnings.length > 0 && { warnings: [...outcome.warnings] }),
  ...(outcome.isDryRun && {
    dry_run: true,
    missing_size: outcome.missingBytes,
    files: outcome.files.map(({ path, sizeBytes, isHere }) => ({ path, size: sizeBytes, present: isHere })),
  }),
});

export const encodeLicense = (state: LicenseState) => ({
  model_id: state.modelId,
  license_type: state.licenseType,
  requires_acceptance: state.requiresAcceptance,
  accepted: state.accepted,
  acceptance_info: state.acceptance,
});

export const encodePin = ({ modelId, pinned, action }: PinOutcome) => ({ model_id: modelId, pinned, action });

export const encodeVerification = ({ modelId, status, changed, missing, extra }: ModelVerification) => ({
  model_id: modelId,
  status,
  changed,
  missing,
  extra,
});

export const encodeScan = ({ items, totalBytes }: { items: readonly ScanItem[]; totalBytes: number }) => ({
  items: items.map(({ path, modelId, sizeBytes, lastAccessed, isKnown }) => ({
    path,
    ...(modelId !== undefined && { model_id: modelId }),
    size: sizeBytes,
    last_accessed: lastAccessed,
    known: isKnown,
  })),
  total_size: totalBytes,
});

export const encodeCollected = ({ removed, freedBytes, isDryRun }: Collected) => ({
  removed_models: removed.map(({ modelId, sizeBytes, path, note }) => ({
    model_id: modelId,
    size: sizeBytes,
    path,
    ...(note !== undefined && { note }),
  })),
  freed_space: freedBytes,
  dry_run: isDryRun,
});

export const encodeMigration = ({ moved, removed, mirrored, conflicts, isDryRun }: Migration) => ({
  operation: "migrate",
  moved,
  removed,
  mirrored,
  conflicts,
  dry_run: isDryRun,
});
