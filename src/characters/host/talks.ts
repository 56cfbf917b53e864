// Prompts, replies and tools of characters that talk. They share a process; when it dies, those who were busy in it go on
// in processes of their own, so the death of one costs the others a moment.
import { AppError } from "../../base/errors.ts";
import type { ChatMessage, LoadProblem } from "../port.ts";
import { HostGone, noProcess, runIn, streamIn } from "./host-call.ts";
import type { CharacterSource, WireContext } from "./host-protocol.ts";
import type { HostSlot, HostSlotListener } from "./host-slot.ts";
import { createSuspects } from "./suspects.ts";

/** Times that a call is made because its process went. */
const maxAttempts = 4;

export interface ToolCall {
  name: string;
  args: unknown;
  timeoutMs: number;
}

/** The calls throw E_CHARACTER (with `details.problem`), E_ARGS, E_NOT_FOUND, E_INTERRUPTED, E_BUSY when there is no process. */
export interface Talks extends AsyncDisposable {
  makeSystemPrompt: (source: CharacterSource, context: WireContext, signal?: AbortSignal) => Promise<string>;
  reply: (
    source: CharacterSource,
    messages: readonly ChatMessage[],
    context: WireContext,
    signal?: AbortSignal,
  ) => AsyncIterable<string>;
  callTool: (
    source: CharacterSource,
    call: ToolCall,
    context: WireContext,
    signal?: AbortSignal,
  ) => Promise<unknown>;
  /** These versions have been replaced by newer ones. */
  retire: (versionIds: readonly string[]) => void;
}

export function createTalks(dependencies: {
  openSlot: (onDeath: HostSlotListener["onDeath"]) => HostSlot;
  /** A version that was alone in its process, and ended it. */
  onOffender: (versionId: string, problem: LoadProblem) => void;
  /** Why a version is not to be called any more. */
  offenceOf: (versionId: string) => LoadProblem | undefined;
}): Talks {
  const { openSlot, offenceOf } = dependencies;
  const shared = openSlot((process) => {
    const busy = process.busyVersions();
    suspects.accuse(busy.length > 0 ? busy : process.knownVersions);
  });
  const suspects = createSuspects({
    openSlot,
    onGuilty(versionId, exit) {
      dependencies.onOffender(versionId, {
        file: fileOf(versionId),
        stage: "run",
        error_type: "Crashed",
        message: `ended its process (${exit.signal ?? `exit code ${exit.code}`})`,
      });
    },
  });
  // Started ahead: the first prompt finds its host ready.
  shared.current();

  const throwIfOffender = ({ versionId, file }: CharacterSource): void => {
    const problem = offenceOf(versionId);
    if (problem) {
      const message = `${file} is quarantined until it changes: ${problem.message}`;
      throw new AppError("E_CHARACTER", message, { problem });
    }
  };
  const slotOf = ({ versionId }: CharacterSource): HostSlot => suspects.slotFor(versionId) ?? shared;

  const prepareAgain = (source: CharacterSource, { loss }: HostGone, attempt: number): void => {
    throwIfOffender(source);
    if (attempt === maxAttempts) throw loss === "unstarted" ? noProcess() : interrupted(source);
    if (loss === "suspect") suspects.accuse([source.versionId]);
  };

  /** Makes the call again when its process has gone, as often as that may be another's doing. */
  const persist = async <T>(source: CharacterSource, run: (slot: HostSlot) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      throwIfOffender(source);
      try {
        const answer = await run(slotOf(source));
        suspects.acquit(source.versionId);
        return answer;
      } catch (error) {
        if (!(error instanceof HostGone)) throw error;
        prepareAgain(source, error, attempt);
      }
    }
  };

  return {
    makeSystemPrompt(source, context, signal) {
      const { versionId } = source;
      return persist(source, (slot) =>
        runIn(slot, source, async (process, known) => {
          const prompt = await process.call("prompt", { versionId, source: known, context }, { signal });
          return prompt as string;
        }),
      );
    },

    async *reply(source, messages, context, signal) {
      const { versionId } = source;
      let said = "";
      for (let attempt = 1; ; attempt++) {
        throwIfOffender(source);
        try {
          const pieces = streamIn(slotOf(source), source, (process, known) =>
            process.stream("reply", { versionId, source: known, messages, context }, { signal }),
          );
          for await (const piece of afterRepetition(pieces as AsyncIterable<string>, said, source)) {
            said += piece;
            yield piece;
          }
          suspects.acquit(versionId);
          return;
        } catch (error) {
          if (!(error instanceof HostGone)) throw error;
          prepareAgain(source, error, attempt);
        }
      }
    },

    async callTool(source, { name, args, timeoutMs }, context, signal) {
      const { versionId } = source;
      let wasSent = false;
      const json = await persist(source, (slot) =>
        runIn(slot, source, async (process, known) => {
          // A tool may have done its work before its process went: it is not called twice.
          if (wasSent) throw interrupted(source);
          const params = { versionId, source: known, name, args, context, timeoutMs };
          try {
            return (await process.call("tool", params, { signal })) as string;
          } catch (error) {
            wasSent = process.hasStarted && !(error instanceof AppError && error.code === "E_NOT_FOUND");
            throw error;
          }
        }),
      );
      return JSON.parse(json) as unknown;
    },

    retire(versionIds) {
      const process = shared.running;
      const known = versionIds.filter((versionId) => process?.knownVersions.delete(versionId) === true);
      // A host that ends meanwhile has retired them too.
      if (process && known.length > 0) process.call("retire", known).catch(() => undefined);
    },

    async [Symbol.asyncDispose]() {
      await Promise.all([shared[Symbol.asyncDispose](), suspects[Symbol.asyncDispose]()]);
    },
  };
}

const fileOf = (versionId: string): string => versionId.slice(0, versionId.lastIndexOf("@"));

function interrupted({ file }: CharacterSource): AppError {
  return new AppError("E_CHARACTER", `${file} was interrupted when its process ended; ask again`);
}

/**
 * A reply that is given again begins with what was said before, since its context is the same; that much is left out. One
 * that goes another way cannot be continued: E_CHARACTER.
 */
async function* afterRepetition(
  pieces: AsyncIterable<string>,
  said: string,
  source: CharacterSource,
): AsyncGenerator<string> {
  let repeated = "";
  for await (const piece of pieces) {
    if (repeated.length >= said.length) {
      yield piece;
      continue;
    }
    repeated += piece;
    const overlap = Math.min(repeated.length, said.length);
    if (repeated.slice(0, overlap) !== said.slice(0, overlap)) throw interrupted(source);
    if (repeated.length > said.length) yield repeated.slice(said.length);
  }
}
