// Who is evaluated once more, with cells that do what the test says.
import { test } from "bun:test";
import type { CellPool } from "../../../src/characters/host/cell-pool.ts";
import { createEvaluationLine } from "../../../src/characters/host/evaluation-line.ts";
import type { CharacterSource, HostOptions } from "../../../src/characters/host/host-protocol.ts";
import type { Cell, CellListener } from "../../../src/characters/host/open-cell.ts";
import { eventually } from "../../support/eventually.ts";

const options: HostOptions = {
  evaluateTimeoutMs: 20,
  promptTimeoutMs: 1000,
  toolTimeoutMs: 1000,
  replyTimeoutMs: 1000,
  memoryLimitMb: 100,
  idle: { windowMs: 1000, maxShare: 1 },
  purpose: "trial",
  folder: "/",
};
const sourceOf = (file: string): CharacterSource => ({
  versionId: file,
  file,
  path: `/${file}`,
  text: "",
  companions: {},
});
/** Of a file that is settled at once, and whose late failure is another matter. */
const refusal = {
  ok: false,
  problem: { file: "", stage: "evaluate", error_type: "SyntaxError", message: "none" },
  companions: {},
} as const;

/** Files that are called `slow…` are busy until `end` resolves. */
function createScriptedPool(end: Promise<void>) {
  const taken: { listener: CellListener; files: string[]; isWatched: boolean }[] = [];
  const entries = new Map<Cell, (typeof taken)[number]>();
  const pool: CellPool = {
    take(listener) {
      const entry = { listener, files: [] as string[], isWatched: false };
      taken.push(entry);
      const isSlow = (): boolean => entry.files.at(-1)?.startsWith("slow") === true;
      const cell = {
        ready: Promise.resolve(),
        isOpen: true,
        hasStarted: true,
        async call(method: string, params: unknown) {
          if (method !== "evaluate") return undefined;
          entry.files.push((params as CharacterSource).file);
          if (isSlow()) await end;
          return refusal;
        },
        async pulse() {
          if (isSlow()) await end;
        },
      } as unknown as Cell;
      entries.set(cell, entry);
      return cell;
    },
    watch({ cell }) {
      const entry = entries.get(cell);
      if (entry) entry.isWatched = true;
    },
    discard: async () => undefined,
    release: async () => undefined,
    examine: async () => undefined,
  };
  return { pool, taken };
}

test("files of which one has failed late are evaluated again, however long they wait for their turn", async () => {
  const end = Promise.withResolvers<void>();
  const { pool, taken } = createScriptedPool(end.promise);
  const line = createEvaluationLine({ pool, report: () => undefined }, options);
  const { signal } = new AbortController();
  const crowd = Array.from({ length: 120 }, (_, index) => `c${index}.ts`);
  await Promise.all(crowd.map((file) => line.evaluate(sourceOf(file), false, signal)));
  const batch = taken.find(({ files }) => files.length > 1);
  if (!batch) throw new Error("there was no batch");
  await eventually("a cell whose late failures are waited for", () => batch.isWatched);

  // More than there are lanes, which they keep.
  const slow = Array.from({ length: 5 }, (_, index) =>
    line.evaluate(sourceOf(`slow${index}.ts`), true, signal),
  );
  const earlier = taken.length;
  batch.listener.onOffence({ type: "Crashed", message: "late", stack: "" });
  const theirTime = AbortSignal.timeout(options.evaluateTimeoutMs);
  await eventually("their time to be over", () => theirTime.aborted);
  end.resolve();
  await Promise.all(slow);
  await eventually("each of them again", () => {
    const again = taken.slice(earlier).flatMap(({ files }) => files);
    return batch.files.every((file) => again.includes(file));
  });
});
