// Where files are tried, over processes that the test plays: what a death says of a file, and what it does not.
import { describe, expect, test } from "bun:test";
import type { CharacterSource, EvaluationOutcome } from "../../../src/characters/host/host-protocol.ts";
import { createTrials } from "../../../src/characters/host/trials.ts";
import { type Answer, type Die, killed, playSlot, stillborn } from "./play-slot.ts";

const source: CharacterSource = {
  versionId: "a.ts@1",
  file: "a.ts",
  path: "/cast/a.ts",
  text: "",
  companions: {},
};
const good: EvaluationOutcome = {
  ok: true,
  record: {
    name: "Ada",
    voiceSource: { source_type: "kokoro", voice: "af_heart" },
    instructions: { type: "smalltalk" },
    metadata: {},
    tools: [],
    hasReply: false,
  },
  companions: {},
};

/** `answer`: of each process, that of the shared place first. Tells which places were opened, and what was asked there. */
function playTrials(answer: (die: Die, place: number) => Answer) {
  let places = 0;
  const asked: string[] = [];
  const trials = createTrials({
    openSlot(onDeath) {
      const place = places++;
      return playSlot(onDeath, (die) => (method, params) => {
        const { isAlone } = params as unknown as { isAlone: boolean };
        asked.push(`${place}${isAlone ? " alone" : ""}`);
        return answer(die, place)(method, params);
      }).slot;
    },
  });
  const evaluate = (): Promise<unknown> =>
    trials.evaluate(source, new AbortController().signal).catch((error: unknown) => error);
  return { asked, evaluate };
}

describe("a file", () => {
  test("whose process dies is tried more carefully, and then with a process to itself", async () => {
    const { asked, evaluate } = playTrials((die, place) => () => (place === 0 ? die(killed) : good));
    expect(await evaluate()).toEqual(good);
    expect(asked).toEqual(["0", "0 alone", "1 alone"]);
  });

  test("that ends the process that it has to itself is the one", async () => {
    const { evaluate } = playTrials((die) => () => die(killed));
    expect(await evaluate()).toMatchObject({ ok: false, problem: { file: "a.ts", error_type: "Crashed" } });
  });

  test("is not blamed for processes that do not come up, and tried again when one does", async () => {
    const { asked, evaluate } = playTrials((die) => () => die(stillborn));
    expect(await evaluate()).toMatchObject({ code: "E_BUSY" });
    expect(asked).toEqual(["0", "0", "0", "0"]);

    const exits = [stillborn, stillborn];
    const later = playTrials((die) => () => {
      const exit = exits.shift();
      return exit ? die(exit) : good;
    });
    expect(await later.evaluate()).toEqual(good);
  });

  test("that may have taken the memory is tried with a process to itself", async () => {
    const { asked, evaluate } = playTrials((_, place) => () => (place === 0 ? "suspect" : good));
    expect(await evaluate()).toEqual(good);
    expect(asked).toEqual(["0", "1 alone"]);
    // There it shows; what is still not tried has had no cell.
    expect(await playTrials(() => () => "suspect").evaluate()).toMatchObject({ code: "E_BUSY" });
  });
});
