// Which installs go when there is too little room: a pure choice, so that the dry run prints what the real run does.

export interface Collectable {
  kind: "gone" | "part" | "remnant" | "install" | "elsewhere";
  modelId: string;
  path: string;
  /** What the disk gets back. */
  sizeBytes: number;
  /** Milliseconds since 1970 of its last use, else of its install. */
  usedAtMs: number;
}

export interface CollectionSnapshot {
  /** Without what is pinned, in use, or too young. */
  candidates: readonly Collectable[];
  /** Of everything under the roots. */
  usedBytes: number;
  /** Of what the registry knows, pinned ones too. */
  installedBytes: number;
  disk: { totalBytes: number; freeBytes: number };
}

export interface CollectionGoal {
  /** Until so much is freed. */
  targetBytes?: number | undefined;
  /** Until the roots hold no more than that. */
  quotaBytes?: number | undefined;
}

const fullShare = 0.85;
const freedShare = 0.2;

/** Bytes to be freed; 0: nothing is to be done. */
export function countNeeded(
  snapshot: CollectionSnapshot,
  { targetBytes, quotaBytes }: CollectionGoal,
): number {
  if (targetBytes !== undefined || quotaBytes !== undefined) {
    const overQuota = quotaBytes === undefined ? 0 : Math.max(0, snapshot.usedBytes - quotaBytes);
    return Math.max(targetBytes ?? 0, overQuota);
  }
  const { totalBytes, freeBytes } = snapshot.disk;
  const isFull = totalBytes > 0 && (totalBytes - freeBytes) / totalBytes > fullShare;
  return isFull ? freedShare * snapshot.installedBytes : 0;
}

/** Records of nothing first, then what was left unfinished, then least recently used first, until it is enough. */
export function planCollection(snapshot: CollectionSnapshot, goal: CollectionGoal): Collectable[] {
  const neededBytes = countNeeded(snapshot, goal);
  if (neededBytes <= 0) return [];
  // Parts lie in the cache, which no quota counts.
  const countsParts = goal.quotaBytes === undefined || goal.targetBytes !== undefined;
  const ranks = { gone: 0, part: 1, remnant: 1, install: 2, elsewhere: 2 };
  const ordered = snapshot.candidates
    .filter((item) => countsParts || item.kind !== "part")
    .toSorted(
      (a, b) =>
        ranks[a.kind] - ranks[b.kind] ||
        a.usedAtMs - b.usedAtMs ||
        (a.modelId < b.modelId ? -1 : a.modelId > b.modelId ? 1 : 0),
    );
  const plan: Collectable[] = [];
  let freedBytes = 0;
  for (const item of ordered) {
    if (item.kind !== "gone" && freedBytes >= neededBytes) break;
    plan.push(item);
    freedBytes += item.sizeBytes;
  }
  return plan;
}
