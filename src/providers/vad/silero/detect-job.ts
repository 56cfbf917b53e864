// What the detector and its engine process say to each other.

/** Samples before a frame that the model wants to see again with it (snakers4/silero-vad, v5 at 16 kHz). */
export const contextSamples = 64;
/** Numbers of the model's memory of one stream: [2, 128]. */
export const stateSize = 256;

export interface DetectRequest {
  streams: {
    /** Whole frames of 512 samples, one behind the other. */
    frames: Float32Array;
    state: Float32Array;
    context: Float32Array;
  }[];
}

export interface DetectAnswer {
  streams: {
    /** One for each frame. */
    probabilities: Float32Array;
    state: Float32Array;
    context: Float32Array;
  }[];
}
