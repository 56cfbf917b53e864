// A spoken sentence (test/fixtures/speech/README.md) and when its words are said.
import { join } from "node:path";
import { parseWav } from "../../src/audio/wav.ts";

export interface SpeechFixture {
  /** 16 kHz */
  pcm: Float32Array;
  /** Lower case, without punctuation. */
  text: string;
  /** Milliseconds, from the durations of the model that said it. */
  wordStartsMs: readonly number[];
}

export async function readSpeechFixture(): Promise<SpeechFixture> {
  const path = join(import.meta.dir, "../fixtures/speech/what-time-is-it.wav");
  return {
    pcm: parseWav(await Bun.file(path).bytes()).pcm,
    text: "could you tell me what time it is",
    wordStartsMs: [325, 475, 600, 750, 900, 1075, 1350, 1450],
  };
}
