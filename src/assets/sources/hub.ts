// Files of a Hugging Face hub repository, or of a mirror that speaks the same.
// Addresses, headers and error codes as the hub's own clients (huggingface_hub 1.29) rely on them.
import { basename } from "node:path";
import { z } from "zod";
import { AppError } from "../../base/errors.ts";
import type { HubSource } from "../asset-schema.ts";
import { isSafeRelativePath } from "../asset-schema.ts";
import type { Checksum } from "../checksum.ts";
import type { Tokens } from "../credentials.ts";
import { type Credential, type HttpDependencies, openHttp } from "../transfer/http-request.ts";
import { readBody } from "../transfer/read-body.ts";
import { selectByPatterns } from "./name-pattern.ts";
import {
  type FetchPiece,
  locateFiles,
  pieceOfFile,
  type PlanRequest,
  type PlanSource,
  type WebOrigin,
} from "./source.ts";

export interface HubOptions {
  /** "https://huggingface.co", or a mirror's base url. */
  endpoint: string;
  /** Its token is sent to the endpoint's origin alone. */
  findToken: Tokens["find"];
  stallMs: number;
}

const tokenVariable = "HF_TOKEN";
/** The hub answers a thousand files a page. */
const maxPages = 100;
const maxPageBytes = 16 << 20;

const treeSchema = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.int().nonnegative(),
    /** git's own sha1 of the blob */
    oid: z.string(),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().nonnegative() }).nullish(),
  }),
);
type TreeEntry = z.infer<typeof treeSchema>[number];

export function createHubPlan(dependencies: HttpDependencies, options: HubOptions): PlanSource<HubSource> {
  const endpoint = options.endpoint.replace(/\/+$/, "");
  const findCredential = async (source: HubSource): Promise<Credential | undefined> => {
    const token = await options.findToken(source);
    if (!token) return undefined;
    return { header: "authorization", value: `Bearer ${token.value}`, variable: token.variable };
  };
  const originOf = (source: HubSource, path: string, credential: Credential | undefined): WebOrigin => {
    const variable = credential?.variable ?? source.authentication?.tokenVariable ?? tokenVariable;
    return {
      kind: "web",
      url: `${endpoint}/${source.repoId}/resolve/${encodeURIComponent(source.revision)}/${encodePath(path)}`,
      credential,
      credentialVariable: variable,
      explainRefusal: (response) => explainHubRefusal(response, source, variable),
    };
  };
  const labelOf = (source: HubSource, path: string): string => `hub file ${source.repoId}/${path}`;

  const listTree = async (
    source: HubSource,
    request: PlanRequest,
    credential: Credential | undefined,
  ): Promise<TreeEntry[]> => {
    const entries: TreeEntry[] = [];
    const first = `${endpoint}/api/models/${source.repoId}/tree/${encodeURIComponent(source.revision)}?recursive=true`;
    let url: string | null = first;
    for (let page = 0; url !== null && page < maxPages; page++) {
      const answer = await request.retry(() =>
        fetchPage(url as string, originOf(source, "", credential), source, request),
      );
      entries.push(...answer.entries);
      // The next page's link is absolute; it stays on this endpoint, whatever host it names.
      url = answer.next && new URL(answer.next.pathname + answer.next.search, endpoint).href;
    }
    return entries;
  };

  const fetchPage = async (url: string, origin: WebOrigin, source: HubSource, request: PlanRequest) => {
    const label = `hub repository ${source.repoId}`;
    using opened = await openHttp(dependencies, {
      ...origin,
      url,
      label,
      headerTimeoutMs: request.headerTimeoutMs(),
      signal: request.signal,
    });
    request.onAnswer();
    const pieces: Uint8Array[] = [];
    let sizeBytes = 0;
    const body = { clock: dependencies.clock, label, stallMs: options.stallMs, signal: request.signal };
    for await (const bytes of readBody(opened, body)) {
      sizeBytes += bytes.length;
      if (sizeBytes > maxPageBytes) throw notHub(label, "E_SCHEMA", "a list of files that does not end");
      pieces.push(bytes);
    }
    const next = /<([^>]+)>;\s*rel="?next"?/.exec(opened.response.headers.get("link") ?? "")?.[1];
    return {
      entries: parseTree(Buffer.concat(pieces).toString("utf8"), label),
      next: next !== undefined && URL.canParse(next, endpoint) ? new URL(next, endpoint) : null,
    };
  };

  return async (source, request) => {
    const { wanted, isSingleFile } = request;
    const credential = await findCredential(source);
    if (wanted) {
      const pieces = locateFiles(source, wanted, isSingleFile).map((located) =>
        pieceOfFile(
          located,
          labelOf(source, located.location),
          originOf(source, located.location, credential),
        ),
      );
      return { pieces, isFolder: () => !isSingleFile };
    }
    const all = (await listTree(source, request, credential)).filter((entry) => entry.type === "file");
    const root = source.path;
    const isFile = root !== undefined && all.some((entry) => entry.path === root);
    const inside = all.filter((e) => root === undefined || e.path === root || e.path.startsWith(`${root}/`));
    const chosen = selectByPatterns(inside, (entry) => entry.path, {
      allow: source.allowPatterns,
      ignore: source.ignorePatterns,
    });
    if (chosen.length === 0) {
      const what = `hub repository ${source.repoId}`;
      throw new AppError("E_NOT_FOUND", `${what} has no such files; check path and patterns`, {
        source: what,
      });
    }
    const pieces = chosen.map((entry): FetchPiece => {
      const path = isFile ? basename(entry.path) : root ? entry.path.slice(root.length + 1) : entry.path;
      if (!isSafeRelativePath(path))
        throw notHub(labelOf(source, path), "E_VERIFY", "an unsafe file name in its list");
      return {
        key: entry.path,
        label: labelOf(source, entry.path),
        origin: originOf(source, entry.path, credential),
        sizeBytes: entry.lfs?.size ?? entry.size,
        checksum: checksumOfEntry(entry),
        gives: { kind: "file", path },
      };
    });
    return { pieces, isFolder: () => !isFile };
  };
}

