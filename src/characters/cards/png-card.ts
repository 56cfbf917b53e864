// Cards in pictures: tEXt chunks whose keyword is `ccv3` (version 3, which counts where both are) or `chara` (1 and 2),
// and whose text is base64 of the card's JSON in UTF-8.
import { AppError, messageOf } from "../../base/errors.ts";
import type { ReadCard } from "./card-schema.ts";
import { parseCardJson } from "./parse-card-json.ts";
import { encodePng, type PngChunk, readPngChunks } from "./png-chunks.ts";

const keywords = ["ccv3", "chara"] as const;
type Keyword = (typeof keywords)[number];

/** E_VERIFY for a damaged picture, E_SCHEMA for one with no card or none that can be read. */
export function readPngCard(bytes: Uint8Array, label: string): ReadCard {
  const chunks = readPngChunks(bytes, label);
  const texts = chunks.flatMap((chunk) => textOf(chunk) ?? []);
  const [newer, older] = keywords.map((wanted) => texts.find(({ keyword }) => keyword === wanted));
  const read = ({ text }: { text: Uint8Array }): ReadCard => parseCardJson(decodeBase64(text, label), label);
  if (newer === undefined) {
    if (older) return read(older);
    throw new AppError("E_SCHEMA", `${label} is a picture without a character card`, { card: label });
  }
  try {
    return read(newer);
  } catch (error) {
    if (older === undefined) throw error;
    const { card, warnings } = read(older);
    const warning = `its card of version 3 cannot be read, so that of version 2 is used: ${messageOf(error)}`;
    return { card, warnings: [warning, ...warnings] };
  }
}

/** Puts cards into a picture, in place of those that it has. E_VERIFY for a damaged picture. */
export function writePngCard(picture: Uint8Array, cards: Partial<Record<Keyword, unknown>>): Uint8Array {
  const chunks = readPngChunks(picture, "the picture").filter((chunk) => {
    const keyword = textOf(chunk)?.keyword;
    return !keywords.some((known) => known === keyword);
  });
  const own = keywords.flatMap((keyword): PngChunk[] => {
    if (cards[keyword] === undefined) return [];
    const text = Buffer.from(JSON.stringify(cards[keyword])).toString("base64");
    return [{ type: "tEXt", data: Buffer.from(`${keyword}\0${text}`, "latin1") }];
  });
  return encodePng([...chunks.slice(0, -1), ...own, ...chunks.slice(-1)]);
}

function textOf({ type, data }: PngChunk): { keyword: string; text: Uint8Array } | undefined {
  // A keyword has 1 to 79 bytes and ends with a zero.
  const end = type === "tEXt" ? data.subarray(0, 80).indexOf(0) : -1;
  if (end < 1) return undefined;
  return { keyword: Buffer.from(data.subarray(0, end)).toString("latin1"), text: data.subarray(end + 1) };
}

function decodeBase64(text: Uint8Array, label: string): Uint8Array {
  const base64 = Buffer.from(text).toString("latin1").trim();
  if (!/^[A-Za-z0-9+/\r\n]*={0,2}$/.test(base64)) {
    throw new AppError("E_SCHEMA", `${label} has a card that is not base64`, { card: label });
  }
  return Buffer.from(base64, "base64");
}
