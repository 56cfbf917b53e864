// The Kokoro graph in ONNX Runtime: ids and style in, samples and durations out. Runs in engine processes only: a run
// blocks the thread for as long as it takes.
import type { InferenceSession, Tensor } from "onnxruntime-node";

export const sampleRateHz = 24_000;
/** The graph counts durations in frames of the spectrogram, one for every 600 samples (25 ms). */
export const samplesPerDuration = 600;
/** The tensor inside the graph that has one duration per input id; graph preparation makes it an output. */
export const durationsOutput = "/encoder/Gather_output_0";

export interface KokoroInput {
  /** With the padding id at both ends; at most 512. */
  ids: readonly number[];
  /** float32 [256]; taken over. */
  style: Float32Array;
  speed: number;
}

export interface KokoroSpeech {
  /** Owns its buffer. */
  pcm: Float32Array;
  /** One per id, in units of 600 samples; their sum is the length of `pcm`. */
  durations: number[];
}

export interface KokoroModel extends AsyncDisposable {
  speak(input: KokoroInput): Promise<KokoroSpeech>;
}

export interface KokoroModelOptions {
  threads: number;
}

/** `graph` is a path or the bytes of a file whose durations are exposed. */
export async function loadKokoroModel(
  graph: string | Uint8Array,
  { threads }: KokoroModelOptions,
): Promise<KokoroModel> {
  const session = await createSession(graph, { threads });
  return {
    async speak(input) {
      const { pcm, outputs } = await runKokoro(session, input);
      const durations = outputs[durationsOutput]?.data as BigInt64Array;
      return { pcm, durations: Array.from(durations, Number) };
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

export async function createSession(
  graph: string | Uint8Array,
  { threads }: KokoroModelOptions,
): Promise<InferenceSession> {
  const { InferenceSession: sessions } = await import("onnxruntime-node");
  const settings: InferenceSession.SessionOptions = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Every input has another length, so the pattern of one run is of no use to the next, and keeping it costs 90 MB.
    enableMemPattern: false,
    logSeverityLevel: 3,
    // Threads that wait in a busy loop take a quarter more processor time and win nothing; with other engines on the
    // same cores they lose a third.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
  return typeof graph === "string" ? sessions.create(graph, settings) : sessions.create(graph, settings);
}

export async function runKokoro(
  session: InferenceSession,
  { ids, style, speed }: KokoroInput,
): Promise<{ pcm: Float32Array; outputs: Record<string, Tensor> }> {
  const { Tensor: tensors } = await import("onnxruntime-node");
  const outputs = (await session.run({
    input_ids: new tensors("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]),
    style: new tensors("float32", style, [1, style.length]),
    speed: new tensors("float32", Float32Array.of(speed), [1]),
  })) as Record<string, Tensor>;
  const waveform = outputs["waveform"]?.data as Float32Array;
  return { pcm: new Float32Array(waveform), outputs };
}
