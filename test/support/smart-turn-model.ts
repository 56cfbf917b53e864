// A model with Smart Turn's input and output, of a few operators: it takes the turn for over when its end is quieter than
// the average of the window.
import { buildOnnx } from "./onnx-builder.ts";

/** The answer to any silence. */
export const answerToSilence = 0.5;

export interface SmartTurnModelOptions {
  /** Of the model's only input. */
  inputName?: string;
  /** Leaves the sigmoid out, so that the answers are no probabilities. */
  isRaw?: boolean;
  /** Frames of 10 ms that count as the end; default 50. */
  endFrames?: number;
}

/** sigmoid(10 · (mean of all − mean of the end)), from float32 [1, 80, 800]. */
export function buildSmartTurnModel(options: SmartTurnModelOptions = {}): Uint8Array {
  const { inputName = "input_features", isRaw = false, endFrames = 50 } = options;
  return buildOnnx({
    inputs: [{ name: inputName, type: "float", dims: ["batch", 80, 800] }],
    outputs: [{ name: "logits", type: "float", dims: ["batch", 1] }],
    initializers: [
      { name: "from", dims: [1], data: BigInt64Array.of(BigInt(800 - endFrames)) },
      { name: "to", dims: [1], data: BigInt64Array.of(800n) },
      { name: "axis", dims: [1], data: BigInt64Array.of(2n) },
      { name: "steepness", dims: [1], data: Float32Array.of(isRaw ? -1000 : 10) },
    ],
    nodes: [
      { op: "Slice", inputs: [inputName, "from", "to", "axis"], outputs: ["end"] },
      {
        op: "ReduceMean",
        inputs: [inputName],
        outputs: ["all_mean"],
        attributes: { axes: [1, 2], keepdims: 1 },
      },
      { op: "ReduceMean", inputs: ["end"], outputs: ["end_mean"], attributes: { axes: [1, 2], keepdims: 1 } },
      { op: "Sub", inputs: ["all_mean", "end_mean"], outputs: ["drop"] },
      { op: "Mul", inputs: ["drop", "steepness"], outputs: ["scaled"] },
      { op: isRaw ? "Abs" : "Sigmoid", inputs: ["scaled"], outputs: ["answer"] },
      { op: "Flatten", inputs: ["answer"], outputs: ["logits"] },
    ],
  });
}
