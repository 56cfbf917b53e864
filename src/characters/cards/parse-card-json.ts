// The JSON text of a card, within the bounds of what a character file can carry.
import { AppError } from "../../base/errors.ts";
import { type ReadCard, readCard } from "./card-schema.ts";

/** Of a card's JSON. The character made of it may have 1 MiB; binary data in `assets` can make a card larger. */
const maxCardBytes = 8 * 1024 * 1024;
/** Below the depth to which a character's exports are read. */
const maxDepth = 56;

/** E_SCHEMA for what is no JSON, no card, or says what a character file cannot hold; E_QUOTA for more than 8 MiB. */
export function parseCardJson(bytes: Uint8Array, label: string): ReadCard {
  if (bytes.length > maxCardBytes) {
    throw new AppError(
      "E_QUOTA",
      `${label} has ${bytes.length} bytes of JSON; a card may have ${maxCardBytes}`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    // SyntaxError, TypeError for what is no UTF-8, RangeError for nesting without end.
    throw new AppError("E_SCHEMA", `${label} is no character card: it is not JSON in UTF-8`, null, error);
  }
  const read = readCard(value, label);
  const problem = findUnfit(value, 0);
  if (problem !== undefined) throw new AppError("E_SCHEMA", `${label} ${problem}`);
  return read;
}

function findUnfit(value: unknown, depth: number): string | undefined {
  if (typeof value === "number") {
    return Number.isFinite(value) ? undefined : "has a number that is too large to be kept";
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > maxDepth) return `is nested deeper than ${maxDepth} levels`;
  for (const entry of Object.values(value)) {
    const problem = findUnfit(entry, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
