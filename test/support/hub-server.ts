// A Hugging Face hub on an asset server: small files from the hub itself, large ones by a signed redirect to another
// origin, the tree in pages, tokens and gates, and the hub's own error headers.
import { createHash } from "node:crypto";
import type { AssetServer, Fault, LoggedRequest, ServedFile } from "./asset-server.ts";

export interface HubRepository {
  files: Record<string, Uint8Array>;
  revision?: string;
  /** Files from this size on are "lfs": redirected, with their sha256 in the tree. Default 1 KiB. */
  largeFromBytes?: number;
  /** Entries a page of the tree; default 1000. */
  pageSize?: number;
  /** Only this bearer token may read. */
  token?: string;
  isGated?: boolean;
}

export function serveHub(server: AssetServer, repositories: Record<string, HubRepository>): void {
  server.respond((request) => {
    const url = new URL(request.path, server.origin);
    if (request.origin === "other") return serveLarge(url, repositories);
    const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const tree = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/([^/]+)$/.exec(url.pathname);
    const match = file ?? tree;
    if (!match) return null;
    const repository = repositories[match[1] ?? ""];
    if (!repository) return refusal(404, "RepoNotFound");
    const denial = judgeToken(request, repository);
    if (denial) return denial;
    const revision = decodeURIComponent(match[2] ?? "");
    if (revision !== (repository.revision ?? "main")) return refusal(404, "RevisionNotFound");
    return file
      ? serveFile(decodeURIComponent(file[3] ?? ""), repository, `${server.otherOrigin}/cdn/${match[1]}`)
      : serveTree(url, repository, server.origin);
  });
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const gitOid = (bytes: Uint8Array): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
const isLarge = (bytes: Uint8Array, repository: HubRepository): boolean =>
  bytes.length >= (repository.largeFromBytes ?? 1024);

function judgeToken(request: LoggedRequest, { token, isGated }: HubRepository): Fault | null {
  if (token === undefined && !isGated) return null;
  const sent = request.headers["authorization"];
  if (isGated) return refusal(sent === undefined ? 401 : 403, "GatedRepo");
  if (sent === undefined) return refusal(401, "RepoNotFound"); // a private repository is not admitted to exist
  return sent === `Bearer ${token}` ? null : refusal(401, null);
}

function refusal(status: number, code: string | null): Fault {
  return {
    kind: "status",
    status,
    headers: { ...(code === null ? {} : { "x-error-code": code }), "x-error-message": "refused" },
    body: JSON.stringify({ error: "refused" }),
  };
}

function serveFile(path: string, repository: HubRepository, cdn: string): ServedFile | Fault {
  const content = repository.files[path];
  if (!content) return refusal(404, "EntryNotFound");
  if (!isLarge(content, repository)) return { content, etag: `"${gitOid(content)}"` };
  return { kind: "redirect", to: `${cdn}/${encodeURIComponent(path)}?Signature=${crypto.randomUUID()}` };
}

function serveLarge(url: URL, repositories: Record<string, HubRepository>): ServedFile | Fault | null {
  const [, repo, path] = /^\/cdn\/([^/]+\/[^/]+)\/(.+)$/.exec(url.pathname) ?? [];
  const content = repositories[repo ?? ""]?.files[decodeURIComponent(path ?? "")];
  if (!content) return null;
  if (!url.searchParams.has("Signature")) return { kind: "status", status: 403 };
  return { content, etag: `"${sha256(content)}"` };
}

function serveTree(url: URL, repository: HubRepository, origin: string): ServedFile {
  const { files, pageSize = 1000 } = repository;
  const folders = new Set(
    Object.keys(files).flatMap((path) =>
      path
        .split("/")
        .slice(0, -1)
        .map((_, i, parts) => parts.slice(0, i + 1).join("/")),
    ),
  );
  const entries = [
    ...[...folders].map((path) => ({ type: "directory", oid: "0".repeat(40), size: 0, path })),
    ...Object.entries(files).map(([path, bytes]) => ({
      type: "file",
      oid: gitOid(bytes),
      size: bytes.length,
      path,
      ...(isLarge(bytes, repository)
        ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 } }
        : {}),
    })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (from + pageSize < entries.length) {
    headers["link"] = `<${origin}${url.pathname}?recursive=true&cursor=${from + pageSize}>; rel="next"`;
  }
  const page = JSON.stringify(entries.slice(from, from + pageSize));
  return { content: new TextEncoder().encode(page), etag: null, headers };
}
