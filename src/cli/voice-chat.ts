// A talk by voice in the terminal: the microphone into a voice session, what it says to the loudspeaker, both to the screen.
import { encodeS16le } from "../audio/pcm.ts";
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import type { EndReason, SessionOutput } from "../session/events.ts";
import type { VoiceSession } from "../session/voice-session.ts";
import type { Loudspeaker } from "./loudspeaker.ts";
import { type Microphone, soundRateHz, waitUntil } from "./microphone.ts";

export interface VoiceChatDependencies {
  clock: Clock;
  microphone: Microphone;
  loudspeaker: Loudspeaker;
  openSession: (channel: {
    send: (output: SessionOutput) => void;
    onEnd: (reason: EndReason) => void;
  }) => Promise<VoiceSession>;
  /** What is said, as it is said: pieces of the character's line, whole lines of the user's. */
  show: (line: { speaker: "user" | "character"; text: string; isWhole: boolean }) => void;
  onFault: (message: string) => void;
}

export interface VoiceChatOptions {
  /**
   * Nobody hears the loudspeaker but the user: the microphone stays open while the character speaks, and whoever speaks
   * interrupts. Otherwise it rests, or the character would hear itself.
   */
  hasHeadphones: boolean;
  /** Stops the character, as speaking would. */
  interruptions: AsyncIterable<unknown>;
  signal: AbortSignal;
}

const bytesPerMs = (soundRateHz / 1000) * 2;
/** What loudspeakers and rooms still sound after the last sample. */
const tailMs = 300;
/** After the last sound of a file its last turn is heard out and answered, within so long. */
const farewellMs = 60_000;

/** Until the microphone ends (a file does), the session ends, or `signal` aborts. */
export async function runVoiceChat(deps: VoiceChatDependencies, options: VoiceChatOptions): Promise<void> {
  const { clock, loudspeaker } = deps;
  const closing = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);
  let soundsUntilMs = Number.NEGATIVE_INFINITY;
  /** What sounds last, and how much of it has been given to the loudspeaker. */
  let sounding: { itemId: string; givenMs: number } | undefined;
  /** Something was said that has not been answered, or words are being made out. */
  let isOwed = false;
  let isAnswering = false;
  let failure: AppError | undefined;

  const fallSilent = (): void => {
    loudspeaker.stop();
    soundsUntilMs = clock.nowMs();
  };
  const send = (output: SessionOutput): void => {
    switch (output.type) {
      case "audio-delta": {
        const bytes = encodeS16le(output.pcm);
        const durationMs = bytes.length / bytesPerMs;
        soundsUntilMs = Math.max(soundsUntilMs, clock.nowMs()) + durationMs;
        const givenMs = sounding?.itemId === output.itemId ? sounding.givenMs : 0;
        sounding = { itemId: output.itemId, givenMs: givenMs + durationMs };
        return loudspeaker.play(bytes);
      }
      case "speech-text-delta":
        return deps.show({ speaker: "character", text: output.delta, isWhole: false });
      case "speech-started":
        isOwed = true;
        return fallSilent();
      case "transcript-done":
        if (output.transcript.trim() === "") isOwed = false;
        else deps.show({ speaker: "user", text: output.transcript, isWhole: true });
        return;
      case "transcript-failed":
        isOwed = false;
        return deps.onFault(output.message);
      case "response-created":
        isOwed = true;
        isAnswering = true;
        return;
      case "response-done":
        isOwed = false;
        isAnswering = false;
        deps.show({ speaker: "character", text: "", isWhole: true });
        if (output.response.error) deps.onFault(output.response.error.message);
        return;
      case "fault":
        return deps.onFault(output.fault.message);
      default:
    }
  };
  const onEnd = (reason: EndReason): void => {
    if (reason !== "client") failure = new AppError("E_INTERRUPTED", `the talk has ended: ${reason}`);
    closing.abort(failure);
  };

  await using session = await deps.openSession({ send, onEnd });
  const isSounding = (): boolean => clock.nowMs() < soundsUntilMs + tailMs;

  const listen = async (): Promise<void> => {
    for await (const bytes of deps.microphone(signal)) {
      const isResting = !options.hasHeadphones && isSounding();
      // Silence instead of nothing: the session's time is counted in samples.
      session.hear(isResting ? new Uint8Array(bytes.length) : bytes);
    }
    await hearOut();
  };
  const hearOut = async (): Promise<void> => {
    const endMs = clock.nowMs() + farewellMs;
    const silence = new Uint8Array(bytesPerMs * 20);
    let isHeard = false;
    for (let tick = 0; !signal.aborted && clock.nowMs() < endMs; tick++) {
      session.hear(silence);
      // Long enough for the last words to be found ended, once voice detection has come to them.
      if (tick === 100) void session.waitUntilHeard().then(() => (isHeard = true));
      if (isHeard && !isOwed && !isSounding()) return;
      await waitUntil(clock, clock.nowMs() + 20);
    }
  };
  const watchKeys = async (): Promise<never> => {
    for await (const _ of options.interruptions) {
      const unheardMs = Math.max(0, soundsUntilMs - clock.nowMs());
      fallSilent();
      if (isAnswering) session.obey({ type: "cancel-response" });
      if (!sounding || unheardMs === 0) continue;
      const audioEndMs = Math.max(0, Math.floor(sounding.givenMs - unheardMs));
      session.obey({ type: "truncate-item", itemId: sounding.itemId, contentIndex: 0, audioEndMs });
    }
    return new Promise(() => undefined);
  };
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  try {
    await Promise.race([listen(), loudspeaker.failed, watchKeys(), aborted]);
  } finally {
    closing.abort();
  }
  if (failure) throw failure;
}
