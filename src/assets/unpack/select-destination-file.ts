// Which file of an archive is meant, when the asset is said to be one file.

/** `paths` in the archive's order. Null when nothing is left but hidden files. */
export function selectDestinationFile(paths: readonly string[]): { path: string; isSole: boolean } | null {
  const candidates = paths.filter((path) => {
    const parts = path.split("/");
    return !parts.some((part) => part.startsWith(".") || part === "__MACOSX");
  });
  const path = candidates.find((candidate) => !candidate.includes("/")) ?? candidates[0];
  return path === undefined ? null : { path, isSole: candidates.length === 1 };
}
