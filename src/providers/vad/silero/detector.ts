// Many streams, one engine: while a call is under way frames gather, and the next call takes them all. So the engine is
// asked once per call and not once per frame when it falls behind, and ten streams cost little more than one.
import { concatPcm } from "../../../audio/pcm.ts";
import { AppError } from "../../../base/errors.ts";
import type { Engine } from "../../../speech/engine.ts";
import {
  type VoiceActivityDetector,
  type VoiceActivityStream,
  vadFrameSamples,
} from "../../../speech/ports.ts";
import { contextSamples, type DetectAnswer, type DetectRequest, stateSize } from "./detect-job.ts";

export interface SileroDetectorOptions {
  /** Streams that may be open at once. */
  maxStreams: number;
}

/** Frames of one stream in one call (0.5 s of sound, about 2 ms of work), so that a long recording holds nobody up. */
const framesPerCall = 16;
/** Frames of one stream that may wait: 16 s. A caller that is so far ahead waits for answers before it pushes on. */
const maxWaitingFrames = 512;
/** A frame takes a tenth of a millisecond; an engine that needs so long hangs. */
const callTimeoutMs = 5000;

interface WaitingFrame {
  frame: Float32Array;
  /** The first frame after a reset. */
  isFirst: boolean;
  resolve(probability: number): void;
  reject(error: unknown): void;
}

interface StreamState {
  state: Float32Array;
  context: Float32Array;
  waiting: WaitingFrame[];
  isFresh: boolean;
}

/** Owns the engine. */
export function createSileroDetector(
  { engine }: { engine: Engine },
  { maxStreams }: SileroDetectorOptions,
): VoiceActivityDetector {
  const streams = new Set<StreamState>();
  let isCalling = false;

  const takeFrames = (stream: StreamState): WaitingFrame[] => {
    const reset = stream.waiting.findIndex((frame, i) => i > 0 && frame.isFirst);
    return stream.waiting.splice(0, Math.min(reset === -1 ? framesPerCall : reset, framesPerCall));
  };

  const callEngine = async (): Promise<void> => {
    if (isCalling) return;
    isCalling = true;
    for (;;) {
      const batch = [...streams]
        .map((stream) => ({ stream, frames: takeFrames(stream) }))
        .filter(({ frames }) => frames.length > 0);
      if (batch.length === 0) break;
      for (const { stream, frames } of batch) {
        if (!frames[0]?.isFirst) continue;
        stream.state = new Float32Array(stateSize);
        stream.context = new Float32Array(contextSamples);
      }
      const request: DetectRequest = {
        streams: batch.map(({ stream: { state, context }, frames }) => ({
          frames: concatPcm(frames.map(({ frame }) => frame)),
          state,
          context,
        })),
      };
      try {
        const answer = (await engine.run("detect", request, { timeoutMs: callTimeoutMs })) as DetectAnswer;
        for (const [i, { stream, frames }] of batch.entries()) {
          const result = answer.streams[i];
          if (!result) continue;
          stream.state = result.state;
          stream.context = result.context;
          for (const [j, frame] of frames.entries()) frame.resolve(result.probabilities[j] ?? 0);
        }
      } catch (error) {
        for (const { frames } of batch) for (const frame of frames) frame.reject(error);
      }
    }
    isCalling = false;
  };

  const closeStream = (stream: StreamState): void => {
    streams.delete(stream);
    for (const frame of stream.waiting.splice(0)) {
      frame.reject(new AppError("E_INTERRUPTED", "the voice detection stream was closed"));
    }
  };

  const open = (): VoiceActivityStream => {
    if (streams.size >= maxStreams) {
      throw new AppError("E_BUSY", `${maxStreams} voice detection streams are open; try again later`, {
        maxStreams,
      });
    }
    const stream: StreamState = {
      state: new Float32Array(stateSize),
      context: new Float32Array(contextSamples),
      waiting: [],
      isFresh: true,
    };
    streams.add(stream);
    return {
      push(frame) {
        if (frame.length !== vadFrameSamples) {
          const message = `a frame of voice detection has ${vadFrameSamples} samples, this one has ${frame.length}`;
          return Promise.reject(new AppError("E_ARGS", message));
        }
        if (!streams.has(stream)) {
          return Promise.reject(new AppError("E_INTERRUPTED", "the voice detection stream was closed"));
        }
        if (stream.waiting.length >= maxWaitingFrames) {
          const message = `${maxWaitingFrames} frames are waiting for voice detection; wait for answers before pushing on`;
          return Promise.reject(new AppError("E_BUSY", message, { maxWaitingFrames }));
        }
        const { promise, resolve, reject } = Promise.withResolvers<number>();
        stream.waiting.push({ frame: frame.slice(), isFirst: stream.isFresh, resolve, reject });
        stream.isFresh = false;
        void callEngine();
        return promise;
      },
      reset() {
        stream.isFresh = true;
      },
      [Symbol.asyncDispose]() {
        closeStream(stream);
        return Promise.resolve();
      },
    };
  };

  return {
    id: "silero",
    open,
    async [Symbol.asyncDispose]() {
      for (const stream of streams) closeStream(stream);
      await engine[Symbol.asyncDispose]();
    },
  };
}
