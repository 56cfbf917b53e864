// A whole speech system in the tone language: what the client says in tones is really heard, and what the character says
// can be read from its sound. Each part can be taken away, made slow, or made to fail.
import { AppError } from "../../src/base/errors.ts";
import type {
  ProviderState,
  SpeechRecognizer,
  SpeechSynthesizer,
  VoiceActivityDetector,
} from "../../src/speech/ports.ts";
import type { GetPartOptions, SpeechSystem } from "../../src/speech/provider.ts";
import {
  createFakeDetector,
  createFakeRecognizer,
  createFakeSynthesizer,
} from "./fake-engines/fake-speech.ts";

type Part = "tts" | "asr" | "vad";

export interface ToneSpeech extends SpeechSystem {
  setState(part: Part, state: ProviderState): void;
  /** Awaited before each piece of speech, decode and frame; replace it to be slow or to fail. */
  gate: (what: string, signal: AbortSignal | undefined) => Promise<void>;
}

export function createToneSpeech(): ToneSpeech {
  const states: Record<Part, ProviderState> = {
    tts: { state: "ready" },
    asr: { state: "ready" },
    vad: { state: "ready" },
  };
  const gate = (what: string, signal: AbortSignal | undefined): Promise<void> => speech.gate(what, signal);
  const synthesizer: SpeechSynthesizer = createFakeSynthesizer({ gate });
  const recognizer: SpeechRecognizer = createFakeRecognizer({ gate });
  const detector: VoiceActivityDetector = createFakeDetector({ gate });
  const give = <T>(part: Part, thing: T, options: GetPartOptions | undefined): Promise<T> => {
    const { state } = states[part];
    if (options?.provider !== undefined && options.provider !== "fake") {
      return Promise.reject(new AppError("E_NOT_FOUND", `no ${part} provider "${options.provider}"`));
    }
    if (state === "ready") return Promise.resolve(thing);
    return Promise.reject(new AppError("E_BUSY", `the ${part} engine is ${state}`));
  };
  const speech: ToneSpeech = {
    gate: () => Promise.resolve(),
    setState: (part, state) => void (states[part] = state),
    start: () => Promise.resolve(),
    status: () => ({
      tts: { provider: "fake", state: states.tts },
      asr: { provider: "fake", state: states.asr },
      vad: { provider: "fake", state: states.vad },
    }),
    synthesizer: (options) => give("tts", synthesizer, options),
    recognizer: (options) => give("asr", recognizer, options),
    detector: (options) => give("vad", detector, options),
    listProviders: () => Promise.resolve([]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return speech;
}
