// One reply on its way: the words as they are written, the sound as it is made, the tools as they run, all told to the
// session as inputs. It owns nothing that outlives it; stopping it stops the model and the synthesizer.
import { createResampler } from "../audio/resample.ts";
import { type BoundedQueue, createBoundedQueue } from "../base/bounded-queue.ts";
import { AppError } from "../base/errors.ts";
import type { ReplyEvent, ReplyFinishReason, ReplyUsage } from "../reply/port.ts";
import type { SpeechSynthesizer, SynthesisChunk, SynthesisOptions } from "../speech/ports.ts";
import type { ReplyAsCharacter } from "./character-reply.ts";
import type { SessionInput } from "./events.ts";
import type { SpendTokens } from "./metered-reply.ts";
import type { ReplyPlan } from "./state.ts";

/** Deltas of written text → pieces of sound, in order. */
export type SpeakText = (
  deltas: AsyncIterable<string>,
  options: { synthesizer: SpeechSynthesizer } & SynthesisOptions,
) => AsyncIterable<SynthesisChunk>;

export interface Speaker {
  synthesizer: SpeechSynthesizer;
  voice: string;
  speed: number;
}

export interface ReplyRunDependencies {
  sessionId: string;
  userName?: string | undefined;
  replyAsCharacter: ReplyAsCharacter;
  speakText: SpeakText;
  /** Who speaks; undefined when nobody can, and then the words go out without sound. */
  chooseSpeaker: (plan: ReplyPlan, signal: AbortSignal) => Promise<Speaker | undefined>;
  dispatch: (input: SessionInput) => void;
  /** Resolves when the session has sent enough of what was made to take more. */
  waitForRoom: (signal: AbortSignal) => Promise<void>;
  spend?: SpendTokens | undefined;
}

export interface ReplyRun {
  stop(): void;
  /** Never rejects. */
  readonly done: Promise<void>;
}

/** Deltas between the writer and the speaker: more than any reply has, so that a bound is there and never felt. */
const textQueueLimit = 100_000;
/** Stretches of text between tools; replies have a few rounds. */
const stretchLimit = 1000;

