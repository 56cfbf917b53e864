// A card as the source of a character file, which needs nothing beside itself. The card stands in it once, as data that
// can be edited, and METADATA.card is the very same object: what is edited is what is exported.
import { AppError } from "../../base/errors.ts";
import { maxFileBytes } from "../load-folder.ts";
import { maxNameLength, type VoiceSource, voiceSourceSchema } from "../module-contract.ts";
import type { CharacterCard } from "./card-schema.ts";
import { describeLimits } from "./card-limits.ts";
import { selectFileName } from "./character-file-name.ts";
import { joinParts } from "./join-parts.ts";
import { loadCardParts } from "./load-card-parts.ts";
import { type PlainData, printDeclaration, printLiteral } from "./print-literal.ts";

export interface CharacterFileOptions {
  /** A Kokoro voice id or blend, or a whole VOICE_SOURCE. Without one a stand-in is cast by the character's name. */
  voice?: string | VoiceSource | undefined;
}

export interface CharacterFile {
  /** Matches ^[a-z0-9][a-z0-9-]*\.ts$ */
  fileName: string;
  name: string;
  source: string;
  /** What of the card will not be used, or not as it was meant. */
  warnings: string[];
}

/** E_ARGS for a voice that is none, E_SCHEMA for a card that makes a file of more than 1 MiB. */
export async function writeCharacterFile(
  card: CharacterCard,
  options: CharacterFileOptions = {},
): Promise<CharacterFile> {
  const name = nameOf(card);
  const fileName = selectFileName(name, `character-${Bun.hash.crc32(name).toString(16)}`, new Set());
  const voice = options.voice ?? ownVoiceOf(card) ?? standIn(fileName);
  const voiceSource = voiceSourceSchema.safeParse(
    typeof voice === "string" ? { source_type: "kokoro", voice } : voice,
  );
  if (!voiceSource.success) throw new AppError("E_ARGS", "the voice is none that a character may have");

  const parts = await loadCardParts();
  const hasLore = (card.data.character_book?.entries ?? []).length > 0;
  const logic = joinParts("card-character.ts", {
    ...parts,
    ...(hasLore ? {} : { "select-lore.ts": parts["no-lore.ts"] ?? "" }),
    "card-data.ts": 'import type { Card } from "./card.ts";\n',
  });
  const source = [printHead(card, name, voiceSource.data), logic].join("\n");
  const sizeBytes = Buffer.byteLength(source);
  if (sizeBytes > maxFileBytes) {
    throw new AppError(
      "E_SCHEMA",
      `the card makes a file of ${sizeBytes} bytes, and a character may have ${maxFileBytes}; shorten its texts, or take embedded assets out of it`,
      { sizeBytes },
    );
  }
  return { fileName, name, source, warnings: describeLimits(card, name) };
}

function printHead(card: CharacterCard, name: string, voiceSource: VoiceSource): string {
  const greeting = plainGreeting(card, name);
  return `// A character made from a character card: CARD says who it is, and the code below it makes a prompt of that.

${printDeclaration("export const CHARACTER_NAME", name)}
${printDeclaration("export const VOICE_SOURCE", voiceSource as PlainData)}
/** The card as it came, and as it will be exported: what is edited here is part of both. */
${printDeclaration("const CARD: Card", card as PlainData)}
export const INSTRUCTIONS = {
  type: "constant",
  text: CARD.data.description?.trim() || \`You are \${CHARACTER_NAME}.\`,
  language: null,
};

export const METADATA = {
  good: true,
${greeting === undefined ? "" : `  greeting:${printLiteral(greeting, "greeting:", 1)},\n`}  card: CARD,
};
`;
}

/** What `exportCard` compares with, to see whether a character has been renamed. */
export function nameOf({ data }: CharacterCard): string {
  const name = data.name.replace(/\s+/g, " ").trim().normalize("NFC");
  return Array.from(name).slice(0, maxNameLength).join("").trim();
}

/** The voice that a character of Troupe was exported with. */
function ownVoiceOf({ data }: CharacterCard): VoiceSource | undefined {
  const own = data.extensions?.["troupe"] as { voice_source?: unknown } | null | undefined;
  return voiceSourceSchema.safeParse(own?.voice_source).data;
}

/** A recording that is not there yet: until it is, the character gets a voice by its name. */
const standIn = (fileName: string): VoiceSource => ({
  source_type: "file",
  path_on_server: `voices/${fileName.replace(/\.ts$/, ".wav")}`,
  description: "No voice was chosen when the card was imported; name one here.",
});

/** To be shown and heard before any talk; undefined where only a prompt's macros could fill it. */
function plainGreeting({ data }: CharacterCard, name: string): string | undefined {
  const filled = (data.first_mes ?? "")
    .replace(/\{\{char\}\}|<(?:bot|char)>/gi, () => data.nickname?.trim() || name)
    .replace(/\{\{user\}\}|<user>/gi, "you")
    .trim();
  if (filled === "" || filled.includes("{{")) return undefined;
  // Stage directions stand between asterisks.
  const said = filled.replace(/\*[^*]*\*/g, " ").replace(/[ \t]+/g, " ");
  return /[\p{L}\p{N}]/u.test(said) ? said.trim() : filled;
}
