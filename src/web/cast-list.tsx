// The cast: who is on stage, who is stale, who is in quarantine; each can be talked with, and looked at first.
import { Face } from "./face.tsx";
import { Icon } from "./icons.tsx";
import { formatPlace } from "./place.ts";
import type { CharacterRecord } from "./server-state.ts";

export interface CastListProps {
  characters: readonly CharacterRecord[];
  selected: string | undefined;
  /** Whose page is open. */
  lookedAt: string | undefined;
  onSelect: (name: string, isByKeyboard: boolean) => void;
}

export function CastList({ characters, selected, lookedAt, onSelect }: CastListProps) {
  return (
    <div class="people">
      <h2 id="cast-heading">The cast</h2>
      <ul aria-labelledby="cast-heading">
        {characters.map((character) => (
          <li key={character.name} data-looked-at={character.name === lookedAt || undefined}>
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
            <a
              class="round about-link"
              href={formatPlace({ view: "about", character: character.name })}
              aria-label={`About ${character.name}`}
              aria-current={character.name === lookedAt ? "page" : undefined}
              title={`About ${character.name}`}
            >
              <Icon name="about" />
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function describeStatus({ status }: CharacterRecord): string {
  return status === "stale"
    ? "last edit does not load; the one before plays"
    : "off stage until its file changes";
}
