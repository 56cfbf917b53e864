// What the rest of the room asks of the hub, and what it gets. Names here are the program's; those of the wire are in
// hub-schema.ts.
import type { ByteSource } from "../headers/byte-source.ts";

export type ModelSort = "downloads" | "likes" | "modified";

export interface ModelQuery {
  owner?: string | undefined;
  search?: string | undefined;
  /** Default "downloads". */
  sort?: ModelSort | undefined;
  /** -1: largest or newest first, the default. */
  direction?: 1 | -1 | undefined;
  /** Most rows, over all pages; default 50. */
  limit?: number | undefined;
}

/** `false`, or how access is granted: at once ("auto") or by the owner ("manual"). */
export type GatedState = false | "auto" | "manual";

export interface ModelSummary {
  modelId: string;
  /** UTC ISO 8601 as the hub gives it; null where it gives none. */
  lastModified: string | null;
  likes: number;
  downloads: number;
  libraryName: string | null;
  /** The card's, or that of the `license:` tag; several are separated by ", ". */
  license: string | null;
  gated: GatedState;
  tags: readonly string[];
}

export interface HubFile {
  /** Relative, with forward slashes; as the hub gives it: not proved to be safe. */
  path: string;
  sizeBytes: number;
  /** Lower-case hex; the hub knows it of large files alone. */
  sha256: string | null;
}

export interface HubModel extends ModelSummary {
  /** As it was asked for: a branch, tag or commit. */
  revision: string;
  /** What the revision stood for when it was asked. */
  commit: string;
  files: readonly HubFile[];
  totalSizeBytes: number;
  /** `license_name` and `license_link` of the card, for a licence that has no SPDX name. */
  licenseName: string | null;
  licenseLink: string | null;
}

export interface ModelRequest {
  /** Branch, tag or commit; default "main". */
  revision?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Rejects with E_NET (unreachable, rate limits, no JSON, offline), E_SCHEMA (JSON of another shape), E_NOT_FOUND (no
 * such repository, revision or file), E_PERM (a token that is refused, naming its variable), E_LICENSE (gated, with
 * `details.page`), E_ARGS (an id that is none), E_INTERRUPTED. Every request is tried three times where that can help.
 */
export interface HubClient {
  /** Without a slash at the end; every request goes there. */
  readonly endpoint: string;
  readonly isOffline: boolean;
  /** The pages that are needed, sorted; an empty list when nothing fits. */
  listModels(query: ModelQuery, signal?: AbortSignal): Promise<readonly ModelSummary[]>;
  /** Two requests or more: the model, and the pages of its tree at that commit. */
  getModel(modelId: string, request?: ModelRequest): Promise<HubModel>;
  /** A small text file of the repository, such as config.json. E_SCHEMA beyond `maxBytes` (default 1 MiB). */
  readText(modelId: string, path: string, request?: ModelRequest & { maxBytes?: number }): Promise<string>;
  /** Pieces of one file by range requests; nothing is asked before the first read. */
  openFile(modelId: string, file: HubFile, request?: ModelRequest): ByteSource;
  /**
   * Of an endpoint that is not the public hub: is it there at all (GET, 10 s; 2xx, 3xx, 401 and 404 count)? Else E_NET.
   * Every method asks this once before its first request, so that only those with a transfer of their own need it.
   */
  checkMirror(signal?: AbortSignal): Promise<void>;
}
