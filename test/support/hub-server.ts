// A Hugging Face hub on an asset server, faithful enough for the hub's own client: models in pages, the tree in pages,
// small files from the hub itself and large ones by a signed redirect to another origin, revisions and commits, tokens
// and gates, rate limits, and the hub's own error headers.
import type { AssetServer, Fault, LoggedRequest, ServedFile } from "./asset-server.ts";
import {
  commitOf,
  describeEntry,
  describeFolders,
  describeModel,
  digestOf,
  type HubRepository,
  isLarge,
  pointerOf,
} from "./hub-repository.ts";

export type { HubRepository } from "./hub-repository.ts";

export interface HubServerOptions {
  /** Models a page of the list, when fewer were not asked for; default 1000. */
  listPageSize?: number;
  /** Requests to the API that are answered; further ones are 429. Default: all. */
  apiQuota?: number;
  /** What a 429 says of when to come again. */
  resetSeconds?: number;
  /** Whether `direction=1` is heeded; default not. */
  knowsDirection?: boolean;
}

type Files = Record<string, Uint8Array>;
type Answer = ServedFile | Fault;

interface Asked {
  request: LoggedRequest;
  url: URL;
  id: string;
  repository: HubRepository;
  files: Files;
  commit: string;
}

const idPattern = String.raw`([\w.-]+(?:/[\w.-]+)?)`;
const routes: readonly [RegExp, boolean, (asked: Asked, rest: string, server: AssetServer) => Answer][] = [
  [new RegExp(`^/api/models/${idPattern}/tree/([^/]+)(?:/(.+))?$`), false, serveTree],
  [new RegExp(`^/api/models/${idPattern}/paths-info/([^/]+)()$`), false, servePathsInfo],
  [new RegExp(`^/api/models/${idPattern}/revision/([^/]+)()$`), false, serveModel],
  [new RegExp(`^/api/models/${idPattern}()()$`), false, serveModel],
  [new RegExp(`^/api/resolve-cache/models/${idPattern}/([^/]+)/(.+)$`), true, serveCached],
  [new RegExp(`^/${idPattern}/resolve/([^/]+)/(.+)$`), true, serveFile],
  [new RegExp(`^/${idPattern}/raw/([^/]+)/(.+)$`), true, serveRaw],
];

export function serveHub(
  server: AssetServer,
  repositories: Record<string, HubRepository>,
  options: HubServerOptions = {},
): void {
  const { apiQuota = Number.POSITIVE_INFINITY, resetSeconds = 55 } = options;
  /** Every state that a repository was ever asked in. */
  const history = new Map<string, Files>();
  let apiRequests = 0;

  const filesAt = (id: string, repository: HubRepository, revision: string): Files | undefined => {
    const files = { ...repository.files };
    const commit = commitOf(files);
    history.set(`${id}@${commit}`, files);
    const names = ["", "HEAD", repository.revision ?? "main"];
    return names.includes(revision) ? files : history.get(`${id}@${revision}`);
  };

  const answer = (request: LoggedRequest, url: URL): Answer | null => {
    if (url.pathname === "/") return json("the hub", {});
    if (url.pathname === "/api/models") return serveList(request, url, repositories, server, options);
    for (const [pattern, isFile, serve] of routes) {
      const match = pattern.exec(url.pathname);
      if (!match) continue;
      const [, id = "", revision = "", rest = ""] = match;
      const repository = repositories[id];
      if (!repository) return notThere(request);
      const denial = judgeToken(request, id, repository, isFile);
      if (denial) return denial;
      const files = filesAt(id, repository, decodeURIComponent(revision));
      if (!files) return refusal(404, "RevisionNotFound", `Invalid rev id: ${revision}`);
      const asked = { request, url, id, repository, files, commit: commitOf(files) };
      return serve(asked, decodeURIComponent(rest), server);
    }
    return null;
  };

  server.respond((request) => {
    const url = new URL(request.path, server.origin);
    if (request.origin === "other") return serveLarge(url, repositories, history);
    const isApi = url.pathname.startsWith("/api/");
    if (isApi) apiRequests += 1;
    const left = Math.max(0, apiQuota - apiRequests);
    const limits = {
      ratelimit: `"${isApi ? "api" : "resolvers"}";r=${Number.isFinite(left) ? left : 500};t=${resetSeconds}`,
      "ratelimit-policy": `"fixed window";"${isApi ? "api" : "resolvers"}";q=500;w=300`,
      "x-request-id": crypto.randomUUID(),
    };
    if (isApi && apiRequests > apiQuota) {
      return withHeaders(refusal(429, null, "We had to rate limit you"), limits);
    }
    const answered = answer(request, url);
    return answered && withHeaders(answered, limits);
  });
}

