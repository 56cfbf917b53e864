// Calls of those who talk, over processes that the test plays: what is made again, where, and what is not.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/base/errors.ts";
import type { CharacterSource, WireContext } from "../../../src/characters/host/host-protocol.ts";
import { createTalks } from "../../../src/characters/host/talks.ts";
import type { LoadProblem } from "../../../src/characters/port.ts";
import { type Answer, type Die, killed, playSlot, stillborn } from "./play-slot.ts";

const source = (file: string): CharacterSource => ({
  versionId: `${file}@1`,
  file,
  path: `/cast/${file}`,
  text: "",
  companions: {},
});
const context: WireContext = { now: "2026-01-01T00:00:00.000Z", seed: 1, userName: undefined, messages: [] };

/** The first slot is the shared one; each later one is a suspect's own. */
function playTalks(...answers: ((die: Die) => Answer)[]) {
  const offenders = new Map<string, LoadProblem>();
  let slotCount = 0;
  const talks = createTalks({
    openSlot: (onDeath) => playSlot(onDeath, answers[Math.min(slotCount++, answers.length - 1)]!).slot,
    onOffender: (versionId, problem) => offenders.set(versionId, problem),
    offenceOf: (versionId) => offenders.get(versionId),
  });
  return { talks, offenders, slotCount: () => slotCount };
}
const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (e: unknown) => e,
  );

describe("a prompt", () => {
  test("sends the source once, and again when the host has forgotten it", async () => {
    const sent: boolean[] = [];
    let isForgotten = false;
    const { talks } = playTalks(() => (_, { versionId, source }) => {
      sent.push(source !== undefined);
      if (isForgotten && !source) throw new AppError("E_NOT_FOUND", "not open here", { versionId });
      return "prompt";
    });
    await talks.makeSystemPrompt(source("a.ts"), context);
    await talks.makeSystemPrompt(source("a.ts"), context);
    isForgotten = true;
    expect(await talks.makeSystemPrompt(source("a.ts"), context)).toBe("prompt");
    expect(sent).toEqual([true, false, false, true]);
  });

  test("is made again in a process of its own when the shared one dies", async () => {
    const { talks, offenders, slotCount } = playTalks(
      (die) => () => die(),
      () => () => "from its own process",
    );
    expect(await talks.makeSystemPrompt(source("a.ts"), context)).toBe("from its own process");
    expect(slotCount()).toBe(2);
    expect(offenders.size).toBe(0);
  });

  test("that ends its own process names its character, and is not made again", async () => {
    let calls = 0;
    const { talks, offenders } = playTalks((die) => () => {
      calls += 1;
      return die();
    });
    expect(await errorOf(talks.makeSystemPrompt(source("a.ts"), context))).toMatchObject({
      code: "E_CHARACTER",
      details: { problem: { file: "a.ts", error_type: "Crashed" } },
    });
    expect(offenders.get("a.ts@1")).toMatchObject({ file: "a.ts", message: "ended its process (SIGSEGV)" });
    expect(calls).toBe(2);
    await errorOf(talks.makeSystemPrompt(source("a.ts"), context));
    expect(calls).toBe(2);
  });

  test("whose own process is killed as well is made again, for somebody else may have done that", async () => {
    const deaths = [killed, killed, killed];
    const { talks, offenders } = playTalks((die) => () => {
      const exit = deaths.shift();
      return exit ? die(exit) : "after all";
    });
    expect(await talks.makeSystemPrompt(source("a.ts"), context)).toBe("after all");
    expect(offenders.size).toBe(0);
  });

  test("that is killed in its own process each time it is made again names its character", async () => {
    let calls = 0;
    const { talks, offenders } = playTalks((die) => () => {
      calls += 1;
      return die(killed);
    });
    expect(await errorOf(talks.makeSystemPrompt(source("a.ts"), context))).toMatchObject({
      code: "E_CHARACTER",
    });
    expect(calls).toBe(4);
    expect(offenders.get("a.ts@1")?.message).toBe("ended its process (SIGKILL)");
  });

  test("that came to its end between two kills speaks for its character", async () => {
    const deaths = [killed, killed, killed, undefined, killed, undefined];
    const { talks, offenders } = playTalks((die) => () => {
      const exit = deaths.shift();
      return exit ? die(exit) : "prompt";
    });
    await talks.makeSystemPrompt(source("a.ts"), context);
    await talks.makeSystemPrompt(source("a.ts"), context);
    expect(deaths).toEqual([]);
    expect(offenders.size).toBe(0);
  });

  test("whose processes do not come up is given up, and no character is blamed", async () => {
    let calls = 0;
    const { talks, offenders, slotCount } = playTalks((die) => () => {
      calls += 1;
      return die(stillborn);
    });
    expect(await errorOf(talks.makeSystemPrompt(source("a.ts"), context))).toMatchObject({ code: "E_BUSY" });
    expect([calls, slotCount(), offenders.size]).toEqual([4, 1, 0]);
  });

  test("that may have taken the memory is made again in a process of its own", async () => {
    const { talks, slotCount } = playTalks(
      () =>
        (_, { versionId }) => {
          throw new AppError("E_NOT_FOUND", "suspect", { versionId, isSuspect: true });
        },
      () => () => "alone",
    );
    expect(await talks.makeSystemPrompt(source("a.ts"), context)).toBe("alone");
    expect(slotCount()).toBe(2);
  });

  test("passes the character's own failures on", async () => {
    const failure = new AppError("E_CHARACTER", "it threw");
    const { talks } = playTalks(() => () => {
      throw failure;
    });
    expect(await errorOf(talks.makeSystemPrompt(source("a.ts"), context))).toBe(failure);
  });
});

