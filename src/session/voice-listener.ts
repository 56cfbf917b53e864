// Asks voice detection about each frame of the input, in order, from wherever the session wants to listen.
import type { Clock } from "../base/clock.ts";
import { AppError, messageOf } from "../base/errors.ts";
import { measureLevel } from "../audio/level.ts";
import { concatPcm } from "../audio/pcm.ts";
import { type VoiceActivityDetector, type VoiceActivityStream, vadFrameSamples } from "../speech/ports.ts";
import type { InputAudio } from "./input-audio.ts";
import { release } from "./release.ts";
import type { VoiceFrame } from "./turn-taking.ts";

/** Frames asked about at once: enough to catch up with a burst, few enough that a change of plan wastes little. */
const framesInFlight = 16;
/** How soon a detector that failed, or is not there yet, is asked again. */
const retryMs = 500;

export interface VoiceListener extends AsyncDisposable {
  /** Judges what comes from this sample on; null: nothing. What was asked before is no longer answered. */
  listenFrom(sample: number | null): void;
  /** There is new audio. */
  notice(): void;
}

export interface VoiceListenerDependencies {
  getDetector: () => Promise<VoiceActivityDetector>;
  clock: Clock;
  input: Pick<InputAudio, "read" | "endSample">;
  onFrame: (frame: VoiceFrame) => void;
  /** Once for each time that it goes from working to not working. */
  onTrouble: (error: AppError) => void;
}

export function createVoiceListener(dependencies: VoiceListenerDependencies): VoiceListener {
  const { getDetector, clock, input, onFrame, onTrouble } = dependencies;
  let stream: VoiceActivityStream | undefined;
  let opening: Promise<void> | undefined;
  let nextSample: number | null = null;
  /** Answers of an earlier epoch are about a plan that has been dropped. */
  let epoch = 0;
  let inFlight = 0;
  let isTroubled = false;
  let retry: Disposable | undefined;
  let isClosed = false;

  const fail = (error: unknown, fromSample: number): void => {
    if (isClosed) return;
    const broken = stream;
    stream = undefined;
    epoch++;
    nextSample = fromSample;
    void release(broken);
    if (!isTroubled) {
      isTroubled = true;
      onTrouble(
        error instanceof AppError ? error : new AppError("E_INTERNAL", messageOf(error), null, error),
      );
    }
    retry ??= clock.schedule(() => {
      retry = undefined;
      pump();
    }, retryMs);
  };

  const open = async (): Promise<void> => {
    try {
      stream = (await getDetector()).open();
    } catch (error) {
      if (nextSample !== null) fail(error, nextSample);
    } finally {
      opening = undefined;
    }
    pump();
  };

  const ask = async (on: VoiceActivityStream, fromSample: number): Promise<void> => {
    const asked = epoch;
    inFlight++;
    try {
      const toSample = fromSample + vadFrameSamples;
      const pcm = concatPcm(input.read(fromSample, toSample));
      const { rmsDbfs: levelDb } = measureLevel(pcm);
      const probability = await on.push(pcm);
      if (asked !== epoch) return;
      isTroubled = false;
      onFrame({ fromSample, toSample, probability, levelDb });
    } catch (error) {
      if (asked === epoch) fail(error, fromSample);
    } finally {
      inFlight--;
      pump();
    }
  };

  const pump = (): void => {
    if (isClosed || nextSample === null || retry || input.endSample - nextSample < vadFrameSamples) return;
    if (!stream) {
      opening ??= open();
      return;
    }
    while (inFlight < framesInFlight && input.endSample - nextSample >= vadFrameSamples) {
      const fromSample = nextSample;
      nextSample += vadFrameSamples;
      void ask(stream, fromSample);
    }
  };

  return {
    listenFrom(sample) {
      epoch++;
      nextSample = sample;
      stream?.reset();
      pump();
    },
    notice: pump,
    async [Symbol.asyncDispose]() {
      isClosed = true;
      epoch++;
      retry?.[Symbol.dispose]();
      await opening;
      await release(stream);
    },
  };
}
