// A character by the name that somebody typed.
import { AppError } from "../base/errors.ts";
import type { LiveCharacterStage } from "../characters/character-stage.ts";
import type { Character, CharacterBook } from "../characters/port.ts";
import { selectNearest } from "../text/nearest-word.ts";

const searchBook = (book: CharacterBook, name: string): Character | undefined =>
  book.find(name) ??
  book.characters.find((character) => character.name.toLowerCase() === name.trim().toLowerCase());

/** As `findCharacter`, on a stage that has just opened: nobody is missing before the slow files are done, too. */
export async function awaitCharacter(
  stage: Pick<LiveCharacterStage, "book" | "settled">,
  name: string,
): Promise<Character> {
  return searchBook(stage.book, name) ?? findCharacter(await stage.settled(), name);
}

/** The character of that name; without exact match, the one that differs only by case. */
export function findCharacter(book: CharacterBook, name: string): Character {
  const found = searchBook(book, name);
  if (found) return found;
  const names = book.characters.map((character) => character.name);
  const nearest = selectNearest(name, names);
  const hint = nearest === undefined ? `there are: ${names.join(", ")}` : `did you mean ${nearest}?`;
  throw new AppError("E_NOT_FOUND", `there is no character "${name}"; ${hint}`, { name });
}