describe("a reply", () => {
  const say = async (pieces: AsyncIterable<string>): Promise<string> =>
    (await Array.fromAsync(pieces)).join("|");

  test("goes on where it was, however it is cut into pieces", async () => {
    const { talks } = playTalks(
      (die) =>
        function* () {
          yield "one ";
          yield "two ";
          die();
        },
      () => () => ["o", "ne two th", "ree"],
    );
    expect(await say(talks.reply(source("a.ts"), [], context))).toBe("one |two |th|ree");
  });

  test("that goes another way the second time cannot go on", async () => {
    const { talks } = playTalks(
      (die) =>
        function* () {
          yield "one ";
          die();
        },
      () => () => ["other"],
    );
    expect(await errorOf(say(talks.reply(source("a.ts"), [], context)))).toMatchObject({
      code: "E_CHARACTER",
    });
  });
});

describe("a tool", () => {
  test("is not run twice when its process dies", async () => {
    let runs = 0;
    const { talks } = playTalks(
      (die) => () => {
        runs += 1;
        return die();
      },
      () => () => {
        runs += 1;
        return "1";
      },
    );
    const call = talks.callTool(source("a.ts"), { name: "pay", args: {}, timeoutMs: 1 }, context);
    expect(await errorOf(call)).toMatchObject({ code: "E_CHARACTER" });
    expect(runs).toBe(1);
  });

  test("is run when its first process did not come up", async () => {
    const deaths = [stillborn];
    const { talks } = playTalks((die) => () => {
      const exit = deaths.shift();
      return exit ? die(exit) : '{"paid":true}';
    });
    const call = talks.callTool(source("a.ts"), { name: "pay", args: {}, timeoutMs: 1 }, context);
    expect(await call).toEqual({ paid: true });
  });

  test("gives the value of its JSON", async () => {
    const { talks } = playTalks(() => () => '{"sum":3}');
    expect(await talks.callTool(source("a.ts"), { name: "add", args: {}, timeoutMs: 1 }, context)).toEqual({
      sum: 3,
    });
  });
});
