// The microphone as a stream of 16-bit PCM at 24 kHz, without the echo of our own voice.
import { encodeS16le } from "../audio/pcm.ts";
import { createResampler } from "../audio/resample.ts";
import { sampleRateHz } from "./player.ts";

export interface Microphone {
  /** Loudness of the last chunk, 0 to 1. */
  level(): number;
  close(): void;
}

export interface MicrophoneOptions {
  /** 40 ms of sound. */
  onChunk: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** It was unplugged, or permission was taken back. */
  onLost: () => void;
}

/** Asks for permission. Rejects with a DOMException whose name tells why: NotAllowedError, NotFoundError… */
export async function openMicrophone({ onChunk, onLost }: MicrophoneOptions): Promise<Microphone> {
  // Pages that came over plain http from another machine have no mediaDevices at all.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new DOMException("no media devices", "SecurityError");
  const stream = await devices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  });
  let level = 0;
  let input: MicrophoneInput | undefined;
  const close = (): void => {
    for (const track of stream.getTracks()) track.stop();
    input?.close();
  };
  try {
    input = await openInput(stream, (pcm) => {
      let power = 0;
      for (const sample of pcm) power += sample * sample;
      level = Math.min(1, Math.sqrt(power / pcm.length) * 6);
      onChunk(encodeS16le(pcm));
    });
  } catch (error) {
    close();
    throw error;
  }
  // `ended` is for what happens to the track, not for our own stop.
  for (const track of stream.getTracks()) {
    track.addEventListener("ended", () => {
      close();
      onLost();
    });
  }
  return { level: () => level, close };
}

interface MicrophoneInput {
  close(): void;
}

/** Chunks at 24 kHz. Most browsers resample by themselves; Firefox refuses to, and then it is done here. */
async function openInput(stream: MediaStream, onPcm: (pcm: Float32Array) => void): Promise<MicrophoneInput> {
  const direct = new AudioContext({ sampleRate: sampleRateHz });
  try {
    return await listen(direct, direct.createMediaStreamSource(stream), onPcm);
  } catch (error) {
    void direct.close();
    if ((error as DOMException | null)?.name !== "NotSupportedError") throw error;
  }
  const own = new AudioContext();
  try {
    const resampler = createResampler({ fromHz: own.sampleRate, toHz: sampleRateHz });
    return await listen(own, own.createMediaStreamSource(stream), (pcm) => onPcm(resampler.push(pcm)));
  } catch (error) {
    void own.close();
    throw error;
  }
}

async function listen(
  context: AudioContext,
  source: MediaStreamAudioSourceNode,
  onPcm: (pcm: Float32Array) => void,
): Promise<MicrophoneInput> {
  await context.audioWorklet.addModule("/web/microphone-worklet.js");
  const node = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
  source.connect(node);
  node.port.addEventListener("message", ({ data }: MessageEvent<Float32Array>) => onPcm(data));
  node.port.start();
  await context.resume();
  return { close: () => void (context.state === "closed" || context.close()) };
}

/** What a person can do about a microphone that did not open. */
export function explainMicrophoneError(error: unknown): string {
  switch ((error as DOMException | null)?.name) {
    case "NotAllowedError":
      return "The browser was not allowed to use the microphone. Allow it in the address bar, then try again. Typing works meanwhile.";
    case "NotFoundError":
      return "No microphone was found. Plug one in, or type instead.";
    case "NotReadableError":
      return "The microphone is in use by another program. Close that one, or type instead.";
    case "SecurityError":
      return "Browsers give the microphone only to pages of this machine or over https. Typing works here too.";
    default:
      return "The microphone could not be opened. Typing works meanwhile.";
  }
}
