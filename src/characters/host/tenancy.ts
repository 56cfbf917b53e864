// A cell while files are evaluated in it, and the judgement of what goes wrong there.
import type { CellPool } from "./cell-pool.ts";
import { problemOfOffence } from "./describe-problem.ts";
import { placeInStack } from "./source-place.ts";
import type { CharacterSource, HostIncident } from "./host-protocol.ts";
import type { Cell, CellOffence } from "./open-cell.ts";

export interface Tenancy {
  readonly cell: Cell;
  /** What was evaluated in it, in order. */
  readonly sources: readonly CharacterSource[];
  /** Returns how to end the evaluation; that tells what the file did meanwhile, if the cell has survived it. */
  enter(source: CharacterSource): () => CellOffence | undefined;
}

export interface TenancyListener {
  report: (incident: HostIncident) => void;
  /** Something failed after its evaluation, and it may have been any of these. */
  onUnclear: (sources: readonly CharacterSource[]) => void;
}

/** `isShared`: a file that is caught in the act does not cost its neighbours their cell. */
export function openTenancy(
  pool: CellPool,
  { report, onUnclear }: TenancyListener,
  { isShared }: { isShared: boolean },
): Tenancy {
  const sources: CharacterSource[] = [];
  let current: CharacterSource | undefined;
  const caught = new Map<CharacterSource, CellOffence>();

  /** Whose doing it was: the one named in the stack, else the only one there; if neither, each is tried alone. */
  const judge = (offence: CellOffence): void => {
    const culprit =
      sources.find(({ path }) => placeInStack(offence.stack, path) !== undefined) ??
      (sources.length === 1 ? sources[0] : undefined);
    if (current && culprit === current && isShared) {
      if (!caught.has(current)) caught.set(current, offence);
    } else if (current && (!culprit || culprit === current)) {
      // The evaluation under way fails with it.
      cell.condemn(offence);
    } else if (culprit) {
      const problem = problemOfOffence(culprit, "run", offence);
      report({ kind: "character", versionId: culprit.versionId, problem });
      if (!current) void pool.discard(cell);
    } else {
      void pool.discard(cell);
      onUnclear(sources);
    }
  };
  const cell = pool.take({
    onOffence: judge,
    onDeath: judge,
    onOutput: (line) => report({ kind: "output", file: (current ?? sources.at(-1))?.file ?? "", line }),
  });

  return {
    cell,
    sources,
    enter(source) {
      sources.push(source);
      current = source;
      return () => {
        const offence = caught.get(source);
        caught.delete(source);
        if (current === source) current = undefined;
        return offence;
      };
    },
  };
}
