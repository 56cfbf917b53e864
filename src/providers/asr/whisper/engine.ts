// The engine process of Whisper.
import { type EngineHandlers, serveEngine } from "../../../base/engine-process.ts";
import type { WhisperFolder } from "./model-folder.ts";
import { loadModel, type TranscribeAnswer, type TranscribeRequest, type WhisperModel } from "./model.ts";

export interface LoadParams {
  folder: WhisperFolder;
  threads: number;
}

function createHandlers(): EngineHandlers {
  const loading = Promise.withResolvers<WhisperModel>();
  return {
    async load({ folder, threads }: LoadParams, { signal }) {
      const model = await loadModel(folder, threads);
      loading.resolve(model);
      await model.transcribe({ pcm: new Float32Array(16_000), language: folder.languages[0] }, signal);
      return `${folder.modelId}, ${folder.precision.encoder_model}/${folder.precision.decoder_model_merged}`;
    },
    jobs: {
      async transcribe(request: TranscribeRequest, { signal, checkpoint }): Promise<TranscribeAnswer> {
        const model = await loading.promise;
        const answer = await model.transcribe(request, signal);
        await checkpoint();
        return answer;
      },
    },
  };
}

serveEngine(createHandlers());
