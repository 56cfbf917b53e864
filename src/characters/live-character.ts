// A character of the book: its record, and calls that run in the host.
import type { Clock } from "../base/clock.ts";
import type { Emit } from "../base/events.ts";
import { AppError } from "../base/errors.ts";
import type { CharacterStanding, CharacterVersion } from "./character-book.ts";
import type { CharacterHost } from "./host/character-host.ts";
import type { WireContext } from "./host/host-protocol.ts";
import type { Character, CharacterContext, CharacterEvent, LoadProblem } from "./port.ts";

export interface LiveCharacterDependencies {
  host: Pick<CharacterHost, "makeSystemPrompt" | "reply" | "callTool">;
  clock: Clock;
  /** 0 ≤ x < 1 */
  random: () => number;
  emit: Emit<CharacterEvent>;
  /** Its code threw, or gave what is no text. */
  onFault: (version: CharacterVersion, problem: LoadProblem) => void;
}

export function createLiveCharacter(
  dependencies: LiveCharacterDependencies,
  version: CharacterVersion,
  { status, error, generation }: CharacterStanding,
): Character {
  const { host, clock, random, emit, onFault } = dependencies;
  const { source, record } = version;

  /** Fixed before the call, so that a call which is made again gets the same answer. */
  const complete = (context: CharacterContext): WireContext => ({
    now: context.now ?? clock.wallTime().toISOString(),
    seed: context.seed ?? Math.floor(random() * 2 ** 32),
    userName: context.userName,
    messages: context.messages ?? [],
  });
  const notice = (failure: unknown): unknown => {
    const problem = problemIn(failure);
    if (problem && problem.error_type !== "Timeout" && problem.error_type !== "Crashed")
      onFault(version, problem);
    return failure;
  };

  return Object.freeze<Character>({
    name: record.name,
    file: source.file,
    generation,
    status,
    ...(error && { error }),
    voiceSource: record.voiceSource,
    instructions: record.instructions,
    metadata: record.metadata,
    tools: record.tools,
    hasReply: record.hasReply,

    async makeSystemPrompt(context, limits) {
      try {
        return await host.makeSystemPrompt(source, complete(context), limits?.signal);
      } catch (failure) {
        throw notice(failure);
      }
    },

    async *reply(messages, context, limits) {
      try {
        yield* host.reply(source, messages, complete({ ...context, messages }), limits?.signal);
      } catch (failure) {
        throw notice(failure);
      }
    },

    async callTool(name, args, context, limits) {
      const tool = record.tools.find((candidate) => candidate.name === name);
      if (!tool) throw new AppError("E_NOT_FOUND", `${record.name} has no tool ${JSON.stringify(name)}`);
      const startMs = clock.nowMs();
      const end = (outcome: "ok" | "error" | "timeout"): void => {
        const durationMs = clock.nowMs() - startMs;
        emit({ type: "character-tool-call", character: record.name, tool: name, outcome, durationMs });
      };
      try {
        const call = { name, args, timeoutMs: tool.timeoutMs };
        const result = await host.callTool(source, call, complete(context), limits?.signal);
        end("ok");
        return result;
      } catch (failure) {
        end(problemIn(failure)?.error_type === "Timeout" ? "timeout" : "error");
        // A tool that throws has told the model so; that is no fault of the character.
        throw failure;
      }
    },
  });
}

function problemIn(failure: unknown): LoadProblem | undefined {
  return failure instanceof AppError ? (failure.details?.["problem"] as LoadProblem | undefined) : undefined;
}