function checksumOfEntry({ oid, lfs }: TreeEntry): Checksum | null {
  if (lfs) return { algorithm: "sha256", digest: lfs.oid };
  return /^[0-9a-f]{40}$/.test(oid) ? { algorithm: "git-blob", digest: oid } : null;
}

function parseTree(text: string, label: string): TreeEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw notHub(label, "E_NET", "something that is no JSON");
  }
  const parsed = treeSchema.safeParse(json);
  if (!parsed.success) throw notHub(label, "E_SCHEMA", "a list of files that is none");
  return parsed.data;
}

function notHub(label: string, code: "E_NET" | "E_SCHEMA" | "E_VERIFY", what: string): AppError {
  return new AppError(code, `${label} is answered with ${what}; check the mirror's address`, {
    source: label,
    is_final: true,
  });
}

function explainHubRefusal(response: Response, source: HubSource, variable: string): AppError | null {
  const label = `hub repository ${source.repoId}`;
  const code = response.headers.get("x-error-code");
  const details = {
    source: label,
    status: response.status,
    ...(code ? { hub_code: code } : {}),
    token_env_var: variable,
  };
  switch (code) {
    case "RepoNotFound":
    case "RevisionNotFound":
    case "EntryNotFound":
      return new AppError(
        "E_NOT_FOUND",
        `${label}: ${code === "RepoNotFound" ? "no such repository, or a private one" : code === "EntryNotFound" ? "no such file" : `no revision ${source.revision}`}; check the name, or the token in ${variable}`,
        details,
      );
    case "GatedRepo":
      return new AppError(
        "E_LICENSE",
        `${label} is gated: accept its terms on its page, and put a token of that account into ${variable}`,
        details,
      );
    default:
      return null;
  }
}

const encodePath = (path: string): string => path.split("/").map(encodeURIComponent).join("/");
