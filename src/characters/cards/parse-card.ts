// A character card out of whatever it comes in: a PNG picture, JSON, or a CHARX archive.
import { AppError } from "../../base/errors.ts";
import type { ReadCard } from "./card-schema.ts";
import { parseCardJson } from "./parse-card-json.ts";
import { readPngCard } from "./png-card.ts";
import { isPng } from "./png-chunks.ts";
import { isZip, readZip } from "./read-zip.ts";

export type CardContainer = "png" | "json" | "charx";

export interface ParsedCard extends ReadCard {
  container: CardContainer;
}

/** Of the whole file, pictures and all. */
const maxContainerBytes = 128 * 1024 * 1024;
/** The card's place in a CHARX archive. */
export const charxCardPath = "card.json";

/**
 * E_SCHEMA for what is no card or has another shape, E_VERIFY for a damaged or hostile container, E_QUOTA for more than
 * 128 MiB. `label` is what messages call the file.
 */
export async function parseCard(bytes: Uint8Array, label = "the card"): Promise<ParsedCard> {
  if (bytes.length > maxContainerBytes) {
    throw new AppError("E_QUOTA", `${label} has ${bytes.length} bytes; a card may have ${maxContainerBytes}`);
  }
  if (isPng(bytes)) return { ...readPngCard(bytes, label), container: "png" };
  if (isZip(bytes)) return { ...(await readCharxCard(bytes, label)), container: "charx" };
  const first = bytes.find((byte) => ![0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf].includes(byte));
  if (first !== 0x7b) {
    throw new AppError("E_SCHEMA", `${label} is no character card: it is neither PNG, JSON nor CHARX`);
  }
  return { ...parseCardJson(bytes, label), container: "json" };
}

async function readCharxCard(bytes: Uint8Array, label: string): Promise<ReadCard> {
  const card = (await readZip(bytes, label, (path) => path === charxCardPath)).get(charxCardPath);
  if (!card) {
    throw new AppError("E_SCHEMA", `${label} is an archive without a ${charxCardPath}`, { card: label });
  }
  return parseCardJson(card, label);
}
