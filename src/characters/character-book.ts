// From the outcome of each file to the book of characters. Pure: the same outcomes and the same previous book give the same
// next one.
import type { CharacterRecord, CharacterSource } from "./host/host-protocol.ts";
import { placeOfExport } from "./host/source-place.ts";
import type { Character, CharacterBook, LoadProblem } from "./port.ts";

/** One good reading of one file. */
export interface CharacterVersion {
  readonly source: CharacterSource;
  readonly record: CharacterRecord;
}

/** `fault`: what has gone wrong since with the version that stands, be it this one or the last good one. */
export type LoadOutcome =
  | { file: string; ok: true; version: CharacterVersion; fault?: RunFault | undefined }
  | { file: string; ok: false; problem: LoadProblem; fault?: RunFault | undefined };

export interface RunFault {
  problem: LoadProblem;
  /** It is not called any more; otherwise only recorded. */
  isQuarantined: boolean;
}

export interface CharacterStanding {
  status: Character["status"];
  error: LoadProblem | undefined;
  /** The generation of the book in which this version first stood. */
  generation: number;
}

export type CreateCharacter = (version: CharacterVersion, standing: CharacterStanding) => Character;

interface Entry {
  file: string;
  /** The last good version. */
  version: CharacterVersion | undefined;
  /** What the list of errors says of the file. */
  problem: LoadProblem | undefined;
  status: Character["status"];
  /** Why it is stale or quarantined. */
  error: LoadProblem | undefined;
}

/** A book that knows what stands behind it: the last good version of each file, also of those that lost their name. */
export interface LiveBook extends CharacterBook {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly standing: ReadonlyMap<string, { version: CharacterVersion; character: Character }>;
}

export const emptyBook: LiveBook = composeBook(0, [], new Map(), new Map());

/**
 * `outcomes`: one for each file of the folder that has been evaluated. A file that fails keeps its last good version, as
 * stale. Of equal names the first file in order of code units has it; the others wait for it to go.
 */
export function buildBook(
  outcomes: Iterable<LoadOutcome>,
  previous: LiveBook,
  createCharacter: CreateCharacter,
): LiveBook {
  const generation = previous.generation + 1;
  const entries = new Map(
    [...outcomes]
      .toSorted((a, b) => (a.file < b.file ? -1 : 1))
      .map((outcome) => [outcome.file, enter(outcome, previous)] as const),
  );
  const problems: LoadProblem[] = [];
  const standing = new Map<string, { version: CharacterVersion; character: Character }>();
  const owners = new Map<string, string>();

  for (const { file, version, problem, status, error } of entries.values()) {
    if (problem) problems.push(problem);
    if (!version) continue;
    const { name } = version.record;
    const owner = owners.get(name);
    if (owner !== undefined) {
      if (!problem) problems.push(duplicate(file, version, owner));
      continue;
    }
    owners.set(name, file);
    const before = previous.standing.get(file);
    const isSame = before?.version === version;
    const character =
      isSame && before.character.status === status && before.character.error === error
        ? before.character
        : createCharacter(version, {
            status,
            error,
            generation: isSame ? before.character.generation : generation,
          });
    standing.set(file, { version, character });
  }
  return composeBook(generation, problems, entries, standing);
}

function enter(outcome: LoadOutcome, previous: LiveBook): Entry {
  const { file, fault } = outcome;
  const version = outcome.ok ? outcome.version : previous.entries.get(file)?.version;
  const problem = outcome.ok ? fault?.problem : outcome.problem;
  if (fault?.isQuarantined) return { file, version, problem, status: "quarantined", error: fault.problem };
  return outcome.ok
    ? { file, version, problem, status: "ready", error: undefined }
    : { file, version, problem, status: "stale", error: problem };
}

function duplicate(file: string, { source, record }: CharacterVersion, owner: string): LoadProblem {
  const message = `the name ${JSON.stringify(record.name)} is taken by ${owner}; change CHARACTER_NAME in one of them`;
  const place = placeOfExport(source.text, "CHARACTER_NAME");
  return { file, stage: "duplicate", error_type: "DuplicateName", message, ...place };
}

function composeBook(
  generation: number,
  problems: readonly LoadProblem[],
  entries: LiveBook["entries"],
  standing: LiveBook["standing"],
): LiveBook {
  const characters = Object.freeze([...standing.values()].map(({ character }) => character));
  const byName = new Map(characters.map((character) => [character.name, character]));
  return Object.freeze({
    generation,
    characters,
    problems: Object.freeze([...problems]),
    find: (name: string) => byName.get(name.trim().normalize("NFC")),
    entries,
    standing,
  });
}
