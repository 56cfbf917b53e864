// The cast: who is on stage, who is stale, who is in quarantine, and which files did not load.
import { Face } from "./face.tsx";
import type { CharacterRecord, LoadError, ServerState } from "./server-state.ts";

export interface CastListProps {
  characters: readonly CharacterRecord[];
  selected: string | undefined;
  onSelect: (name: string, isByKeyboard: boolean) => void;
}

export function CastList({ characters, selected, onSelect }: CastListProps) {
  return (
    <div class="people">
      <h2 id="cast-heading">The cast</h2>
      <ul aria-labelledby="cast-heading">
        {characters.map((character) => (
          <li key={character.name}>
            <button
              type="button"
              class="card"
              data-status={character.status}
              aria-current={character.name === selected}
              // A click without a press of a pointer came from the keyboard, or from a screen reader.
              onClick={(event) => onSelect(character.name, event.detail === 0)}
            >
              <Face name={character.name} metadata={character.metadata} size={50} />
              <div>
                <b>{character.name}</b>
                <span>{character.metadata.tagline ?? character.instructions.type.replaceAll("_", " ")}</span>
                {character.status !== "ready" && <span class="problem">{describeStatus(character)}</span>}
              </div>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Files that did not load: those of nobody on stage, and the edits that those on stage do not play yet. */
export function LoadProblems({ characters, errors }: Pick<ServerState, "characters" | "errors">) {
  const own = characters.flatMap(({ error }) => error ?? []);
  const all = new Map([...own, ...errors].map((error) => [error.file, error]));
  return (
    <div role="status">
      {[...all.values()].map((error) => (
        <div class="notes bad" key={error.file}>
          <b>{error.file}</b> <span class="problem">does not load</span>
          <p>{describeLoadError(error)}</p>
        </div>
      ))}
    </div>
  );
}

function describeStatus({ status }: CharacterRecord): string {
  return status === "stale"
    ? "last edit does not load; the one before plays"
    : "off stage until its file changes";
}

const kinds: Readonly<Record<string, string>> = {
  SyntaxError: "It is not valid TypeScript.",
  ImportError: "Something that it imports is not there.",
  EvaluationError: "It throws while it loads.",
  Timeout: "It takes too long to load.",
  MissingExport: "It does not export all that a character needs.",
  MissingMethod: "Its PromptGenerator lacks a method.",
  ValidationError: "One of its exports does not have the right form.",
  InvalidTools: "Its tools do not have the right form.",
  DuplicateName: "Its name is taken.",
  BadPrompt: "Its prompt cannot be used.",
  Crashed: "It crashed.",
  ReadError: "It cannot be read.",
};

/** What kind of thing is wrong, where, and what the loader said. */
export function describeLoadError({ error_type: type = "", line, message }: LoadError): string {
  const lead = kinds[type];
  const where = line === undefined ? "" : `Line ${line}: `;
  return `${lead === undefined ? "" : `${lead} `}${where}${message}`;
}
