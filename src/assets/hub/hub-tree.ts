// The files of a repository at one revision, as the hub lists them: true sizes, and a digest for each.
import { z } from "zod";
import { AppError } from "../../base/errors.ts";
import type { Checksum } from "../checksum.ts";
import type { HubApi, HubRequest, HubTarget } from "./hub-api.ts";

/** The hub answers a thousand files a page. */
const maxPages = 100;

const treeSchema = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.int().nonnegative(),
    /** git's own sha1 of the blob */
    oid: z.string().nullish(),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().nonnegative() }).nullish(),
  }),
);
type TreeEntry = z.infer<typeof treeSchema>[number];

export interface HubTreeFile {
  /** As the hub gives it: not proved to be safe. */
  path: string;
  sizeBytes: number;
  /** Of large files the sha256, of small ones git's digest; null for what is neither. */
  checksum: Checksum | null;
}

/** Every file, all pages. `retry` runs a page again where that can help. */
export async function listHubTree(
  api: HubApi,
  request: Omit<HubRequest, "url" | "target" | "headerTimeoutMs"> & {
    target: HubTarget;
    headerTimeoutMs: () => number;
    retry: <T>(work: () => Promise<T>) => Promise<T>;
  },
): Promise<HubTreeFile[]> {
  const { repoId, revision } = request.target;
  const files: HubTreeFile[] = [];
  let url: string | null =
    `${api.endpoint}/api/models/${repoId}/tree/${encodeURIComponent(revision)}?recursive=true`;
  for (let page = 0; url !== null; page++) {
    if (page === maxPages) {
      throw new AppError("E_SCHEMA", `hub repository ${repoId} lists more than ${maxPages} pages of files`, {
        source: `hub repository ${repoId}`,
      });
    }
    const pageUrl: string = url;
    const answer = await request.retry(() =>
      api.readPage(treeSchema, "a list of files", {
        ...request,
        url: pageUrl,
        headerTimeoutMs: request.headerTimeoutMs(),
      }),
    );
    for (const entry of answer.data) {
      if (entry.type !== "file") continue;
      const sizeBytes = entry.lfs?.size ?? entry.size;
      files.push({ path: entry.path, sizeBytes, checksum: checksumOf(entry) });
    }
    url = answer.nextUrl;
  }
  return files;
}

function checksumOf({ oid, lfs }: TreeEntry): Checksum | null {
  if (lfs) return { algorithm: "sha256", digest: lfs.oid };
  return oid && /^[0-9a-f]{40}$/.test(oid) ? { algorithm: "git-blob", digest: oid } : null;
}
