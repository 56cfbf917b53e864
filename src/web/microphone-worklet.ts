// Runs on the audio thread: gathers the microphone's samples into chunks and posts them to the page.

declare const registerProcessor: (name: string, processor: new () => AudioWorkletProcessor) => void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

declare const sampleRate: number;

/** Small enough to feel instant, large enough to keep frames few. */
const chunkMs = 40;
const chunkSamples = Math.round((sampleRate * chunkMs) / 1000);

class MicrophoneProcessor extends AudioWorkletProcessor {
  #chunk = new Float32Array(chunkSamples);
  #filled = 0;

  process(inputs: Float32Array[][]): boolean {
    const channel = inputs[0]?.[0];
    if (!channel) return true;
    for (const sample of channel) {
      this.#chunk[this.#filled++] = sample;
      if (this.#filled === chunkSamples) {
        this.port.postMessage(this.#chunk, [this.#chunk.buffer]);
        this.#chunk = new Float32Array(chunkSamples);
        this.#filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("microphone", MicrophoneProcessor);
