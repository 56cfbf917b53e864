// Silero VAD v5 on ONNX Runtime. It keeps no stream: whoever asks brings the state and gets the new one, so a crash costs
// the frames under way and nothing that was heard before.
import { vadFrameSamples } from "../../../speech/ports.ts";
import { contextSamples, type DetectAnswer, type DetectRequest, stateSize } from "./detect-job.ts";

export interface SileroModel {
  /** Each stream's frames in order; all streams' frames of the same rank in one run. */
  detect(request: DetectRequest): Promise<DetectAnswer>;
}

export async function loadModel(modelPath: string): Promise<SileroModel> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(modelPath, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const sampleRate = new Tensor("int64", BigInt64Array.of(16_000n), []);
  const half = stateSize / 2;
  const inputSamples = contextSamples + vadFrameSamples;

  /** input f32 [rows, 64 + 512], state f32 [2, rows, 128], sr i64 → output f32 [rows, 1], stateN f32 [2, rows, 128] */
  const run = async (input: Float32Array, state: Float32Array, rows: number) => {
    const outputs = await session.run({
      input: new Tensor("float32", input, [rows, inputSamples]),
      state: new Tensor("float32", state, [2, rows, half]),
      sr: sampleRate,
    });
    return {
      probabilities: outputs["output"]?.data as Float32Array,
      state: outputs["stateN"]?.data as Float32Array,
    };
  };

  return {
    async detect({ streams }) {
      const results = streams.map(({ frames, state, context }) => ({
        probabilities: new Float32Array(frames.length / vadFrameSamples),
        state: state.slice(),
        context: context.slice(),
      }));
      for (let rank = 0; ; rank++) {
        const active = results.flatMap((result, i) =>
          rank < result.probabilities.length ? [{ result, frames: streams[i]?.frames as Float32Array }] : [],
        );
        const rows = active.length;
        if (rows === 0) return { streams: results };
        const input = new Float32Array(rows * inputSamples);
        const state = new Float32Array(rows * stateSize);
        for (const [row, { result, frames }] of active.entries()) {
          const frame = frames.subarray(rank * vadFrameSamples, (rank + 1) * vadFrameSamples);
          input.set(result.context, row * inputSamples);
          input.set(frame, row * inputSamples + contextSamples);
          result.context.set(frame.subarray(vadFrameSamples - contextSamples));
          for (const layer of [0, 1]) {
            state.set(result.state.subarray(layer * half, (layer + 1) * half), (layer * rows + row) * half);
          }
        }
        const outputs = await run(input, state, rows);
        for (const [row, { result }] of active.entries()) {
          result.probabilities[rank] = outputs.probabilities[row] ?? 0;
          for (const layer of [0, 1]) {
            const start = (layer * rows + row) * half;
            result.state.set(outputs.state.subarray(start, start + half), layer * half);
          }
        }
      }
    },
  };
}
