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
    if (url.pathname.startsWith("/api/models/")) return answerHub(url);
    const file = Bun.file(join(root, decodeURIComponent(hub?.[2] ?? url.pathname.slice(1))));
    if (!(await file.exists())) return new Response("not here", { status: 404 });
    const headers: Record<string, string> = {
      etag: `"${file.size}-${file.lastModified}"`,
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

async function answerHub(url: URL): Promise<Response> {
  if (!url.pathname.includes("/tree/"))
    return Response.json({ id: "bench/files", sha: commit, siblings: [] });
  const names = (await readdir(root)).filter((name) => name.startsWith("small-"));
  const entries = names.map(async (name) => {
    const bytes = await Bun.file(join(root, name)).bytes();
    const oid = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    return { type: "file", path: name, size: bytes.length, oid };
  });
  return Response.json(await Promise.all(entries));
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
