// Archives made byte by byte, the honest and the other ones, and a package registry that serves them.
import { createHash } from "node:crypto";
import { AppError } from "../../src/base/errors.ts";
import type { ViewPackage } from "../../src/assets/sources/view-package.ts";
import type { AssetServer } from "./asset-server.ts";

export interface TarballEntry {
  path: string;
  content?: Uint8Array | string;
  /** ustar's type flag; default "0", a file. */
  type?: string;
  linkName?: string;
  /** Default 0o644. */
  mode?: number;
  /** Puts the path into a pax header, whatever its length. */
  isPax?: boolean;
}

const encode = (content: Uint8Array | string): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

export function buildTar(entries: readonly TarballEntry[]): Uint8Array {
  const blocks = entries.flatMap((entry) => {
    const body = encode(entry.content ?? "");
    const record = ` path=${entry.path}\n`;
    const length = paxLength(record);
    const pax = entry.isPax ? [...block("pax", "x", encode(`${length}${record}`))] : [];
    const name = entry.isPax ? "short" : entry.path;
    return [...pax, ...block(name, entry.type ?? "0", body, entry)];
  });
  return Buffer.concat([...blocks, new Uint8Array(1024)]);
}

export function buildTarball(entries: readonly TarballEntry[]): Uint8Array {
  return Bun.gzipSync(buildTar(entries) as Uint8Array<ArrayBuffer>);
}

/** A record's length counts its own digits. */
function paxLength(record: string): number {
  const bare = encode(record).length;
  let length = bare + 1;
  while (String(length).length + bare !== length) length += 1;
  return length;
}

function block(
  name: string,
  type: string,
  body: Uint8Array,
  entry: Partial<TarballEntry> = {},
): Uint8Array[] {
  const header = new Uint8Array(512);
  const put = (text: string, at: number): void => header.set(encode(text), at);
  const path = encode(name);
  if (path.length > 100) {
    const slash = name.lastIndexOf("/", 154);
    put(name.slice(0, slash), 345);
    put(name.slice(slash + 1), 0);
  } else put(name, 0);
  put(`${(entry.mode ?? 0o644).toString(8).padStart(7, "0")}\0`, 100);
  put("0000000\0", 108);
  put("0000000\0", 116);
  put(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
  put("00000000000\0", 136);
  put("        ", 148);
  put(type, 156);
  put(entry.linkName ?? "", 157);
  put("ustar\x0000", 257);
  const sum = header.reduce((a, b) => a + b, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return [header, body, new Uint8Array((512 - (body.length % 512)) % 512)];
}

export interface FakeRegistry {
  viewPackage: ViewPackage;
  /** `name@version` of every question. */
  readonly asked: readonly string[];
  /** Publishes; returns the path of the tarball on the server. */
  publish(spec: string, tarball: Uint8Array, integrity?: string | null): string;
}

export function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

export function createFakeRegistry(server: AssetServer): FakeRegistry {
  const packages = new Map<string, { tarballUrl: string; integrity: string | null }>();
  const asked: string[] = [];
  return {
    asked,
    async viewPackage(spec) {
      asked.push(spec);
      const found = packages.get(spec);
      if (found) return found;
      throw new AppError("E_NOT_FOUND", `package ${spec} is not in the package registry`, { source: spec });
    },
    publish(spec, tarball, integrity = integrityOf(tarball)) {
      const path = `/registry/${encodeURIComponent(spec)}.tgz`;
      // As real registries answer: ranges, but no validator.
      const tarballUrl = server.serve(path, { content: tarball, etag: null });
      packages.set(spec, { tarballUrl, integrity });
      return path;
    },
  };
}
