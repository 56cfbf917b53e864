// Where in the text of a character something stands, so that an editor can jump there. Lines and columns count from 1.

export interface Place {
  line: number;
  column?: number;
}

/** Of the first needle that occurs. */
export function placeOf(text: string, ...needles: readonly string[]): Place | undefined {
  const offset = needles.map((needle) => text.indexOf(needle)).find((index) => index >= 0);
  return offset === undefined ? undefined : placeAt(text, offset);
}

/**
 * Where the file declares an export, or a property inside it, as deep as `keys` can be followed; undefined for an export
 * that it does not declare.
 */
export function placeOfExport(
  text: string,
  name: string,
  keys: readonly PropertyKey[] = [],
): Place | undefined {
  const declaration = new RegExp(`^[ \\t]*(?:export\\b.*\\b(?=${name}\\b)|(?=${name}\\s*:))`, "m").exec(text);
  if (!declaration) return undefined;
  const start = declaration.index + declaration[0].length;
  const length = text.slice(start).search(/^export\b/m);
  const end = length < 0 ? text.length : start + length;
  let offset = start;
  for (const key of keys) {
    // The first of a list is the first that is found; of the others nobody knows where they begin.
    if (key === 0) continue;
    const property = typeof key === "string" ? findProperty(text.slice(offset, end), key) : undefined;
    if (property === undefined) break;
    offset += property;
  }
  return placeAt(text, offset);
}

/** The first frame of an error's stack that lies in the file. */
export function placeInStack(error: unknown, path: string): Place | undefined {
  try {
    const stack = typeof error === "string" ? error : String((error as Error).stack);
    const start = stack.slice(0, 20_000).indexOf(`${path}:`);
    if (start < 0) return undefined;
    const [line, column] = stack
      .slice(start + path.length + 1)
      .split(/[:)\s]/, 2)
      .map(Number);
    if (!line) return undefined;
    return column ? { line, column } : { line };
  } catch {
    return undefined;
  }
}

/** The first frame of an error's stack that lies in the folder, as `_lib/words.ts:3:7`. */
export function placeInFolder(error: unknown, folder: string): string | undefined {
  try {
    const frames = String((error as Error).stack)
      .slice(0, 20_000)
      .split("\n");
    const frame = frames.find((line) => /^\s+at /.test(line) && line.includes(`${folder}/`));
    return frame?.slice(frame.indexOf(`${folder}/`) + folder.length + 1).split(")", 1)[0];
  } catch {
    return undefined;
  }
}

/** Plain, quoted or as a getter. */
function findProperty(text: string, key: string): number | undefined {
  const escaped = key.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const found = new RegExp(`(?<![\\w$."'])["']?${escaped}["']?\\s*[:(,}]`).exec(text);
  return found?.index;
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}
