// Whom a client means by the model that it names.
import { AppError } from "../../base/errors.ts";
import type { Character, CharacterBook } from "../../characters/port.ts";
import { HttpError } from "../http-error.ts";
import { isOpenAiModel } from "./openai-names.ts";

/** Whoever is first for no name, and for OpenAI's names. Throws E_NOT_FOUND. */
export function selectCharacter(book: CharacterBook, model: string | null): Character {
  const isAnyone = model === null || model === "";
  const named = isAnyone ? undefined : book.find(model);
  if (named) return named;
  if (!isAnyone && !isOpenAiModel(model)) {
    throw new HttpError("E_NOT_FOUND", `there is no character "${model}"; GET /v1/models lists the cast`, {
      openAiCode: "model_not_found",
      param: "model",
    });
  }
  const [first] = book.characters;
  if (first) return first;
  throw new AppError("E_NOT_FOUND", "the stage is empty: put a character into story_characters");
}
