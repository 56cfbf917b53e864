// Files inside a published package. The package is neither installed nor run: its tarball is fetched, its integrity
// checked, and only the wanted entries are written. The registry is the user's own, and its address appears nowhere.
import { basename } from "node:path";
import { AppError } from "../../base/errors.ts";
import { describeSource, type NpmSource } from "../asset-schema.ts";
import { parseIntegrity } from "../checksum.ts";
import { locateFiles, type PlanSource } from "./source.ts";
import type { ViewPackage } from "./view-package.ts";

export function createNpmPlan(viewPackage: ViewPackage): PlanSource<NpmSource> {
  return async (source, request) => {
    const label = describeSource(source);
    const view = await request.retry(() =>
      viewPackage(`${source.package}@${source.version}`, {
        signal: request.signal,
        timeoutMs: request.headerTimeoutMs(),
      }),
    );
    request.onAnswer();
    const checksum = view.integrity === null ? null : parseIntegrity(view.integrity);
    // Old packages have a sha1 only, which proves nothing; the manifest's digests still do.
    if (!checksum && !request.wanted) {
      throw new AppError("E_VERIFY", `${label} has no sha512 integrity; declare the digests of its files`, {
        source: label,
      });
    }
    const located = request.wanted && locateFiles(source, request.wanted, request.isSingleFile);
    const places = located && new Map(located.map(({ file, location }) => [location, file.path]));
    let isFile = false;
    const placeOf = (entryPath: string): string | null => {
      // Everything lies in one folder, "package" by custom but not by rule.
      const path = entryPath.split("/").slice(1).join("/");
      if (places) return places.get(path) ?? null;
      if (path === "") return null;
      if (source.path === undefined) return path;
      if (path === source.path) {
        isFile = true;
        return basename(path);
      }
      return path.startsWith(`${source.path}/`) ? path.slice(source.path.length + 1) : null;
    };
    return {
      pieces: [
        {
          key: "tarball",
          label,
          origin: { kind: "web", url: view.tarballUrl },
          sizeBytes: null,
          checksum,
          gives: { kind: "tarball", placeOf, files: located && located.map(({ file }) => file) },
        },
      ],
      isFolder: () => (request.wanted ? !request.isSingleFile : !isFile),
    };
  };
}
