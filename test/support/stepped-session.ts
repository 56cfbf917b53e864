// One reducer in a test's hands: tell it something at some moment, and see what it says and asks for.
import type { SessionCommand, SessionInput, SessionOutput } from "../../src/session/events.ts";
import { reduce } from "../../src/session/reduce.ts";
import { defaultConfig, mergeConfig, type SessionPatch } from "../../src/session/session-config.ts";
import { createSessionState, type SessionEffect, type SessionLimits } from "../../src/session/state.ts";
import { createFakeCharacter } from "./fake-services.ts";

export const rateHz = 24_000;
export const usage = { inputTokens: 1, outputTokens: 2 };
/** The client commits. */
export const manual: SessionPatch = { turnDetection: null };

export type SteppedSession = ReturnType<typeof openStepped>;

export function openStepped(patch: SessionPatch = {}, limits: Partial<SessionLimits> = {}) {
  const character = createFakeCharacter("Gertrude");
  const cast = {
    character,
    voice: { provider: "kokoro", voice: "af_heart", speed: 1, status: "ready" } as const,
    prompt: "You are Gertrude.",
  };
  let state = createSessionState({
    id: "sess_t",
    cast,
    config: mergeConfig(defaultConfig, patch),
    limits,
    atMs: 0,
    now: 0,
  });
  let nowMs = 0;
  let receivedSample = 0;
  const outputs: SessionOutput[] = [];
  const effects: SessionEffect[] = [];

  const tell = (input: SessionInput): void => {
    const inputs = [input];
    for (let next = inputs.shift(); next; next = inputs.shift()) {
      const reduced = reduce(state, next, nowMs);
      ({ state } = reduced);
      for (const effect of reduced.effects) {
        effects.push(effect);
        if (effect.type === "send") outputs.push(effect.output);
        if (effect.type === "continue") inputs.push({ type: "timer", name: "pace" });
      }
    }
  };
  const session = {
    get state() {
      return state;
    },
    outputs,
    cast,
    at(ms: number) {
      nowMs = ms;
      return session;
    },
    tell,
    command: (command: SessionCommand, eventId?: string) => tell({ type: "command", command, eventId }),
    /** Frames of 32 ms, each with the same probability. */
    hear(frames: number, probability: number, levelDb = -20) {
      for (let i = 0; i < frames; i++) {
        const fromSample = receivedSample;
        receivedSample += 512;
        tell({ type: "audio-received", toSample: receivedSample });
        tell({ type: "voice-frame", frame: { fromSample, toSample: receivedSample, probability, levelDb } });
      }
    },
    receive(ms: number) {
      receivedSample += ms * 16;
      tell({ type: "audio-received", toSample: receivedSample });
    },
    /** Sound of the response under way. */
    speak(text: string, ms: number) {
      const pcm = new Float32Array((ms * rateHz) / 1000);
      tell({ type: "speech", responseId: session.responseId(), pcm, sampleRateHz: rateHz, text });
    },
    endReply: () => tell({ type: "reply-end", responseId: session.responseId(), reason: "stop", usage }),
    responseId: () => state.response?.id ?? "none",
    types: () => outputs.map(({ type }) => type),
    ofType: <T extends SessionOutput["type"]>(type: T) =>
      outputs.filter((output): output is SessionOutput & { type: T } => output.type === type),
    effects: <T extends SessionEffect["type"]>(type: T) =>
      effects.filter((effect): effect is Extract<SessionEffect, { type: T }> => effect.type === type),
    plans: () => session.effects("start-reply").map(({ plan }) => plan),
    transcript: (text: string, nth = 0) =>
      tell({ type: "transcript", itemId: state.input.pending[nth]?.itemId ?? "", text, audioMs: 1 }),
    forget() {
      outputs.length = 0;
      effects.length = 0;
    },
  };
  tell({ type: "open" });
  session.forget();
  return session;
}
