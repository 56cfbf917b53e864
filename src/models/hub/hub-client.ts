// The hub as this room uses it: lists, models, small texts and pieces of large files. The requests themselves are those
// of the asset engine (assets/hub): redirects by hand, a token that stays at its origin, refusals with their cure.
import type { Clock } from "../../base/clock.ts";
import { AppError } from "../../base/errors.ts";
import type { Tokens } from "../../assets/credentials.ts";
import type { AssetEvent } from "../../assets/port.ts";
import { createHubApi, type HubTarget, publicHubUrl } from "../../assets/hub/hub-api.ts";
import { listHubTree } from "../../assets/hub/hub-tree.ts";
import type { Fetch, LookUpAddresses } from "../../assets/transfer/http-request.ts";
import { longestRetryAfterMs } from "../../assets/transfer/retry.ts";
import type { Emit } from "../../base/events.ts";
import { formatModelId, parseOwnerRepo } from "../model-id.ts";
import { createPrepareAsking, offlineError } from "./asking.ts";
import { createMirrorCheck } from "./check-mirror.ts";
import { modelInfoSchema, modelListSchema, summarizeRow } from "./hub-schema.ts";
import type { HubClient, HubModel, ModelQuery, ModelRequest, ModelSort, ModelSummary } from "./port.ts";
import { createRepositoryFiles } from "./repository-files.ts";
import { sortModels } from "./sort-models.ts";

export interface HubClientDependencies {
  fetch: Fetch;
  clock: Clock;
  /** 0 to below 1; default Math.random. */
  random?: (() => number) | undefined;
  lookup?: LookUpAddresses | undefined;
  /** Told of waits that the hub asks for. */
  emit?: Emit<AssetEvent> | undefined;
}

export interface HubClientOptions {
  /** A mirror's base url; null: the public hub, which nobody checks first. */
  endpoint: string | null;
  /** The hub token; asked at every request, so that a file that has changed counts. */
  findToken: Tokens["find"];
  /** No socket is opened: every method rejects with E_NET. */
  isOffline: boolean;
  /** Default 60 s. */
  headerTimeoutMs?: number | undefined;
  /** Longest silence within an answer; default 30 s. */
  stallMs?: number | undefined;
  /** Before the second attempt; default 1 s. */
  retryDelayMs?: number | undefined;
  /** Of the waits that the hub asks for; asked at each. Five minutes at most, which is the default. */
  longestWaitMs?: (() => number) | undefined;
}

/** As the hub's own clients ask for. */
const longestPage = 500;
const defaultLimit = 50;
const maxPages = 100;
const sortNames = { downloads: "downloads", likes: "likes", modified: "lastModified" } as const;

export function createHubClient(dependencies: HubClientDependencies, options: HubClientOptions): HubClient {
  const { clock, random = Math.random } = dependencies;
  const { headerTimeoutMs = 60_000, stallMs = 30_000, retryDelayMs = 1000, isOffline } = options;
  const api = createHubApi(dependencies, { endpoint: options.endpoint ?? publicHubUrl, stallMs });
  const checkMirror = createMirrorCheck(dependencies, options.endpoint === null ? null : api.endpoint);

  const prepare = createPrepareAsking(
    { clock, random, emit: dependencies.emit ?? (() => undefined) },
    {
      checkMirror,
      findToken: options.findToken,
      isOffline,
      headerTimeoutMs,
      retryDelayMs,
      longestWaitMs: options.longestWaitMs ?? (() => longestRetryAfterMs),
    },
  );

  const listModels = async (query: ModelQuery, signal?: AbortSignal): Promise<ModelSummary[]> => {
    const asking = await prepare("the list of models", signal);
    const { limit = defaultLimit, sort = "downloads", direction = -1 } = query;
    const rows: ModelSummary[] = [];
    let url: string | null = listUrl(api.endpoint, { ...query, sort, direction, limit });
    for (let page = 0; url !== null && rows.length < limit && page < maxPages; page++) {
      const pageUrl: string = url;
      const answer = await asking
        .retry(() =>
          api.readPage(modelListSchema, "a list of models", {
            ...asking,
            url: pageUrl,
            target: null,
          }),
        )
        .catch((error: unknown) => {
          throw explainNoList(error, api.endpoint);
        });
      rows.push(...answer.data.map(summarizeRow));
      url = answer.data.length === 0 ? null : answer.nextUrl;
    }
    return sortModels(rows.slice(0, limit), sort, direction);
  };

  const getModel = async (modelId: string, request: ModelRequest = {}): Promise<HubModel> => {
    const repoId = formatModelId(parseOwnerRepo(modelId));
    const asking = await prepare(repoId, request.signal);
    const { revision = "main" } = request;
    const target = { repoId, revision };
    const { data } = await asking.retry(() =>
      api.readPage(modelInfoSchema, "a model", {
        ...asking,
        url: modelUrl(api.endpoint, target),
        target,
      }),
    );
    // At the commit, and no more at the branch: both answers are then of one state.
    const tree = await listHubTree(api, {
      ...asking,
      target: { repoId, revision: data.sha },
      headerTimeoutMs: () => headerTimeoutMs,
    });
    const files = tree.map(({ path, sizeBytes, checksum }) => ({
      path,
      sizeBytes,
      sha256: checksum?.algorithm === "sha256" ? checksum.digest : null,
    }));
    return {
      ...summarizeRow(data),
      modelId: repoId,
      revision,
      commit: data.sha,
      files,
      totalSizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
      licenseName: data.cardData?.license_name ?? null,
      licenseLink: data.cardData?.license_link ?? null,
    };
  };

  return {
    endpoint: api.endpoint,
    isOffline,
    listModels,
    getModel,
    ...createRepositoryFiles({ ...dependencies, api, prepare }, { stallMs }),
    async checkMirror(signal) {
      if (isOffline) throw offlineError("its mirror");
      await checkMirror(signal ?? new AbortController().signal);
    },
  };
}

interface FullQuery extends ModelQuery {
  sort: ModelSort;
  direction: 1 | -1;
  limit: number;
}

/** These alone: without them the hub lists the names of all files with every model. */
const fields = ["cardData", "downloads", "gated", "lastModified", "library_name", "likes", "tags"];

function expandFields(url: URL, ...more: readonly string[]): void {
  for (const field of [...fields, ...more]) url.searchParams.append("expand", field);
}

function modelUrl(endpoint: string, { repoId, revision }: HubTarget): string {
  const url = new URL(`${endpoint}/api/models/${repoId}/revision/${encodeURIComponent(revision)}`);
  expandFields(url, "sha");
  return url.href;
}

/** Every hub has lists, also of nothing: who has none is another server, and nobody has misspelt a name. */
function explainNoList(error: unknown, endpoint: string): unknown {
  if (!(error instanceof AppError) || error.code !== "E_NOT_FOUND") return error;
  const message = `${endpoint} has no lists of models, so it is no hub or only has its files; check --mirror and HF_ENDPOINT`;
  return new AppError("E_NET", message, error.details, error);
}

function listUrl(endpoint: string, { owner, search, sort, direction, limit }: FullQuery): string {
  const url = new URL(`${endpoint}/api/models`);
  if (owner !== undefined) url.searchParams.set("author", owner);
  if (search !== undefined) url.searchParams.set("search", search);
  url.searchParams.set("sort", sortNames[sort]);
  url.searchParams.set("direction", String(direction));
  url.searchParams.set("limit", String(Math.min(limit, longestPage)));
  expandFields(url);
  return url.href;
}
