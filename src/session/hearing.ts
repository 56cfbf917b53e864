// A session's ear: keeps the input audio, asks voice detection about it, and follows what is said with the recogniser.
import type { Clock } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
import { concatPcm } from "../audio/pcm.ts";
import { resample } from "../audio/resample.ts";
import type { AudioTurnDetector } from "../speech/ports.ts";
import type { SpeechSystem } from "../speech/provider.ts";
import type { SessionInput } from "./events.ts";
import { createDecoder, createInputAudio, inputRateHz } from "./input-audio.ts";
import { release } from "./release.ts";
import type { AudioFormat } from "./session-config.ts";
import type { SessionEffect } from "./state.ts";
import { samplesPerMs } from "./turn-taking.ts";
import { type OpenUtterance, openUtterance, type UtteranceOptions } from "./utterance.ts";
import { createVoiceListener } from "./voice-listener.ts";

type EffectOf<T extends SessionEffect["type"]> = Extract<SessionEffect, { type: T }>;

export type HearingEffect = EffectOf<
  | "open-utterance"
  | "extend-utterance"
  | "finish-utterance"
  | "drop-utterance"
  | "judge-pause"
  | "recognise-item"
  | "forget-audio"
  | "listen-from"
>;

export interface Hearing extends AsyncDisposable {
  /** False when the buffer is full; then nothing was taken. */
  hear(bytes: Uint8Array): boolean;
  /** All that was sent so far is there to be committed. */
  flush(): void;
  setFormat(format: AudioFormat): void;
  perform(effect: HearingEffect): void;
}

export interface HearingDependencies {
  sessionId: string;
  speech: Pick<SpeechSystem, "recognizer" | "detector">;
  /** Judges pauses by their sound; without it "judge-pause" is not answered. */
  audioTurnDetector?: AudioTurnDetector | undefined;
  clock: Clock;
  dispatch: (input: SessionInput) => void;
  /** Voice detection does not work at the moment. */
  onTrouble: (error: AppError) => void;
}

/** Of a turn's sound, at most; no detector takes in more (Smart Turn: 8 s). */
const judgedSoundMs = 8000;

export function createHearing(
  deps: HearingDependencies,
  options: { format: AudioFormat; maxInputMs: number },
): Hearing {
  const { speech, clock, dispatch } = deps;
  const input = createInputAudio(options.format, options.maxInputMs);
  let { format } = options;
  let announcedSample = 0;
  let current: { utterance: OpenUtterance; fromSample: number; pushedSample: number } | undefined;
  const finishing = new Set<OpenUtterance>();

  const listener = createVoiceListener({
    getDetector: () => speech.detector({ timeoutMs: 0 }),
    clock,
    input,
    onFrame: (frame) => dispatch({ type: "voice-frame", frame }),
    onTrouble: deps.onTrouble,
  });

  const announce = (): void => {
    if (input.endSample === announcedSample) return;
    announcedSample = input.endSample;
    dispatch({ type: "audio-received", toSample: announcedSample });
    listener.notice();
  };

  const open = (
    itemId: string,
    wanted: Pick<EffectOf<"open-utterance">, "language" | "firstPartialMs" | "wantsPartials">,
  ): OpenUtterance => {
    const { language, firstPartialMs } = wanted;
    const settings: UtteranceOptions = { language, firstPartialMs };
    if (wanted.wantsPartials) {
      settings.onPartial = (partial) => dispatch({ type: "partial-transcript", itemId, partial });
    }
    return openUtterance(
      { clock, getRecognizer: (timeoutMs, signal) => speech.recognizer({ timeoutMs, signal }) },
      settings,
    );
  };

  const extend = (toSample: number): void => {
    if (!current || toSample <= current.pushedSample) return;
    for (const pcm of input.read(current.pushedSample, toSample)) current.utterance.push(pcm);
    current.pushedSample = toSample;
  };

  const settle = async (itemId: string, utterance: OpenUtterance, samples: number): Promise<void> => {
    finishing.add(utterance);
    try {
      const { text } = await utterance.finish();
      const audioMs = samples / samplesPerMs;
      dispatch({ type: "transcript", itemId, text: text.trim(), audioMs });
    } catch (error) {
      dispatch({ type: "transcript-failed", itemId, error: asAppError(error) });
    } finally {
      finishing.delete(utterance);
    }
  };

  let judging: AbortController | undefined;
  const judgePause = async (asked: EffectOf<"judge-pause">): Promise<void> => {
    const { itemId, silenceFrom, toSample } = asked;
    if (!deps.audioTurnDetector || !current) return;
    judging?.abort(new AppError("E_INTERRUPTED", "another pause is to be judged"));
    const ours = (judging = new AbortController());
    const fromSample = Math.max(current.fromSample, toSample - judgedSoundMs * samplesPerMs);
    const pcm = concatPcm(input.read(fromSample, toSample));
    try {
      const options = { signal: ours.signal, sessionId: deps.sessionId };
      const endChance = await deps.audioTurnDetector.judge(pcm, options);
      if (!ours.signal.aborted) dispatch({ type: "pause-judged", itemId, silenceFrom, endChance });
    } catch {
      // The words count then; what the detector lacks is in its state, and its engine says why it died.
      return;
    }
  };

  const recogniseItem = ({ itemId, audio, language }: EffectOf<"recognise-item">): void => {
    const pcm = resample(createDecoder(format)(audio), { fromHz: format.sampleRateHz, toHz: inputRateHz });
    const utterance = open(itemId, { language, wantsPartials: false });
    utterance.push(pcm);
    void settle(itemId, utterance, pcm.length);
  };

  return {
    hear(bytes) {
      const isTaken = input.append(bytes);
      announce();
      return isTaken;
    },
    flush() {
      input.flush();
      announce();
    },
    setFormat(next) {
      format = next;
      input.setFormat(next);
      announce();
    },
    perform(effect) {
      switch (effect.type) {
        case "open-utterance": {
          const utterance = open(effect.itemId, effect);
          current = { utterance, fromSample: effect.fromSample, pushedSample: effect.fromSample };
          return;
        }
        case "extend-utterance":
          return extend(effect.toSample);
        case "finish-utterance": {
          extend(effect.toSample);
          if (!current) return;
          const { utterance, fromSample } = current;
          current = undefined;
          void settle(effect.itemId, utterance, effect.toSample - fromSample);
          return;
        }
        case "judge-pause":
          return void judgePause(effect);
        case "drop-utterance":
          current?.utterance.drop();
          current = undefined;
          return;
        case "recognise-item":
          return recogniseItem(effect);
        case "forget-audio":
          return input.forget(effect.beforeSample);
        case "listen-from":
          return listener.listenFrom(effect.sample);
      }
    },
    async [Symbol.asyncDispose]() {
      judging?.abort(new AppError("E_INTERRUPTED", "the session is over"));
      current?.utterance.drop();
      for (const utterance of finishing) utterance.drop();
      await release(listener);
    },
  };
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError(
    "E_INTERNAL",
    "the recogniser met an internal error; the log has the details",
    null,
    error,
  );
}
