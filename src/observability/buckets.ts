// Bounds of histograms, in seconds.

/** A millisecond to ten seconds: what somebody waits for. */
export const waitBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** A tenth of a second to ten minutes: downloads, loads, sessions. */
export const longBuckets = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
