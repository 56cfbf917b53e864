// What a kind of source must be able to say: which pieces to fetch, from where, and what each of them gives.
import type { AppError } from "../../base/errors.ts";
import type { AssetFile } from "../asset-schema.ts";
import type { Checksum } from "../checksum.ts";
import type { Credential } from "../transfer/http-request.ts";

export interface WebOrigin {
  kind: "web";
  url: string;
  credential?: Credential | undefined;
  /** What a refusal names when there is no credential. */
  credentialVariable?: string | undefined;
  isGuarded?: boolean | undefined;
  explainRefusal?: ((response: Response) => AppError | null) | undefined;
}

export interface FetchPiece {
  /** Unique within the source and the same in every run: it names the part on disk. */
  key: string;
  /** What messages call it. */
  label: string;
  origin: WebOrigin | { kind: "disk"; path: string };
  sizeBytes: number | null;
  /** Of the piece as it is fetched. */
  checksum: Checksum | null;
  gives:
    | { kind: "file"; path: string }
    /**
     * A gzipped tar; `placeOf` says which path of the asset an entry becomes, null for what is not wanted. `files` are
     * those of the manifest that it must hold, null without a manifest.
     */
    | {
        kind: "tarball";
        placeOf: (entryPath: string) => string | null;
        files: readonly AssetFile[] | null;
      };
}

/** What has to be known of a piece: what it is proved by, and the sha256 for the record. */
export function listAlgorithms({ checksum, gives }: FetchPiece): Checksum["algorithm"][] {
  const algorithms = new Set<Checksum["algorithm"]>(checksum ? [checksum.algorithm] : []);
  if (gives.kind === "file") algorithms.add("sha256");
  return [...algorithms];
}

export interface SourcePlan {
  pieces: readonly FetchPiece[];
  /** Asked when everything is fetched and unpacked; only for assets without a manifest. */
  isFolder: () => boolean;
}

export interface PlanRequest {
  /** The files that are still missing, of an asset with a manifest; null without one: whatever the source has. */
  wanted: readonly AssetFile[] | null;
  /** The asset consists of one file, so a source's `path` names that file and no folder. */
  isSingleFile: boolean;
  /** The asset was declared by the operator, or by this program: its addresses may be private ones. */
  isTrusted: boolean;
  signal: AbortSignal;
  /** For any request that planning needs. */
  headerTimeoutMs: () => number;
  /** Runs a request of the planning again where that can help. */
  retry: <T>(work: () => Promise<T>) => Promise<T>;
  /** To be called when the source has answered at all. */
  onAnswer: () => void;
}

/** Rejects with E_NET, E_NOT_FOUND, E_PERM, E_LICENSE, E_SCHEMA or E_VERIFY, with `details.source`. */
export type PlanSource<S> = (source: S, request: PlanRequest) => Promise<SourcePlan>;

export interface LocatedFile {
  file: AssetFile;
  /** Path inside the source. */
  location: string;
}

/** Those of the wanted files that this source is said to have, with their paths in it. */
export function locateFiles(
  source: { path?: string | undefined; files?: Readonly<Record<string, string>> | undefined },
  wanted: readonly AssetFile[],
  isSingleFile: boolean,
): LocatedFile[] {
  return wanted.flatMap((file) => {
    if (source.files) {
      const location = source.files[file.path];
      return location === undefined ? [] : [{ file, location }];
    }
    if (source.path === undefined) return [{ file, location: file.path }];
    return [{ file, location: isSingleFile ? source.path : `${source.path}/${file.path}` }];
  });
}

/** The piece for one file of a manifest. */
export function pieceOfFile(file: AssetFile, label: string, origin: FetchPiece["origin"]): FetchPiece {
  return {
    key: file.path, // and not the location: two files may have the same
    label,
    origin,
    sizeBytes: file.sizeBytes,
    checksum: { algorithm: "sha256", digest: file.sha256 },
    gives: { kind: "file", path: file.path },
  };
}