export function startReply(deps: ReplyRunDependencies, responseId: string, plan: ReplyPlan): ReplyRun {
  const abort = new AbortController();
  const { signal } = abort;
  const { dispatch } = deps;
  const stretches = createBoundedQueue<BoundedQueue<string>>(stretchLimit);
  let stretch: BoundedQueue<string> | undefined;
  const clientTools = new Set(plan.clientTools.map(({ name }) => name));
  let writtenChars = 0;
  let endsInBlank = true;
  let isApart = false;
  let ending: { reason: ReplyFinishReason; usage: ReplyUsage } | undefined;

  const write = (text: string): void => {
    if (!stretch) {
      stretch = createBoundedQueue<string>(textQueueLimit);
      if (!stretches.push(stretch)) stretch = undefined;
    }
    if (stretch?.push(text) !== true) throw new AppError("E_QUOTA", "the reply is too long to be spoken");
  };
  /** What was written is whole as it stands: it need not wait for what follows to be spoken. */
  const pause = (): void => {
    stretch?.close();
    stretch = undefined;
  };

  const take = (event: ReplyEvent): void => {
    switch (event.type) {
      case "text-delta": {
        if (event.text === "") return;
        // Models begin a new message after each tool; to the listener it is one.
        const text = isApart && /^\S/.test(event.text) ? ` ${event.text}` : event.text;
        isApart = false;
        endsInBlank = /\s$/.test(text);
        writtenChars += text.length;
        if (plan.speech) {
          dispatch({ type: "reply-written", responseId, text, isWhole: false });
          write(text);
        } else dispatch({ type: "reply-text", responseId, text });
        return;
      }
      case "tool-call": {
        pause();
        isApart = !endsInBlank;
        const { callId, name } = event;
        const call = { responseId, callId, name, arguments: event.arguments };
        if (clientTools.has(name)) dispatch({ type: "client-call", ...call });
        else dispatch({ type: "tool-start", ...call, atChar: writtenChars });
        return;
      }
      case "tool-result": {
        const { callId, outcome, content, durationMs } = event;
        dispatch({ type: "tool-end", responseId, callId, outcome, content, durationMs });
        return;
      }
      case "finish":
        ending = event;
        if (plan.speech) dispatch({ type: "reply-written", responseId, text: "", isWhole: true });
    }
  };

  const read = async (): Promise<void> => {
    const { character, messages, historyTokens, instructions, toolChoice, maxOutputTokens, say } = plan;
    try {
      if (say !== undefined) {
        take({ type: "text-delta", text: say });
        take({ type: "finish", reason: "stop", usage: { inputTokens: 0, outputTokens: 0 } });
        return;
      }
      const events = deps.replyAsCharacter({
        character,
        messages,
        historyTokens,
        instructions,
        clientTools: plan.clientTools,
        toolChoice,
        maxOutputTokens: maxOutputTokens ?? undefined,
        userName: deps.userName,
        signal,
        spend: deps.spend,
      });
      for await (const event of events) take(event);
    } finally {
      // What was written is still spoken, also when the rest fails to come.
      pause();
      stretches.close();
    }
  };

  const speak = async (speech: NonNullable<ReplyPlan["speech"]>): Promise<void> => {
    const say = (pcm: Float32Array, text: string, words?: SynthesisChunk["words"]): void =>
      dispatch({ type: "speech", responseId, pcm, sampleRateHz: speech.sampleRateHz, text, words });
    const speaker = await deps.chooseSpeaker(plan, signal);
    const convert = createConverter(speech.sampleRateHz);
    for await (const deltas of stretches) {
      if (!speaker) {
        for await (const text of deltas) say(new Float32Array(0), text);
        continue;
      }
      const { synthesizer, voice, speed } = speaker;
      const options = { synthesizer, voice, speed, signal, sessionId: deps.sessionId };
      for await (const chunk of deps.speakText(deltas, options)) {
        say(convert.push(chunk), chunk.text, chunk.words);
        await deps.waitForRoom(signal);
      }
    }
    const rest = convert.flush();
    if (rest.length > 0) say(rest, "");
  };

  const run = async (): Promise<void> => {
    const outcomes = await Promise.allSettled([
      read(),
      plan.speech
        ? speak(plan.speech).catch((error: unknown) => {
            // Nobody can hear the rest.
            abort.abort(error instanceof AppError ? error : undefined);
            throw error;
          })
        : undefined,
    ]);
    // The speaker's failure first: it is what stopped the writer.
    const failed = outcomes.toReversed().find((outcome) => outcome.status === "rejected");
    if (failed) dispatch({ type: "reply-failed", responseId, error: asAppError(failed.reason) });
    else if (ending) dispatch({ type: "reply-end", responseId, reason: ending.reason, usage: ending.usage });
    else dispatch({ type: "reply-failed", responseId, error: brokeOff() });
  };

  return {
    done: run(),
    stop: () => abort.abort(new AppError("E_INTERRUPTED", "the response was stopped")),
  };
}

const brokeOff = (): AppError => new AppError("E_NET", "the reply broke off before its end; ask again");

/** What is no AppError is a bug: its text stays inside. */
function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError("E_INTERNAL", "the reply met an internal error; the log has the details", null, error);
}

/** Brings pieces of any rate to one rate, without a seam between those of the same rate. */
function createConverter(toHz: number) {
  let fromHz = toHz;
  let resampler = createResampler({ fromHz, toHz });
  return {
    push({ pcm, sampleRateHz }: SynthesisChunk): Float32Array {
      if (pcm.length === 0) return pcm;
      if (sampleRateHz !== fromHz) {
        fromHz = sampleRateHz;
        resampler = createResampler({ fromHz, toHz });
      }
      return fromHz === toHz ? pcm : resampler.push(pcm);
    },
    flush: (): Float32Array => resampler.flush(),
  };
}