function withHeaders(answer: Answer, headers: Record<string, string>): Answer {
  if ("kind" in answer && answer.kind === "status")
    return { ...answer, headers: { ...headers, ...answer.headers } };
  if ("kind" in answer && answer.kind === "redirect")
    return { ...answer, headers: { ...headers, ...answer.headers } };
  return "content" in answer && !("kind" in answer)
    ? { ...answer, headers: { ...headers, ...answer.headers } }
    : answer;
}

function json(value: unknown, headers: Record<string, string>): ServedFile {
  return {
    content: new TextEncoder().encode(JSON.stringify(value)),
    etag: null,
    hasRanges: false,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
  };
}

function refusal(status: number, code: string | null, message: string): Fault {
  return {
    kind: "status",
    status,
    headers: {
      ...(code === null ? {} : { "x-error-code": code }),
      "x-error-message": message,
      "content-type": "application/json; charset=utf-8",
    },
    body: JSON.stringify({ error: message }),
  };
}

/** To those without a token it is not said whether there is a private one. */
const notThere = (request: LoggedRequest): Fault =>
  request.headers["authorization"] === undefined
    ? refusal(401, "RepoNotFound", "Invalid username or password.")
    : refusal(404, "RepoNotFound", "Repository not found");

/** A gate is before the files alone. */
function judgeToken(
  request: LoggedRequest,
  id: string,
  repository: HubRepository,
  isFile: boolean,
): Fault | null {
  const sent = request.headers["authorization"];
  if (repository.token !== undefined && sent !== `Bearer ${repository.token}`) {
    if (sent === undefined) return notThere(request);
    return refusal(401, null, "Invalid credentials in Authorization header");
  }
  const isGated = repository.isGated === true || repository.gate !== undefined;
  if (!isFile || !isGated) return null;
  if (sent !== undefined && sent === `Bearer ${repository.admittedToken}`) return null;
  return sent === undefined
    ? refusal(
        401,
        "GatedRepo",
        `Access to model ${id} is restricted. You must have access to it and be authenticated to access it. Please log in.`,
      )
    : refusal(
        403,
        "GatedRepo",
        `Access to model ${id} is restricted and you are not in the authorized list. Visit https://huggingface.co/${id} to ask for access.`,
      );
}

const entryNotFound = (): Fault => refusal(404, "EntryNotFound", "Entry not found");

function serveFile({ id, repository, files, commit }: Asked, path: string, server: AssetServer): Answer {
  const content = files[path];
  if (!content) return entryNotFound();
  const headers = { "x-repo-commit": commit };
  const { sha256, gitOid } = digestOf(content);
  if (!isLarge(content, repository)) {
    if (repository.hasResolveCache !== true) return { content, etag: `"${gitOid}"`, headers };
    const to = `/api/resolve-cache/models/${id}/${commit}/${encodeURIComponent(path)}`;
    return { kind: "redirect", status: 307, to, headers };
  }
  const signature = `Signature=${crypto.randomUUID()}&Commit=${commit}`;
  return {
    kind: "redirect",
    to: `${server.otherOrigin}/cdn/${id}/${encodeURIComponent(path)}?${signature}`,
    headers: {
      ...headers,
      etag: `"${gitOid}"`,
      "x-linked-etag": `"${sha256}"`,
      "x-linked-size": String(content.length),
      "accept-ranges": "bytes",
    },
  };
}

function serveCached({ files, commit }: Asked, path: string): Answer {
  const content = files[path];
  if (!content) return entryNotFound();
  return { content, etag: `"${digestOf(content).gitOid}"`, headers: { "x-repo-commit": commit } };
}

function serveRaw({ repository, files, commit }: Asked, path: string): Answer {
  const content = files[path];
  if (!content) return entryNotFound();
  const raw = isLarge(content, repository) ? pointerOf(content) : content;
  return { content: raw, etag: `"${digestOf(raw).gitOid}"`, headers: { "x-repo-commit": commit } };
}

function serveLarge(
  url: URL,
  repositories: Record<string, HubRepository>,
  history: ReadonlyMap<string, Files>,
): Answer | null {
  const [, id = "", path = ""] = new RegExp(`^/cdn/${idPattern}/([^/]+)$`).exec(url.pathname) ?? [];
  const files = history.get(`${id}@${url.searchParams.get("Commit")}`) ?? repositories[id]?.files;
  const content = files?.[decodeURIComponent(path)];
  if (!content) return null;
  if (!url.searchParams.has("Signature")) return { kind: "status", status: 403 };
  return { content, etag: `"${digestOf(content).sha256}"` };
}

