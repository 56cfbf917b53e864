// Shell patterns as the hub's own clients read them (Python's fnmatch): "*" and "?" match "/" too, and a pattern that
// ends in "/" means everything below.
export function matchesPattern(name: string, pattern: string): boolean {
  return toRegExp(pattern.endsWith("/") ? `${pattern}*` : pattern).test(name);
}

export function selectByPatterns<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  patterns: { allow?: readonly string[] | undefined; ignore?: readonly string[] | undefined },
): T[] {
  const { allow, ignore = [] } = patterns;
  return items.filter((item) => {
    const name = nameOf(item);
    if (allow && !allow.some((pattern) => matchesPattern(name, pattern))) return false;
    return !ignore.some((pattern) => matchesPattern(name, pattern));
  });
}

function toRegExp(pattern: string): RegExp {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === "*") source += ".*";
    else if (char === "?") source += ".";
    else if (char === "[") {
      // A "]" right after the bracket (or its "!") belongs to the set; a set that never closes is a plain "[".
      const from = pattern.charAt(i + 1) === "!" ? i + 2 : i + 1;
      const end = pattern.indexOf("]", from + 1);
      if (end < 0) source += "\\[";
      else {
        const inner = pattern.slice(from, end).replace(/[\\\]^[]/g, "\\$&");
        source += `[${from === i + 2 ? "^" : ""}${inner}]`;
        i = end;
      }
    } else source += char.replace(/[.+^${}()|\\\]/]/g, "\\$&");
  }
  return new RegExp(`^${source}$`, "s");
}
