// Builds the browser app once, in memory, and answers for its files. Nothing it serves comes from another host.
import { join } from "node:path";
import { AppError } from "../base/errors.ts";

/** The answer for a path of the app, or undefined for any other. */
export type WebApp = (request: Request) => Response | undefined;

/**
 * Own scripts, own styles, own sockets: a page that can only talk to the server it came from. `'self'` is its sockets too
 * (CSP level 3).
 */
const contentSecurityPolicy = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

interface Entry {
  body: Uint8Array<ArrayBuffer>;
  contentType: string;
  etag: string;
}

export async function createWebApp(): Promise<WebApp> {
  const entries = new Map<string, Entry>();
  const add = (path: string, body: Uint8Array<ArrayBuffer>, contentType: string): void => {
    const etag = `"${new Bun.CryptoHasher("sha256").update(body).digest("hex").slice(0, 24)}"`;
    entries.set(path, { body, contentType, etag });
  };

  const folder = import.meta.dir;
  const read = (name: string): Promise<Uint8Array<ArrayBuffer>> => Bun.file(join(folder, name)).bytes();
  add("/", await read("index.html"), "text/html; charset=utf-8");
  add("/web/icon.svg", await read("icon.svg"), "image/svg+xml");
  for (const name of [
    "theme.css",
    "marquee.css",
    "house.css",
    "stage.css",
    "sheets.css",
    "rooms.css",
    "face.css",
    "forced-colors.css",
  ]) {
    add(`/web/${name}`, await read(name), "text/css; charset=utf-8");
  }
  const build = await Bun.build({
    entrypoints: [join(folder, "main.tsx"), join(folder, "microphone-worklet.ts")],
    target: "browser",
    minify: true,
    naming: "[name].[ext]",
    throw: false,
  });
  if (!build.success)
    throw new AppError(
      "E_INTERNAL",
      `the page does not build: ${build.logs.map((log) => log.message).join("; ")}`,
    );
  for (const output of build.outputs) {
    const bytes = new Uint8Array(await output.arrayBuffer());
    add(`/web/${output.path.split("/").at(-1)}`, bytes, "text/javascript; charset=utf-8");
  }

  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    const entry = entries.get(new URL(request.url).pathname);
    if (!entry) return undefined;
    const headers = {
      "content-type": entry.contentType,
      "cache-control": "no-cache",
      etag: entry.etag,
      "content-security-policy": contentSecurityPolicy,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "permissions-policy": "microphone=(self), camera=(), geolocation=()",
    };
    if (request.headers.get("if-none-match") === entry.etag)
      return new Response(null, { status: 304, headers });
    return new Response(request.method === "HEAD" ? null : entry.body, { headers });
  };
}
