// In which line of a TOML text a key stands. The parser keeps no positions of what it accepted, so headers and keys are
// looked for by their names; a value inside an inline table is found at the line of the table.

/** 1-based; the line of the nearest thing above `path` when the key itself is not written. Null for an empty file. */
export function findTomlLine(text: string, path: readonly PropertyKey[]): number | null {
  const wanted = path.map(String);
  const counts = new Map<string, number>();
  let prefix: string[] = [];
  let best: { depth: number; line: number } | null = null;
  const offer = (found: readonly string[], line: number): void => {
    const fits = found.length <= wanted.length && found.every((part, i) => part === wanted[i]);
    if (fits && found.length > (best?.depth ?? 0)) best = { depth: found.length, line };
  };
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    const header = /^(\[\[?)\s*([^\]]+?)\s*\]/.exec(line);
    if (header) {
      prefix = resolveHeader(splitKey(header[2] ?? ""), header[1] === "[[", counts);
      offer(prefix, index + 1);
      continue;
    }
    const key =
      /^((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=/.exec(line);
    if (!key) continue;
    const found = [...prefix, ...splitKey(key[1] ?? "")];
    offer(found, index + 1);
    // The last key of a path may stand within an inline table on this line.
    const last = wanted.at(-1);
    const isWithin = found.length < wanted.length && found.every((part, i) => part === wanted[i]);
    if (isWithin && last !== undefined && line.includes(last)) offer(wanted, index + 1);
  }
  return (best as { line: number } | null)?.line ?? null;
}

const splitKey = (key: string): string[] =>
  [...key.matchAll(/"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? "");

/** `[[assets]]` begins the next entry of its list; `[assets.source]` belongs to the last one begun. */
function resolveHeader(keys: readonly string[], isList: boolean, counts: Map<string, number>): string[] {
  const resolved: string[] = [];
  for (const [depth, key] of keys.entries()) {
    resolved.push(key);
    const id = resolved.join("\0");
    if (isList && depth === keys.length - 1) counts.set(id, (counts.get(id) ?? -1) + 1);
    const entry = counts.get(id);
    if (entry !== undefined) resolved.push(String(entry));
  }
  return resolved;
}
