// The engine process of Smart Turn.
import { type EngineHandlers, serveEngine } from "../../../base/engine-process.ts";
import { loadModel, type SmartTurnModel } from "./model.ts";

function createHandlers(): EngineHandlers {
  const loading = Promise.withResolvers<SmartTurnModel>();
  return {
    async load({ modelPath }: { modelPath: string }) {
      const model = await loadModel(modelPath);
      // The first run is many times slower than the others.
      await model.judge(new Float32Array());
      loading.resolve(model);
    },
    jobs: {
      judge: async ({ pcm }: { pcm: Float32Array }): Promise<number> => (await loading.promise).judge(pcm),
    },
  };
}

// What is judged after the pause is over was judged for nothing: it does not yield to synthesis.
serveEngine(createHandlers(), { niceness: 0 });
