// Smart Turn v3 on ONNX Runtime: the sound of a turn so far → probability that it is over.
import { AppError } from "../../../base/errors.ts";
import { createLogMel, melBands, melFrames } from "./log-mel.ts";
import { fitTurnWindow } from "./turn-window.ts";

export interface SmartTurnModel {
  /** 16 kHz, the newest last → 0 to 1. */
  judge(pcm: Float32Array): Promise<number>;
}

const inputName = "input_features";

/** One thread: a judgement takes little, and comes while others speak. Throws E_COMPAT for a model of another kind. */
export async function loadModel(modelPath: string): Promise<SmartTurnModel> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(modelPath, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const [outputName] = session.outputNames;
  if (session.inputNames.join() !== inputName || outputName === undefined) {
    await session.release();
    const message = `this is no Smart Turn v3: it takes ${session.inputNames.join(", ")}, not ${inputName}`;
    throw new AppError("E_COMPAT", message, { inputs: [...session.inputNames] });
  }
  const measure = createLogMel();
  return {
    /** input_features f32 [1, 80, 800] → f32 [1, 1], past its sigmoid */
    async judge(pcm) {
      const features = measure(fitTurnWindow(pcm));
      const outputs = await session.run({
        [inputName]: new Tensor("float32", features, [1, melBands, melFrames]),
      });
      const probability = Number(outputs[outputName]?.data[0]);
      if (probability >= 0 && probability <= 1) return probability;
      throw new AppError(
        "E_COMPAT",
        `this is no Smart Turn v3: it answers ${probability}, not a probability`,
      );
    },
  };
}
