// A character by the name that somebody typed.
import { AppError } from "../base/errors.ts";
import type { Character, CharacterBook } from "../characters/port.ts";
import { selectNearest } from "../text/nearest-word.ts";

/** The character of that name; without exact match, the one that differs only by case. */
export function findCharacter(book: CharacterBook, name: string): Character {
  const names = book.characters.map((character) => character.name);
  const found =
    book.find(name) ??
    book.characters.find((character) => character.name.toLowerCase() === name.trim().toLowerCase());
  if (found) return found;
  const nearest = selectNearest(name, names);
  const hint = nearest === undefined ? `there are: ${names.join(", ")}` : `did you mean ${nearest}?`;
  throw new AppError("E_NOT_FOUND", `there is no character "${name}"; ${hint}`, { name });
}
