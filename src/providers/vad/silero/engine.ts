// The engine process of Silero VAD.
import { type EngineHandlers, serveEngine } from "../../../base/engine-process.ts";
import { vadFrameSamples } from "../../../speech/ports.ts";
import { contextSamples, type DetectRequest, stateSize } from "./detect-job.ts";
import { loadModel, type SileroModel } from "./model.ts";

function createHandlers(): EngineHandlers {
  const loading = Promise.withResolvers<SileroModel>();
  const detect = async (request: DetectRequest) => (await loading.promise).detect(request);
  return {
    async load({ modelPath }: { modelPath: string }) {
      loading.resolve(await loadModel(modelPath));
      const stream = {
        frames: new Float32Array(vadFrameSamples),
        state: new Float32Array(stateSize),
        context: new Float32Array(contextSamples),
      };
      await detect({ streams: [stream] });
    },
    jobs: { detect },
  };
}

// A frame is answered within a millisecond or the conversation stumbles; it takes too little to yield to anyone.
serveEngine(createHandlers(), { niceness: 0 });
