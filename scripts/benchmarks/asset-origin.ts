// The server of the assets benchmark, a process of its own: files of a folder, with ranges, as fast as it can or at a
// pace per connection (`?pace=` in bytes per second), and the same files as a hub repository.
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

const [root = "."] = process.argv.slice(2);
const commit = "0123456789abcdef0123456789abcdef01234567";

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 60,
  async fetch(request) {
    const url = new URL(request.url);
    const hub = /^\/([^/]+\/[^/]+)\/resolve\/[^/]+\/(.+)$/.exec(url.pathname);
    if (url.pathname.startsWith("/api/models/")) return answerHub(request, url);
    const file = Bun.file(join(root, decodeURIComponent(hub?.[2] ?? url.pathname.slice(1))));
    if (!(await file.exists())) return new Response("not here", { status: 404 });
    const headers: Record<string, string> = {
      etag: `"${file.size}-${file.lastModified}"`,
      "content-disposition": "attachment",
      "accept-ranges": "bytes",
      ...(hub ? { "x-repo-commit": commit } : {}),
    };
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "");
    const [start, end] = range
      ? [Number(range[1]), range[2] === "" ? file.size : Math.min(Number(range[2]) + 1, file.size)]
      : [0, file.size];
    if (range && start >= file.size) return new Response(null, { status: 416 });
    if (range) headers["content-range"] = `bytes ${start}-${end - 1}/${file.size}`;
    headers["content-length"] = String(end - start);
    const body = file.slice(start, end);
    const pace = Number(url.searchParams.get("pace"));
    const status = range ? 206 : 200;
    if (request.method === "HEAD") return new Response(null, { status, headers });
    return new Response(pace > 0 ? throttle(body, pace) : body, { status, headers });
  },
});
console.log(server.url.origin);

/** `bench/large` has large.bin, `bench/small` the small ones. */
async function answerHub(request: Request, url: URL): Promise<Response> {
  const [, name = "", verb] = /^\/api\/models\/bench\/(\w+)(?:\/([\w-]+))?/.exec(url.pathname) ?? [];
  const entries = await listEntries(name);
  if (verb === "tree") return Response.json(entries);
  if (verb === "paths-info") {
    const { paths } = (await request.json()) as { paths: string[] };
    return Response.json(entries.filter(({ path }) => paths.includes(path)));
  }
  return Response.json({
    _id: "0",
    id: `bench/${name}`,
    sha: commit,
    private: false,
    gated: false,
    downloads: 0,
    likes: 0,
    lastModified: "2026-01-05T10:00:00.000Z",
    siblings: [],
  });
}

interface Entry {
  type: "file";
  path: string;
  size: number;
  oid: string;
  lfs?: { oid: string; size: number; pointerSize: number };
}
const known = new Map<string, Promise<Entry[]>>();

/** Digested once: what the hub has in its database. */
function listEntries(name: string): Promise<Entry[]> {
  const entries = known.get(name) ?? readEntries(name);
  known.set(name, entries);
  return entries;
}

async function readEntries(name: string): Promise<Entry[]> {
  const paths = (await readdir(root)).filter((path) => path.startsWith(name));
  return Promise.all(
    paths.map(async (path): Promise<Entry> => {
      const bytes = await Bun.file(join(root, path)).bytes();
      const size = bytes.length;
      const oid = createHash("sha1").update(`blob ${size}\0`).update(bytes).digest("hex");
      if (size < 1 << 20) return { type: "file", path, size, oid };
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { type: "file", path, size, oid, lfs: { oid: sha256, size, pointerSize: 134 } };
    }),
  );
}

function throttle(body: Blob, bytesPerSecond: number): ReadableStream<Uint8Array> {
  const pieceBytes = 256 << 10;
  let position = 0;
  return new ReadableStream({
    async pull(controller) {
      const piece = await body.slice(position, position + pieceBytes).bytes();
      position += piece.length;
      if (piece.length > 0) controller.enqueue(piece);
      if (position >= body.size) return controller.close();
      await Bun.sleep((piece.length / bytesPerSecond) * 1000);
    },
  });
}
