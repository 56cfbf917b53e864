// Pure arithmetic on half-open byte ranges [start, end): what of a file is there, and what is still to be fetched.
export type ByteRange = readonly [start: number, end: number];

/** `ranges` with `added` put in: sorted, disjoint, touching ones joined. */
export function addRange(ranges: readonly ByteRange[], added: ByteRange): ByteRange[] {
  if (added[0] >= added[1]) return [...ranges];
  const result: ByteRange[] = [];
  let [start, end] = added;
  for (const range of ranges) {
    if (range[1] < start || range[0] > end) result.push(range);
    else [start, end] = [Math.min(start, range[0]), Math.max(end, range[1])];
  }
  result.push([start, end]);
  return result.sort((a, b) => a[0] - b[0]);
}

export function countBytes(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
}

/** What `ranges` lack of [0, sizeBytes), in pieces of at most `pieceBytes`. */
export function planGaps(ranges: readonly ByteRange[], sizeBytes: number, pieceBytes: number): ByteRange[] {
  const pieces: ByteRange[] = [];
  let position = 0;
  for (const [start, end] of [...ranges, [sizeBytes, sizeBytes] as const]) {
    for (; position < Math.min(start, sizeBytes); position += pieceBytes) {
      pieces.push([position, Math.min(position + pieceBytes, start, sizeBytes)]);
    }
    position = end;
  }
  return pieces;
}

export interface ContentRange {
  /** Null in the answer to a range that cannot be satisfied. */
  range: ByteRange | null;
  totalBytes: number | null;
}

/** Parses `bytes 0-99/1234`, `bytes 0-99/*` and `bytes *\/1234`; null for anything else. */
export function parseContentRange(header: string | null): ContentRange | null {
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(header?.trim() ?? "");
  if (!match) return null;
  const [, first, last, total] = match;
  return {
    range: first === undefined || last === undefined ? null : [Number(first), Number(last) + 1],
    totalBytes: total === undefined || total === "*" ? null : Number(total),
  };
}
