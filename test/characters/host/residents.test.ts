// Characters that talk, each in its cell; the cells are played by the test.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/base/errors.ts";
import type { CellPool, WatchedCell } from "../../../src/characters/host/cell-pool.ts";
import type { CharacterSource } from "../../../src/characters/host/host-protocol.ts";
import { suspicion } from "../../../src/characters/host/memory-guard.ts";
import type { Cell, CellListener } from "../../../src/characters/host/open-cell.ts";
import { createResidents, type ResidentCall } from "../../../src/characters/host/residents.ts";

const source: CharacterSource = {
  versionId: "a.ts@1",
  file: "a.ts",
  path: "/cast/a.ts",
  text: "",
  companions: {},
};
const options = {
  evaluateTimeoutMs: 1000,
  promptTimeoutMs: 1000,
  toolTimeoutMs: 1000,
  replyTimeoutMs: 1000,
  memoryLimitMb: 100,
  idle: { windowMs: 1000, maxShare: 0.2 },
  purpose: "talk" as const,
  folder: "/cast",
};

const crash = { type: "Crashed", message: "crashed", stack: "" } as const;

/** `answer`: what a cell says to a prompt. */
function playResidents(answer: () => unknown = () => "prompt", hasStarted = true) {
  const watched: WatchedCell[] = [];
  const open = (listener: CellListener): Cell => {
    const cell = {
      hasStarted,
      isOpen: true,
      offence: (hasStarted ? undefined : crash) as Cell["offence"],
      ready: hasStarted ? Promise.resolve() : Promise.reject(new AppError("E_CHARACTER", "crashed")),
      heapBytes: 0,
      call: async (method: string) => (method === "evaluate" ? { ok: true } : await answer()),
      stream: () => (async function* () {})(),
      pulse: () => Promise.resolve({ heapBytes: 0, cpuMs: 0, abandonedCount: 0 }),
      condemn(offence: NonNullable<Cell["offence"]>) {
        if (!cell.isOpen) return;
        Object.assign(cell, { isOpen: false, offence });
        listener.onDeath(offence);
      },
      stop() {
        cell.isOpen = false;
        return Promise.resolve(true);
      },
    };
    return cell;
  };
  const discard = async (cell: Cell): Promise<void> => void (await cell.stop());
  const pool: CellPool = {
    take: open,
    watch: (entry) => watched.push(entry),
    discard,
    release: discard,
    examine: () => Promise.resolve(),
  };
  const residents = createResidents({ pool, report: () => undefined }, options);
  const prompt = (isFirst = false): Promise<unknown> => {
    const request: ResidentCall = {
      versionId: source.versionId,
      source: isFirst ? source : undefined,
      method: "prompt",
      params: {},
      timeoutMs: 1000,
      signal: new AbortController().signal,
    };
    return residents.call(request).catch((error: unknown) => error);
  };
  /** As the pool does it with a cell that may be what takes the memory. */
  const suspect = (entry: WatchedCell | undefined): Promise<boolean> | undefined => {
    entry?.onSuspicion?.();
    return entry?.cell.stop(suspicion());
  };
  return { residents, watched, prompt, suspect };
}
const alone = { code: "E_NOT_FOUND", details: { versionId: "a.ts@1", isSuspect: true } };

describe("one that was stopped for what may have been its doing", () => {
  test("between two calls asks for a process of its own at the next, and once", async () => {
    const { watched, prompt, suspect } = playResidents();
    expect(await prompt(true)).toBe("prompt");
    await suspect(watched[0]);
    expect(await prompt(true)).toMatchObject(alone);
    expect(await prompt(true)).toBe("prompt");
    expect(watched.length).toBe(2);
  });

  test("in a call tells that caller, and no other after it", async () => {
    const failures = [suspicion()];
    const { watched, prompt, suspect } = playResidents(async () => {
      const failure = failures.shift();
      if (!failure) return "prompt";
      await suspect(watched[0]);
      throw failure;
    });
    expect(await prompt(true)).toMatchObject(alone);
    expect(await prompt(true)).toBe("prompt");
  });

  test("and has been replaced since is under no suspicion any more", async () => {
    const { residents, watched, prompt, suspect } = playResidents();
    await prompt(true);
    await suspect(watched[0]);
    residents.retire([source.versionId]);
    expect(await prompt(true)).toBe("prompt");
  });
});

test("one whose cell does not come up is to be called elsewhere, and is no offender", async () => {
  const { prompt } = playResidents(undefined, false);
  const failure = (await prompt(true)) as AppError;
  expect([failure.code, failure.details]).toEqual(["E_NOT_FOUND", { versionId: "a.ts@1" }]);
});
