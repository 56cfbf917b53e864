// The invariants of a voice session, on random sequences of whatever can happen.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createSimulation } from "../support/session-simulator.ts";

const decision = fc.tuple(fc.nat(1_000_000), fc.nat(100_000), fc.nat(1000));

test("the invariants of a session hold on random sequences of events", () => {
  const seed = Number(process.env["TROUPE_TEST_SEED"] ?? Date.now() % 2 ** 31);
  const runs = Number(process.env["TROUPE_TEST_RUNS"] ?? 2000);
  console.log(`seed ${seed}, ${runs} sequences`);
  fc.assert(
    fc.property(fc.array(decision, { minLength: 5, maxLength: 90, size: "max" }), (decisions) => {
      const simulation = createSimulation();
      for (const each of decisions) simulation.decide(each);
      simulation.settle();
      const faults = simulation.findFaults();
      if (faults.length > 0) throw new Error([...faults, "", ...simulation.log].join("\n"));
    }),
    { seed, numRuns: runs, includeErrorInReport: true },
  );
  expect(runs).toBeGreaterThan(0);
}, 330_000);
