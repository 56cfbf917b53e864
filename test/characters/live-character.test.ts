// A character object over a host that the test plays: what it adds to a call, and what it makes of failures.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import type { CharacterVersion } from "../../src/characters/character-book.ts";
import type { CharacterHost } from "../../src/characters/host/character-host.ts";
import type { WireContext } from "../../src/characters/host/host-protocol.ts";
import { createLiveCharacter } from "../../src/characters/live-character.ts";
import type { Character, CharacterEvent, LoadErrorType, LoadProblem } from "../../src/characters/port.ts";
import { createEventRecorder, type EventRecorder } from "../support/event-recorder.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";

const version: CharacterVersion = {
  source: { versionId: "a.ts@1", file: "a.ts", path: "/cast/a.ts", text: "", companions: {} },
  record: {
    name: "Ada",
    voiceSource: { source_type: "kokoro", voice: "af_heart" },
    instructions: { type: "smalltalk" },
    metadata: { good: true },
    tools: [{ name: "act", description: "", parameters: { type: "object" }, timeoutMs: 123 }],
    hasReply: true,
  },
};
const failure = (type: LoadErrorType): AppError => {
  const problem: LoadProblem = { file: "a.ts", stage: "run", error_type: type, message: "played" };
  return new AppError("E_CHARACTER", "a.ts: played", { problem });
};

function play(host: Partial<CharacterHost>): {
  character: Character;
  clock: ManualClock;
  recorder: EventRecorder<CharacterEvent>;
  faults: LoadProblem[];
} {
  const clock = createManualClock();
  const recorder = createEventRecorder<CharacterEvent>();
  const faults: LoadProblem[] = [];
  const character = createLiveCharacter(
    {
      host: host as CharacterHost,
      clock,
      random: () => 0.5,
      emit: recorder.emit,
      onFault: (_, problem) => faults.push(problem),
    },
    version,
    { status: "ready", error: undefined, generation: 7 },
  );
  return { character, clock, recorder, faults };
}
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: { code?: unknown }) => error.code,
  );

describe("a live character", () => {
  test("is its record, frozen, with nothing of an error while it is ready", () => {
    const { character } = play({});
    expect(character).toMatchObject({
      name: "Ada",
      file: "a.ts",
      generation: 7,
      status: "ready",
      hasReply: true,
    });
    expect("error" in character).toBe(false);
    expect(Object.isFrozen(character)).toBe(true);
  });

  test("completes a context before the call, so that it can be repeated", async () => {
    const seen: WireContext[] = [];
    const { character } = play({
      makeSystemPrompt: async (_, context) => {
        seen.push(context);
        return "";
      },
    });
    await character.makeSystemPrompt({});
    const given = { now: "2020-01-01T00:00:00.000Z", seed: 3, userName: "Eve", messages: [] };
    await character.makeSystemPrompt(given);
    expect(seen).toEqual([
      { now: "2026-01-05T10:00:00.000Z", seed: 2 ** 31, userName: undefined, messages: [] },
      given,
    ]);
  });

  test("reports what its code did wrong, but not what the host has named already", async () => {
    const types: LoadErrorType[] = ["BadPrompt", "EvaluationError", "Timeout", "Crashed"];
    for (const type of types) {
      const { character, faults } = play({ makeSystemPrompt: () => Promise.reject(failure(type)) });
      expect(await codeOf(character.makeSystemPrompt({}))).toBe("E_CHARACTER");
      expect(faults.map(({ error_type }) => error_type)).toEqual(
        type === "Timeout" || type === "Crashed" ? [] : [type],
      );
    }
  });

  test("reports a reply that fails in the middle", async () => {
    const { character, faults } = play({
      // oxlint-disable-next-line typescript/require-await -- it is the stream that matters
      async *reply() {
        yield "one";
        throw failure("BadPrompt");
      },
    });
    const seen: string[] = [];
    const code = await codeOf(
      (async () => {
        for await (const piece of character.reply([], {})) seen.push(piece);
      })(),
    );
    expect([seen, code, faults.length]).toEqual([["one"], "E_CHARACTER", 1]);
  });

  test("tells each tool call with its outcome and its time", async () => {
    const outcomes = [
      () => Promise.resolve(1),
      () => Promise.reject(failure("EvaluationError")),
      () => Promise.reject(failure("Timeout")),
      () => Promise.reject(new AppError("E_ARGS", "no")),
    ];
    for (const outcome of outcomes) {
      const { character, clock, recorder, faults } = play({
        callTool(_, { timeoutMs }) {
          expect(timeoutMs).toBe(123);
          clock.advance(40);
          return outcome();
        },
      });
      await codeOf(character.callTool("act", {}, {}));
      expect(recorder.ofType("character-tool-call")).toMatchObject([
        { character: "Ada", tool: "act", durationMs: 40 },
      ]);
      expect(faults).toEqual([]);
    }
    const { character, recorder } = play({});
    expect(await codeOf(character.callTool("other", {}, {}))).toBe("E_NOT_FOUND");
    // A name that the model made up is no label of a metric.
    expect(recorder.events).toEqual([]);
  });
});
