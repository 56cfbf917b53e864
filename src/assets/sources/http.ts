// Files behind plain urls.
import { basename } from "node:path";
import { describeUrl, type HttpSource, isSafeRelativePath } from "../asset-schema.ts";
import type { Tokens } from "../credentials.ts";
import { type FetchPiece, pieceOfFile, type PlanSource, type WebOrigin } from "./source.ts";

export function createHttpPlan(findToken: Tokens["find"]): PlanSource<HttpSource> {
  return async (source, { wanted, isSingleFile, isTrusted }) => {
    const { url, files = {}, authentication } = source;
    const token = await findToken(source);
    const credential = token && {
      header: authentication?.headerName ?? "Authorization",
      value: authentication?.scheme ? `${authentication.scheme} ${token.value}` : token.value,
      variable: token.variable,
    };
    const originOf = (location: string): WebOrigin => ({
      kind: "web",
      url: location,
      isGuarded: !isTrusted,
      credential: credential ?? undefined,
      credentialVariable: authentication?.tokenVariable,
    });
    const plainPiece = (path: string, location: string): FetchPiece => ({
      key: `${location} ${path}`, // two files may have the same location
      label: describeUrl(location),
      origin: originOf(location),
      sizeBytes: null,
      checksum: null,
      gives: { kind: "file", path },
    });
    if (wanted) {
      const pieces = wanted.flatMap((file) => {
        const location = files[file.path] ?? (isSingleFile ? url : undefined);
        if (location === undefined) return [];
        return [pieceOfFile(file, describeUrl(location), originOf(location))];
      });
      return { pieces, isFolder: () => !isSingleFile };
    }
    const pieces = url
      ? [plainPiece(nameInUrl(url), url)]
      : Object.entries(files).map((entry) => plainPiece(...entry));
    return { pieces, isFolder: () => url === undefined };
  };
}

/** Of a url that ends in no name of a file, or in one that no folder should hold. */
const plainName = "download";

/** Always one file's name: what is behind an encoded slash must not become a folder. */
function nameInUrl(url: string): string {
  const name = decodeName(basename(new URL(url).pathname));
  const isFit = isSafeRelativePath(name) && !name.includes("/") && !name.startsWith(".");
  return isFit ? name : plainName;
}

/** Percent signs that encode nothing stand for themselves. */
function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
