// The runner of one voice session: feeds the reducer, and does what it asks for. All decisions are the reducer's; here are
// the clock, the engines and the order of things.
import { AppError, isAbortError, messageOf } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { Character, CharacterBook, CharacterStage } from "../characters/port.ts";
import { type CastingDependencies, createCasting } from "./casting.ts";
import type { ReplyAsCharacter } from "./character-reply.ts";
import type { Condense } from "./condenser.ts";
import type { ConversationThread } from "./conversation-store.ts";
import { prepareCommand } from "./command-check.ts";
import type {
  CastMember,
  EndReason,
  Fault,
  SessionCommand,
  SessionInput,
  SessionOutput,
  TimerName,
  VoiceSessionEvent,
} from "./events.ts";
import { type AudioTurnDetector, type TurnDetector, vadFrameSamples } from "../speech/ports.ts";
import { createHearing } from "./hearing.ts";
import { reduce } from "./reduce.ts";
import { release } from "./release.ts";
import { type ReplyRun, type SpeakText, startReply } from "./reply-run.ts";
import type { SpendTokens } from "./metered-reply.ts";
import { createRequestOrder } from "./request-order.ts";
import type { SessionConfig } from "./session-config.ts";
import { createStageTimes } from "./stage-times.ts";
import { createSessionState, type ReplyPlan, type SessionEffect, type SessionLimits } from "./state.ts";
import { createStateWaits } from "./state-waits.ts";
import { unsentMs } from "./step.ts";
import { startSummary, type SummaryRun } from "./summary-run.ts";
import { createTokenBudget } from "./token-budget.ts";

export interface VoiceSessionDependencies extends CastingDependencies {
  stage: Pick<CharacterStage, "book" | "onChange">;
  replyAsCharacter: ReplyAsCharacter;
  speakText: SpeakText;
  /** Judges pauses by the words before them; without it they are judged by their length. */
  turnDetector?: TurnDetector | undefined;
  /** Judges them by their sound, and goes before the words. */
  audioTurnDetector?: AudioTurnDetector | undefined;
  /** A reply of this character may be begun before it is certain that it is wanted. Default: never. */
  mayReplyEarly?: ((character: Character) => boolean) | undefined;
  /** Without it a conversation that outgrows the model's window loses its oldest turns. */
  condense?: Condense | undefined;
  /** Where the conversation is kept, and what it was so far. */
  conversation?: ConversationThread | undefined;
  emit: Emit<VoiceSessionEvent>;
  /** To the client, in order. Must not throw. */
  send: (output: SessionOutput) => void;
  /** Everything is let go of; nothing is sent after it. */
  onEnd: (reason: EndReason) => void;
}

export interface VoiceSessionOptions {
  /** `sess_…`, unique. */
  id: string;
  cast: CastMember;
  config?: SessionConfig | undefined;
  limits?: Partial<SessionLimits> | undefined;
  /** Audio that may wait to be committed; default 600,000. */
  maxInputMs?: number | undefined;
  /** Of the reply model: responses, summaries, and what was begun and dropped. Default: no limit. */
  maxTokens?: number | undefined;
  /** Default "next-turn". */
  characterChanges?: "next-turn" | "next-session" | undefined;
}

export interface VoiceSession extends AsyncDisposable {
  obey(command: SessionCommand, eventId?: string): void;
  /** Audio in the session's input format, cut anywhere. */
  hear(bytes: Uint8Array, eventId?: string): void;
  /** Tells the client of a request that could not be understood, in its place among the others. */
  refuse(fault: Fault): void;
  setWritable(isWritable: boolean): void;
  /** Ends the session. Once is enough, more does nothing. */
  end(reason: EndReason): void;
  /** Resolves when no response is under way. */
  waitUntilIdle(): Promise<void>;
  /** Resolves when voice detection has judged all that has been heard by now, and the words of it have been made out. */
  waitUntilHeard(): Promise<void>;
}

/** Sound made and not sent: more than this, and the synthesizer waits. */
const roomMs = 4000;
/** Requests that wait while one before them is looked into. */
const heldLimit = 1000;

