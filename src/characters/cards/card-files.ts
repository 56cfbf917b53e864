// Cards and the characters folder: an import writes the character, and keeps the picture or archive that the card came in
// under `_cards/`, where nothing is loaded from; an export finds it there.
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { withFileErrors, writeFileAtomic } from "../../base/atomic-file.ts";
import { AppError } from "../../base/errors.ts";
import { type CardFormat, type ExportableCharacter, exportCard } from "./export-card.ts";
import { type CardContainer, parseCard } from "./parse-card.ts";
import { type CharacterFileOptions, writeCharacterFile } from "./write-character-file.ts";

export interface ImportCardOptions extends CharacterFileOptions {
  /** The characters folder; made if it is missing. */
  folder: string;
  /** Replace a file of that name. */
  force?: boolean | undefined;
  /** What messages call the card, such as its path. */
  label?: string | undefined;
}

export interface ImportedCard {
  /** Name of the character's file in the folder. */
  file: string;
  name: string;
  warnings: string[];
}

/** E_ARGS where the file exists without `force`; else as parseCard and writeCharacterFile. Nothing is written then. */
export async function importCard(bytes: Uint8Array, options: ImportCardOptions): Promise<ImportedCard> {
  const { folder, force = false, label, voice } = options;
  const { card, container, warnings } = await parseCard(bytes, label);
  const { fileName, name, source, warnings: limits } = await writeCharacterFile(card, { voice });
  const path = join(folder, fileName);
  const present = await stat(path).catch(() => undefined);
  if (present && (!force || !present.isFile())) {
    throw new AppError("E_ARGS", `${path} exists already; --force replaces it`, { file: fileName });
  }
  for (const kind of ["png", "charx"] as const) {
    const original = originalPath(folder, fileName, kind);
    if (kind === container) await writeFileAtomic(original, bytes);
    else await withFileErrors(original, () => rm(original, { force: true }));
  }
  await writeFileAtomic(path, source);
  return { file: fileName, name, warnings: [...warnings, ...limits] };
}

export interface ExportCharacterOptions {
  folder: string;
  format: CardFormat;
  container: CardContainer;
  /** As in exportCard. */
  prompt?: string | undefined;
}

/** The bytes of a card, with the picture or the assets that it was imported with. As exportCard. */
export async function exportCharacter(
  character: ExportableCharacter & { file: string },
  { folder, format, container, prompt }: ExportCharacterOptions,
): Promise<Uint8Array> {
  const original = await findOriginal(folder, character.file, container);
  return exportCard(character, { format, container, original, prompt });
}

const originalPath = (folder: string, file: string, container: CardContainer): string =>
  join(folder, "_cards", file.replace(/\.ts$/, `.${container}`));

/** Of the same kind if there is one: its picture or its assets fit best. */
async function findOriginal(
  folder: string,
  file: string,
  wanted: CardContainer,
): Promise<Uint8Array | undefined> {
  const kinds: readonly CardContainer[] = wanted === "charx" ? ["charx"] : ["png", "charx"];
  if (wanted === "json") return undefined;
  for (const kind of kinds) {
    const path = originalPath(folder, file, kind);
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (bytes) return bytes;
  }
  return undefined;
}
