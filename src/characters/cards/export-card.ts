// A character as a card again. One that came from a card gives that card back, with what was edited in its file; any other
// character is described as well as a card can.
import { AppError } from "../../base/errors.ts";
import type { Character } from "../port.ts";
import { type CardData, type CharacterCard, readCard, secondVersionDefaults } from "./card-schema.ts";
import { charxCardPath, type CardContainer } from "./parse-card.ts";
import { isPng } from "./png-chunks.ts";
import { writePngCard } from "./png-card.ts";
import { drawPortrait } from "./portrait.ts";
import { isZip, readZip } from "./read-zip.ts";
import { nameOf } from "./write-character-file.ts";
import { writeZip } from "./write-zip.ts";

export type CardFormat = "v2" | "v3";
export type ExportableCharacter = Pick<Character, "name" | "metadata" | "instructions" | "voiceSource">;

export interface ExportCardOptions {
  format: CardFormat;
  container: CardContainer;
  /** The file that the card came in: its picture and assets go along. */
  original?: Uint8Array | undefined;
  /** For a character that came from no card and whose instructions hold no text: the prompt that it would use now. */
  prompt?: string | undefined;
}

/** The bytes of a card file. E_SCHEMA when METADATA.card is no card any more, E_VERIFY for a damaged original. */
export async function exportCard(
  character: ExportableCharacter,
  { format, container, original, prompt }: ExportCardOptions,
): Promise<Uint8Array> {
  const card = buildCard(character, format, prompt);
  if (container === "json") return Buffer.from(`${JSON.stringify(card, null, 2)}\n`);
  if (container === "charx") {
    const assets = original && isZip(original) ? await readZip(original, "the original card", isAsset) : [];
    const cardEntry = [charxCardPath, Buffer.from(JSON.stringify(card, null, 2))] as const;
    return writeZip(new Map([cardEntry, ...assets]));
  }
  const picture = (original && (await pictureIn(original, card))) ?? drawPortrait(character.name);
  // An application that knows version 2 alone finds the same card in its place.
  return format === "v3"
    ? writePngCard(picture, { ccv3: card, chara: inFormat(card, "v2") })
    : writePngCard(picture, { chara: card });
}

/** The card as data. */
export function buildCard(
  character: ExportableCharacter,
  format: CardFormat,
  prompt?: string,
): CharacterCard {
  const own = character.metadata["card"];
  if (own === undefined || own === null) return inFormat(describe(character, prompt), format);
  const { card } = readCard(own, `METADATA.card of ${character.name}`);
  const isRenamed = nameOf(card) !== character.name;
  return inFormat(isRenamed ? { ...card, data: { ...card.data, name: character.name } } : card, format);
}

/** A card that has the version already stays as it is; another gets what that version demands. */
function inFormat(card: CharacterCard, format: CardFormat): CharacterCard {
  const spec = format === "v2" ? "chara_card_v2" : "chara_card_v3";
  if (card.spec === spec) return card;
  const defaults = { ...secondVersionDefaults(), ...(format === "v3" && { group_only_greetings: [] }) };
  const data: Record<string, unknown> = { ...card.data };
  for (const [key, value] of Object.entries(defaults)) data[key] ??= value;
  const book = card.data.character_book;
  if (book && format === "v3") {
    data["character_book"] = {
      ...book,
      extensions: book["extensions"] ?? {},
      entries: (book.entries ?? []).map((entry) => ({ ...entry, use_regex: entry.use_regex ?? false })),
    };
  }
  return { ...card, spec, spec_version: format === "v2" ? "2.0" : "3.0", data: data as CardData };
}

/** The voice goes along in `extensions`, where an import into Troupe finds it. */
function describe(
  { name, metadata, instructions, voiceSource }: ExportableCharacter,
  prompt = "",
): CharacterCard {
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const description = instructions.type === "constant" ? instructions.text : prompt;
  if (description === "") {
    throw new AppError("E_ARGS", `${name} has no text that a card could hold: give its prompt`);
  }
  return {
    spec: "chara_card_v2",
    spec_version: "2.0",
    data: {
      name,
      description,
      personality: "",
      scenario: "",
      first_mes: text(metadata["greeting"]),
      mes_example: "",
      ...secondVersionDefaults(),
      creator_notes: text(metadata.comment) || text(metadata["tagline"]),
      extensions: { troupe: { voice_source: voiceSource, instructions, metadata } },
    },
  };
}

const isAsset = (path: string): boolean => path !== charxCardPath;

/** The picture itself, or the main icon of an archive. */
async function pictureIn(original: Uint8Array, card: CharacterCard): Promise<Uint8Array | undefined> {
  if (isPng(original)) return original;
  if (!isZip(original)) return undefined;
  const assets = Array.isArray(card.data["assets"]) ? (card.data["assets"] as Record<string, unknown>[]) : [];
  const icons = assets.filter((asset) => asset?.["type"] === "icon");
  const icon = icons.find((asset) => asset["name"] === "main") ?? icons[0];
  const path = /^embed{1,2}ed:\/\/(.+)$/.exec(typeof icon?.["uri"] === "string" ? icon["uri"] : "")?.[1];
  if (path === undefined) return undefined;
  const bytes = (await readZip(original, "the original card", (entry) => entry === path)).get(path);
  return bytes && isPng(bytes) ? bytes : undefined;
}