function serveModel({ url, id, repository, files }: Asked): Answer {
  const model = describeModel(id, repository, files);
  if (url.searchParams.get("blobs") === "true") {
    if (url.searchParams.has("expand")) return refusal(400, null, "expand and blobs are exclusive");
    const siblings = model.siblings.map(({ rfilename }) => {
      const { oid, size, lfs } = describeEntry(rfilename, files[rfilename] ?? new Uint8Array(), repository);
      const large = lfs && { sha256: lfs.oid, size: lfs.size, pointerSize: lfs.pointerSize };
      return { rfilename, size, blobId: oid, ...(large && { lfs: large }) };
    });
    return json({ ...model, siblings }, {});
  }
  return json(expand(model, url), {});
}

/** With `expand` the hub gives the named fields alone, beside both ids. */
function expand(model: Record<string, unknown>, url: URL): Record<string, unknown> {
  const wanted = url.searchParams.getAll("expand");
  if (wanted.length === 0) return model;
  return Object.fromEntries(
    Object.entries(model).filter(([key]) => key === "_id" || key === "id" || wanted.includes(key)),
  );
}

function serveList(
  request: LoggedRequest,
  url: URL,
  repositories: Record<string, HubRepository>,
  server: AssetServer,
  { listPageSize = 1000, knowsDirection = false }: HubServerOptions,
): Answer {
  const query = url.searchParams;
  const author = query.get("author");
  const search = (query.get("search") ?? "").toLowerCase();
  const sort = query.get("sort") ?? "trendingScore";
  const sign = knowsDirection && query.get("direction") === "1" ? 1 : -1;
  const keyOf = (model: Record<string, unknown>): number | string => {
    const value = model[sort];
    return typeof value === "number" || typeof value === "string" ? value : 0;
  };
  const models = Object.entries(repositories)
    .filter(([, { token }]) => token === undefined || request.headers["authorization"] === `Bearer ${token}`)
    .map(([id, repository]) => describeModel(id, repository, repository.files))
    .filter((model) => author === null || model.author === author)
    .filter((model) => model.id.toLowerCase().includes(search))
    .filter((model) => query.getAll("filter").every((tag) => model.tags.includes(tag)))
    .sort((a, b) => (keyOf(a) === keyOf(b) ? 0 : keyOf(a) < keyOf(b) ? -sign : sign));
  const limit = Math.min(Number(query.get("limit") ?? listPageSize), listPageSize);
  const from = Number(query.get("cursor") ?? 0);
  const rows = models.slice(from, from + limit).map((model) => {
    const { cardData, siblings, sha, lastModified, usedStorage, ...row } = model;
    void usedStorage;
    if (query.has("expand")) return expand(model, url);
    const full = query.get("full") === "true" ? { sha, lastModified, siblings } : {};
    return { ...row, ...full, ...(query.get("cardData") === "true" && { cardData }) };
  });
  return json(rows, nextLink(server, url, from + limit, models.length));
}

function nextLink(server: AssetServer, url: URL, cursor: number, total: number): Record<string, string> {
  if (cursor >= total) return {};
  const next = new URL(url.href);
  next.searchParams.set("cursor", String(cursor));
  return { link: `<${server.origin}${next.pathname}${next.search}>; rel="next"` };
}

function serveTree({ url, repository, files, commit }: Asked, folder: string, server: AssetServer): Answer {
  const isRecursive = url.searchParams.get("recursive") === "true";
  const below = folder === "" ? "" : `${folder}/`;
  const entries = [
    ...describeFolders(files),
    ...Object.entries(files).map(([path, bytes]) =>
      withCommit(describeEntry(path, bytes, repository), url, commit),
    ),
  ]
    .filter(({ path }) => path.startsWith(below))
    .filter(({ path }) => isRecursive || !path.slice(below.length).includes("/"))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  if (entries.length === 0 && folder !== "") return entryNotFound();
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const { pageSize = 1000 } = repository;
  const headers = { "x-repo-commit": commit, ...nextLink(server, url, from + pageSize, entries.length) };
  return json(entries.slice(from, from + pageSize), headers);
}

function servePathsInfo({ request, url, repository, files, commit }: Asked): Answer {
  const { paths = [], expand = false } = JSON.parse(request.body) as { paths?: string[]; expand?: boolean };
  if (expand) url.searchParams.set("expand", "true");
  const entries = [
    ...describeFolders(files),
    ...Object.entries(files).map(([path, bytes]) =>
      withCommit(describeEntry(path, bytes, repository), url, commit),
    ),
  ];
  return json(
    entries.filter(({ path }) => paths.includes(path)),
    {},
  );
}

function withCommit(entry: ReturnType<typeof describeEntry>, url: URL, commit: string) {
  if (url.searchParams.get("expand") !== "true") return entry;
  return {
    ...entry,
    lastCommit: { id: commit, title: "Upload", date: "2026-01-05T10:00:00.000Z" },
    securityFileStatus: { status: "safe" },
  };
}