export function openVoiceSession(deps: VoiceSessionDependencies, options: VoiceSessionOptions): VoiceSession {
  const { clock, emit, stage } = deps;
  const sessionId = options.id;
  const { conversation } = deps;
  let state = createSessionState({
    id: sessionId,
    items: conversation?.items,
    memory: conversation?.memory,
    cast: options.cast,
    config: options.config,
    limits: options.limits,
    atMs: clock.nowMs(),
    now: clock.wallTime().getTime() / 1000,
  });
  const inputs: SessionInput[] = [];
  let isReducing = false;
  const timers = new Map<TimerName, Disposable>();
  const runs = new Map<string, ReplyRun>();
  let summary: SummaryRun | undefined;
  const waits = createStateWaits();
  const casting = createCasting(deps);
  const order = createRequestOrder({ limit: heldLimit, onFull: () => end("stuck") });
  const troubles = new Set<string>();
  const stages = createStageTimes(sessionId);
  const budget = createTokenBudget(options.maxTokens);

  const reportFault = (error: unknown): void => {
    const shown = error instanceof Error ? error : new Error(messageOf(error));
    emit({ type: "voice-session-fault", sessionId, error: shown });
  };

  const dispatch = (input: SessionInput): void => {
    inputs.push(input);
    if (isReducing) return;
    isReducing = true;
    try {
      for (let next = inputs.shift(); next; next = inputs.shift()) {
        // What was stopped on purpose is no fault.
        if ("error" in next && !isAbortError(next.error)) reportFault(next.error);
        take(next);
      }
    } finally {
      isReducing = false;
    }
    conversation?.keep(state);
    waits.notify();
  };

  const take = (input: SessionInput): void => {
    try {
      stages.noteInput(input, clock.nowMs());
      const { state: after, effects } = reduce(state, input, clock.nowMs());
      state = after;
      for (const effect of effects) perform(effect);
    } catch (error) {
      // A bug. The session cannot be trusted any more; the others can.
      reportFault(error);
      if (input.type === "close") throw error;
      inputs.length = 0;
      inputs.push({ type: "close", reason: "failed" });
    }
  };

  /** Says what does not work, once until it is something else. */
  const complain = (error: AppError): void => {
    if (troubles.has(error.message)) return;
    troubles.add(error.message);
    reportFault(error);
    dispatch({ type: "fault", fault: { code: error.code, message: error.message, kind: "server" } });
  };

  const judge = (input: SessionInput): SessionInput =>
    input.type === "partial-transcript"
      ? {
          ...input,
          endChance: deps.turnDetector?.detect(input.partial.text),
          mayReplyEarly: deps.mayReplyEarly?.(state.cast.character) === true,
        }
      : input;

  const hearing = createHearing(
    {
      sessionId,
      speech: deps.speech,
      audioTurnDetector: deps.audioTurnDetector,
      clock,
      dispatch: (input) => dispatch(judge(input)),
      onTrouble: complain,
    },
    { format: state.config.inputFormat, maxInputMs: options.maxInputMs ?? 600_000 },
  );

  /** The response that passes the limit ends as it would. */
  const spend: SpendTokens = (usage) => {
    budget.spend(usage);
    if (budget.isSpent && !state.response) end("spent");
  };

  const waitForRoom = (signal: AbortSignal): Promise<void> =>
    waits.until(() => unsentMs(state) < roomMs, signal);

  const begin = (responseId: string, plan: ReplyPlan): void => {
    const { replyAsCharacter, speakText, userName } = deps;
    const chooseSpeaker = async (wanted: ReplyPlan, signal: AbortSignal) => {
      try {
        const speaker = await casting.chooseSpeaker(wanted, signal);
        troubles.clear();
        return speaker;
      } catch (error) {
        // The words are worth having without a voice.
        if (error instanceof AppError && !signal.aborted) complain(error);
        return undefined;
      }
    };
    const run = startReply(
      { sessionId, userName, replyAsCharacter, speakText, chooseSpeaker, dispatch, waitForRoom, spend },
      responseId,
      plan,
    );
    runs.set(responseId, run);
    void run.done.then(() => runs.delete(responseId));
  };

  const perform = (effect: SessionEffect): void => {
    switch (effect.type) {
      case "send": {
        deps.send(effect.output);
        const noted = stages.noteOutput(effect.output, clock.nowMs());
        if (noted) emit(noted);
        if (effect.output.type === "response-done" && budget.isSpent) end("spent");
        return;
      }
      case "condense":
        summary = startSummary(
          {
            condense: deps.condense,
            spend,
            onEnd: (memory) => dispatch({ type: "condensed", memory }),
            onFault: reportFault,
          },
          effect,
        );
        return;
      case "start-reply":
        stages.noteReplyStart(effect.responseId, clock.nowMs());
        summary?.stop("a turn goes before a summary");
        return begin(effect.responseId, effect.plan);
      case "adopt-reply":
        return stages.noteReplyStart(effect.responseId, clock.nowMs());
      case "stop-reply":
        return runs.get(effect.responseId)?.stop();
      case "set-timer": {
        timers.get(effect.name)?.[Symbol.dispose]();
        const { name } = effect;
        const delayMs = Math.max(0, effect.atMs - clock.nowMs());
        timers.set(
          name,
          clock.schedule(() => dispatch({ type: "timer", name }), delayMs),
        );
        return;
      }
      case "clear-timer":
        timers.get(effect.name)?.[Symbol.dispose]();
        timers.delete(effect.name);
        return;
      case "continue":
        return dispatch({ type: "timer", name: "pace" });
      case "report":
        return emit(effect.event);
      case "end":
        return letGo(effect.reason);
      default:
        return hearing.perform(effect);
    }
  };

  let letting: Promise<void> | undefined;
  const letGo = (reason: EndReason): void => {
    subscription?.[Symbol.dispose]();
    for (const timer of timers.values()) timer[Symbol.dispose]();
    timers.clear();
    for (const run of runs.values()) run.stop();
    summary?.stop("the session is over");
    conversation?.keep(state);
    conversation?.finish();
    order.close();
    letting = release(hearing);
    deps.onEnd(reason);
  };

  const obey = (command: SessionCommand, eventId: string | undefined): void => {
    if (command.type === "commit-input" || command.type === "clear-input") hearing.flush();
    dispatch({ type: "command", command, eventId });
    if (command.type === "update-session") hearing.setFormat(state.config.inputFormat);
  };

  const end = (reason: EndReason): void => dispatch({ type: "close", reason });

  const follow = (book: CharacterBook): void => {
    const known = state.nextCast ?? state.cast;
    const found = book.find(known.character.name);
    if (found && found !== known.character && found.generation !== known.character.generation) {
      void recast(found);
    }
  };
  const isFollowing = options.characterChanges !== "next-session";
  const subscription = isFollowing ? stage.onChange(follow) : undefined;
  const recast = async (character: Character): Promise<void> => {
    // Whoever speaks next, however soon, is answered by the new version.
    dispatch({ type: "cast-changed", cast: { ...state.cast, character, isSketch: true } });
    const cast = await casting.cast(character);
    // Another save may have overtaken this one.
    if (stage.book.find(character.name)?.generation === character.generation) {
      dispatch({ type: "cast-changed", cast });
    }
  };

  dispatch({ type: "open" });
  // It may have been edited while the session was being prepared.
  if (isFollowing) follow(stage.book);

  return {
    obey(command, eventId) {
      order.run(() => {
        const pending = prepareCommand(command, { stage, casting });
        if (!pending) return obey(command, eventId);
        order.hold(pending, (checked) => {
          if ("fault" in checked) dispatch({ type: "fault", fault: { ...checked.fault, eventId } });
          else obey(checked.command, eventId);
        });
      });
    },
    hear(bytes, eventId) {
      order.run(() => {
        if (hearing.hear(bytes)) return;
        const message = "the input audio buffer is full; commit or clear it first";
        const fault: Fault = { code: "input_audio_buffer_full", message, kind: "invalid-request", eventId };
        dispatch({ type: "fault", fault });
      });
    },
    refuse: (fault) => order.run(() => dispatch({ type: "fault", fault })),
    setWritable: (isWritable) => dispatch({ type: "socket", isWritable }),
    end,
    waitUntilIdle: () => waits.until(() => !state.response),
    waitUntilHeard() {
      // What is less than a frame is judged with what comes after it.
      const toSample = state.input.receivedSample - vadFrameSamples;
      return waits.until(() => {
        const { judgedSample, utterance, pending } = state.input;
        const isListening = state.config.turnDetection !== null && (judgedSample <= toSample || utterance);
        return !isListening && pending.length === 0;
      });
    },
    async [Symbol.asyncDispose]() {
      end("client");
      await letting;
    },
  };
}
