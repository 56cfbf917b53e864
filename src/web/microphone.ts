// The microphone as a stream of 16-bit PCM at 24 kHz. The browser resamples and cancels the echo of our own voice.
import { encodePcm16 } from "./pcm-base64.ts";
import { sampleRateHz } from "./player.ts";

export interface Microphone {
  /** Chunks go to `onChunk` only while this is true. */
  isOpen: boolean;
  /** Loudness of the last chunk, 0 to 1. */
  level(): number;
  close(): void;
}

/** Asks for permission. Rejects with a DOMException whose name tells why: NotAllowedError, NotFoundError… */
export async function openMicrophone(onChunk: (bytes: Uint8Array<ArrayBuffer>) => void): Promise<Microphone> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  });
  const context = new AudioContext({ sampleRate: sampleRateHz });
  await context.audioWorklet.addModule("/web/microphone-worklet.js");
  const node = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
  context.createMediaStreamSource(stream).connect(node);
  let level = 0;
  const microphone: Microphone = {
    isOpen: false,
    level: () => level,
    close() {
      microphone.isOpen = false;
      for (const track of stream.getTracks()) track.stop();
      void context.close();
    },
  };
  node.port.start();
  node.port.addEventListener("message", (event: MessageEvent<Float32Array>) => {
    let sum = 0;
    for (const sample of event.data) sum += sample * sample;
    level = Math.min(1, Math.sqrt(sum / event.data.length) * 6);
    if (microphone.isOpen) onChunk(encodePcm16(event.data));
  });
  return microphone;
}

/** What a person can do about a microphone that did not open. */
export function explainMicrophoneError(error: unknown): string {
  switch ((error as DOMException | null)?.name) {
    case "NotAllowedError":
      return "The browser was not allowed to use the microphone. Allow it in the address bar, then try again. Typing works meanwhile.";
    case "NotFoundError":
      return "No microphone was found. Plug one in, or type instead.";
    case "NotReadableError":
      return "The microphone is in use by another program.";
    default:
      return "The microphone could not be opened. A page that is not on this machine needs https. Typing works meanwhile.";
  }
}
