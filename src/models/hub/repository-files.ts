// What a repository's files hold: small texts whole, large files in pieces. A piece is asked of the hub anew each time,
// so that a signed address never gets old.
import type { HubApi, HubTarget } from "../../assets/hub/hub-api.ts";
import { notHub } from "../../assets/hub/hub-api.ts";
import { type HttpDependencies, openHttp, type OpenResponse } from "../../assets/transfer/http-request.ts";
import { readBody } from "../../assets/transfer/read-body.ts";
import type { ByteSource } from "../headers/byte-source.ts";
import { formatModelId, parseOwnerRepo } from "../model-id.ts";
import type { PrepareAsking } from "./asking.ts";
import type { HubClient, HubFile, ModelRequest } from "./port.ts";

const defaultMaxTextBytes = 1 << 20;
/** So much of a file is read and dropped where a server knows no ranges. */
const maxSkipBytes = 16 << 20;

export interface RepositoryFilesDependencies extends HttpDependencies {
  api: HubApi;
  prepare: PrepareAsking;
}

interface Piece {
  target: HubTarget;
  path: string;
  /** Without it the whole file. */
  range: { from: number; to: number } | null;
  maxBytes: number;
}

export function createRepositoryFiles(
  dependencies: RepositoryFilesDependencies,
  { stallMs }: { stallMs: number },
): Pick<HubClient, "readText" | "openFile"> {
  const { api, clock, prepare } = dependencies;

  const fetchPiece = async (piece: Piece, given: AbortSignal | undefined): Promise<Uint8Array> => {
    const { target, path } = piece;
    const label = `hub file ${target.repoId}/${path}`;
    const asking = await prepare(label, given);
    return asking.retry(async () => {
      const { signal } = asking;
      using opened = await openHttp(dependencies, {
        ...api.originOf({ ...asking, url: api.fileUrl(target, path), target }),
        label,
        signal,
        headerTimeoutMs: asking.headerTimeoutMs,
        ...(piece.range && { headers: { range: `bytes=${piece.range.from}-${piece.range.to - 1}` } }),
      });
      return await collect(readBody(opened, { clock, label, stallMs, signal }), {
        skipBytes: countBytesBefore(opened, piece, label),
        piece,
        label,
      });
    });
  };

  const targetOf = (modelId: string, { revision = "main" }: ModelRequest): HubTarget => ({
    repoId: formatModelId(parseOwnerRepo(modelId)),
    revision,
  });

  return {
    async readText(modelId, path, request = {}) {
      const { maxBytes = defaultMaxTextBytes } = request;
      const piece = { target: targetOf(modelId, request), path, range: null, maxBytes };
      return new TextDecoder().decode(await fetchPiece(piece, request.signal));
    },
    openFile(modelId, file: HubFile, request = {}): ByteSource {
      const target = targetOf(modelId, request);
      return {
        label: `hub file ${target.repoId}/${file.path}`,
        sizeBytes: file.sizeBytes,
        async read(from, to, signal) {
          const end = Math.min(to, file.sizeBytes);
          if (end <= from) return new Uint8Array();
          const range = { from, to: end };
          return fetchPiece(
            { target, path: file.path, range, maxBytes: end - from },
            signal ?? request.signal,
          );
        },
      };
    },
  };
}

/** A server may answer a range with the whole file: what lies before the range is then read and dropped. */
function countBytesBefore({ response }: OpenResponse, { range }: Piece, label: string): number {
  if (range === null) return 0;
  if (response.status !== 206) {
    if (range.from > maxSkipBytes) throw notHub(label, "E_NET", "the whole file, where a part was asked for");
    return range.from;
  }
  const first = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  if (Number(first) !== range.from) throw notHub(label, "E_NET", "another range than was asked for");
  return 0;
}

/** Leaves the body where it has enough. */
async function collect(
  body: AsyncIterable<Uint8Array>,
  { skipBytes, piece, label }: { skipBytes: number; piece: Piece; label: string },
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let toSkip = skipBytes;
  let sizeBytes = 0;
  for await (const bytes of body) {
    const rest = bytes.subarray(Math.min(toSkip, bytes.length));
    toSkip -= bytes.length - rest.length;
    pieces.push(rest);
    sizeBytes += rest.length;
    if (sizeBytes > piece.maxBytes && piece.range === null) {
      throw notHub(label, "E_SCHEMA", `more than ${piece.maxBytes} bytes`);
    }
    if (piece.range !== null && sizeBytes >= piece.maxBytes) break;
  }
  const whole = Buffer.concat(pieces);
  return piece.range === null ? whole : whole.subarray(0, piece.maxBytes);
}
