// The model routes of the server in the page's words: what is on the hub, what is here, and what can be done with it.
import type { Api } from "./api.ts";

export type ModelSort = "downloads" | "likes" | "modified";

export interface ModelQuery {
  search: string;
  owner: string;
  sort: ModelSort;
}

export interface ModelSummary {
  model_id: string;
  last_modified: string | null;
  likes: number;
  downloads: number;
  library_name: string | null;
  license: string | null;
  /** How access is granted, of a model that has a gate. */
  gated: false | "auto" | "manual";
}

export interface ModelVariant {
  name: string;
  size: number;
  files: string[];
}

export interface ModelDetails extends ModelSummary {
  /** Where people read its card and its licence. */
  page_url: string;
  commit: string;
  files: { path: string; size: number }[];
  total_size: number;
  file_count: number;
  parameters?: number;
  quantization?: string;
  context_length?: number;
  architecture?: string;
  /** One of them is enough; smallest first. */
  variants: ModelVariant[];
  installed: boolean;
  warnings: string[];
}

export interface License {
  license_type: string | null;
  requires_acceptance: boolean;
  accepted: boolean;
}

/** The machine's verdict on the files that were asked about; sizes in bytes. */
export interface Fit {
  system: { memory: { total: number; available: number }; disk: { free: number } };
  model_requirements: { size: number; ram: number; disk: number } | null;
  compatibility: "ok" | "warn" | "no";
  warnings: string[];
  recommendations: string[];
}

export interface InstalledModel {
  model_id: string;
  kind: "hub" | "provider" | "declared";
  library: string | null;
  total_size: number | null;
  installed_at: string | null;
  last_accessed: string | null;
  pinned: boolean;
  /** By this server, or another program on this machine. */
  in_use: boolean;
}

export interface ModelVerification {
  model_id: string;
  status: "ok" | "bad";
  changed: string[];
  missing: string[];
  extra: string[];
}

export interface Collected {
  removed_models: { model_id: string; size: number; path: string; note?: string }[];
  freed_space: number;
  dry_run: boolean;
}

export interface HubApi {
  search(query: ModelQuery, signal?: AbortSignal): Promise<ModelSummary[]>;
  describe(modelId: string, signal?: AbortSignal): Promise<ModelDetails>;
  showLicense(modelId: string, signal?: AbortSignal): Promise<License>;
  acceptLicense(modelId: string, userId: string, licenseType: string): Promise<void>;
  /** `files`: of the variant that is meant; undefined for the whole. */
  judgeFit(modelId: string, files: readonly string[] | undefined, signal?: AbortSignal): Promise<Fit>;
  /** Resolves when it has begun; how it goes is told by the feed, under the model's id. */
  install(modelId: string, files: readonly string[] | undefined): Promise<void>;
  cancel(modelId: string): Promise<void>;
  listInstalled(signal?: AbortSignal): Promise<InstalledModel[]>;
  pin(modelId: string, isPinned: boolean): Promise<void>;
  verify(modelId: string): Promise<ModelVerification>;
  remove(modelId: string): Promise<{ freed_bytes: number }>;
  /** Frees at least so much, least recently used first; with `isDryRun` only says what would go. */
  collect(options: { targetGb: number; isDryRun: boolean }): Promise<Collected>;
}

export function createHubApi(api: Api): HubApi {
  const pathOf = (modelId: string, rest = ""): string =>
    `/v1/hub/models/${encodeURIComponent(modelId)}${rest}`;
  return {
    async search({ search, owner, sort }, signal) {
      const query = new URLSearchParams({ sort, ...(search && { search }), ...(owner && { owner }) });
      const { models } = await api.ask<{ models: ModelSummary[] }>(`/v1/hub/models?${query}`, { signal });
      return models;
    },
    describe: (modelId, signal) => api.ask(pathOf(modelId), { signal }),
    showLicense: (modelId, signal) => api.ask(pathOf(modelId, "/license"), { signal }),
    async acceptLicense(modelId, userId, licenseType) {
      const body = { user_id: userId, license_type: licenseType };
      await api.ask(pathOf(modelId, "/license"), { method: "POST", body });
    },
    judgeFit(modelId, files, signal) {
      const query = new URLSearchParams([["model", modelId], ...listPatterns(files, "include")]);
      return api.ask(`/v1/hub/compatibility?${query}`, { signal });
    },
    async install(modelId, files) {
      const body = { background: true, ...(files && { include: files }) };
      await api.ask(pathOf(modelId, "/download"), { method: "POST", body });
    },
    async cancel(modelId) {
      await api.ask(pathOf(modelId, "/download"), { method: "DELETE" });
    },
    async listInstalled(signal) {
      const { models } = await api.ask<{ models: InstalledModel[] }>("/v1/hub/registry", { signal });
      return models;
    },
    async pin(modelId, isPinned) {
      await api.ask(pathOf(modelId, "/pin"), { method: isPinned ? "PUT" : "DELETE" });
    },
    async verify(modelId) {
      return api.ask(pathOf(modelId, "/verify"), { method: "POST" });
    },
    remove: (modelId) => api.ask(pathOf(modelId), { method: "DELETE" }),
    collect: ({ targetGb, isDryRun }) =>
      api.ask("/v1/hub/gc", { method: "POST", body: { target_gb: targetGb, dry_run: isDryRun } }),
  };
}

/** Patterns that let exactly these files through: a path's own signs stand for themselves. */
export const escapePattern = (path: string): string => path.replace(/[[*?]/g, "[$&]");

const listPatterns = (files: readonly string[] | undefined, key: string): [string, string][] =>
  (files ?? []).map((path) => [key, escapePattern(path)]);
