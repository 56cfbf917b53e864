// Files behind plain urls.
import { basename } from "node:path";
import { AppError } from "../../base/errors.ts";
import { describeUrl, type HttpSource, isSafeRelativePath } from "../asset-schema.ts";
import { type FetchPiece, pieceOfFile, type PlanSource } from "./source.ts";

export const planHttp: PlanSource<HttpSource> = async (source, { wanted, isSingleFile }) => {
  const { url, files = {} } = source;
  if (wanted) {
    const pieces = wanted.flatMap((file) => {
      const location = files[file.path] ?? (isSingleFile ? url : undefined);
      if (location === undefined) return [];
      return [pieceOfFile({ file, location }, describeUrl(location), { kind: "web", url: location })];
    });
    return { pieces, isFolder: () => !isSingleFile };
  }
  const pieces = url ? [plainPiece(nameInUrl(url), url)] : Object.entries(files).map((e) => plainPiece(...e));
  return { pieces, isFolder: () => url === undefined };
};

function plainPiece(path: string, url: string): FetchPiece {
  return {
    key: url,
    label: describeUrl(url),
    origin: { kind: "web", url },
    sizeBytes: null,
    checksum: null,
    gives: { kind: "file", path },
  };
}

function nameInUrl(url: string): string {
  const name = decodeURIComponent(basename(new URL(url).pathname));
  if (isSafeRelativePath(name) && !name.startsWith(".")) return name;
  throw new AppError("E_SCHEMA", `${describeUrl(url)} ends in no file name; name the file with \`files\``, {
    source: describeUrl(url),
  });
}
