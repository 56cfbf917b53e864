// Label values from outside (names of tools, engines) without letting anyone make endless time series.

/** The first `limit` distinct values keep their name; every later one is `other`. */
export function createBoundedLabel(limit: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= limit) return "other";
    known.add(value);
    return value;
  };
}
