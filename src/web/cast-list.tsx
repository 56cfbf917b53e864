// The cast: who is on stage, who is stale, who is in quarantine, and which files did not load.
import { Face } from "./face.tsx";
import type { CharacterRecord, LoadError } from "./server-state.ts";

export interface CastListProps {
  characters: readonly CharacterRecord[];
  errors: readonly LoadError[];
  selected: string | undefined;
  onSelect: (name: string) => void;
}

export function CastList({ characters, errors, selected, onSelect }: CastListProps) {
  const broken = errors.filter((error) => !characters.some((character) => character.file === error.file));
  return (
    <>
      <h2 id="cast-heading">The cast</h2>
      <ul aria-labelledby="cast-heading">
        {characters.map((character) => (
          <li key={character.name}>
            <button
              type="button"
              class="card"
              aria-pressed={character.name === selected}
              onClick={() => onSelect(character.name)}
            >
              <Face name={character.name} metadata={character.metadata} size={52} />
              <div>
                <b>{character.name}</b>
                <span>{character.metadata.tagline ?? describeType(character.instructions.type)}</span>
                {character.status !== "ready" && (
                  <span class="problem" title={character.error?.message}>
                    {character.status === "stale"
                      ? "the last edit does not load"
                      : "in quarantine until its file changes"}
                  </span>
                )}
              </div>
            </button>
          </li>
        ))}
      </ul>
      {broken.map((error) => (
        <div class="downloads" key={error.file}>
          <b>{error.file}</b> does not load
          <p>
            {error.line === undefined ? "" : `line ${error.line}: `}
            {error.message}
          </p>
        </div>
      ))}
    </>
  );
}

const describeType = (type: string): string => type.replaceAll("_", " ");
