// The engine process of Moonshine.
import llamaTokenizer from "llama-tokenizer-js";
import { type EngineHandlers, serveEngine } from "../../../base/engine-process.ts";
import type { HeardWord } from "../../../speech/speech-decoder.ts";
import { loadModel, type MoonshineFiles, type MoonshineModel, type TranscribeRequest } from "./model.ts";
import { groupTokens } from "./tokens.ts";

export interface LoadParams {
  files: MoonshineFiles;
  threads: number;
}

function createHandlers(): EngineHandlers {
  const loading = Promise.withResolvers<MoonshineModel>();
  return {
    async load({ files, threads }: LoadParams, context) {
      const model = await loadModel(files, threads);
      loading.resolve(model);
      // A second of a quiet tone: the first run of each graph allocates, and nobody should wait for that.
      const pcm = Float32Array.from({ length: 16_000 }, (_, i) => 0.01 * Math.sin(i / 8));
      await model.transcribe({ pcm, prefix: [], draft: [100, 200] }, context.checkpoint);
    },
    jobs: {
      async transcribe(request: TranscribeRequest, { checkpoint }): Promise<HeardWord[]> {
        const model = await loading.promise;
        const { tokens } = await model.transcribe(request, checkpoint);
        return groupTokens(llamaTokenizer, tokens);
      },
    },
  };
}

serveEngine(createHandlers());
