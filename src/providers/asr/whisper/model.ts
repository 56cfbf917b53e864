// Whisper through @huggingface/transformers, from local files alone.
import type {
  InterruptableStoppingCriteria as Interruption,
  Tensor as HubTensor,
} from "@huggingface/transformers";
import { findLoopCut } from "../../../speech/find-loop.ts";
import type { WhisperFolder } from "./model-folder.ts";

export interface TranscribeRequest {
  /** 16 kHz, up to 30 s. */
  pcm: Float32Array;
  /** ISO 639; undefined to listen which it is. */
  language: string | undefined;
}

export interface TranscribeAnswer {
  words: string[];
  language: string;
}

export interface WhisperModel {
  /** An aborted signal ends it at the next token with what there is. */
  transcribe(request: TranscribeRequest, signal: AbortSignal): Promise<TranscribeAnswer>;
}

/** Fast speech in a language of many tokens stays below; the decoder's own limit is 448 with its prompt. */
const tokensPerSecond = 14;
const spareTokens = 16;
const maxTokens = 440;

export async function loadModel(folder: WhisperFolder, threads: number): Promise<WhisperModel> {
  const { env, pipeline, InterruptableStoppingCriteria, Tensor } = await import("@huggingface/transformers");
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = `${folder.root}/`;
  env.useFSCache = false;
  env.useBrowserCache = false;
  const transcriber = await pipeline("automatic-speech-recognition", folder.modelId, {
    dtype: folder.precision,
    device: "cpu",
    local_files_only: true,
    session_options: { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3 },
  });

  /** The language token with the highest score at the place where the model expects one (Radford et al. 2022, 2.3). */
  const detectLanguage = async (pcm: Float32Array): Promise<string> => {
    const { generation_config: config } = transcriber.model;
    const { decoder_start_token_id: start, lang_to_id: codes } = config as unknown as {
      decoder_start_token_id: number;
      lang_to_id: Record<string, number>;
    };
    const { input_features } = (await transcriber.processor(pcm)) as { input_features: HubTensor };
    const outputs = (await transcriber.model.forward({
      input_features,
      decoder_input_ids: new Tensor("int64", BigInt64Array.of(BigInt(start)), [1, 1]),
    })) as { logits: HubTensor };
    const scores = outputs.logits.data as Float32Array;
    const [best = "<|en|>"] = Object.entries(codes)
      .sort(([, a], [, b]) => (scores[b] ?? 0) - (scores[a] ?? 0))
      .map(([token]) => token);
    return best.replace(/^<\|(.*)\|>$/, "$1");
  };

  return {
    async transcribe({ pcm, language }, signal) {
      const heard = folder.isMultilingual ? (language ?? (await detectLanguage(pcm))) : "en";
      const stopping: Interruption = new InterruptableStoppingCriteria();
      const stop = (): void => stopping.interrupt();
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
      const limit = Math.ceil((pcm.length / 16_000) * tokensPerSecond) + spareTokens;
      const output = await transcriber(pcm, {
        max_new_tokens: Math.min(maxTokens, limit),
        stopping_criteria: [stopping],
        // An English model knows neither languages nor tasks, and refuses to be told.
        ...(folder.isMultilingual && { language: heard, task: "transcribe" }),
      });
      signal.removeEventListener("abort", stop);
      const words = output.text.split(/\s+/).filter((word) => word !== "");
      return { words: cutLoop(words, pcm.length / 16_000), language: heard };
    },
  };
}

/** Nobody says more; an answer that does is suspected of a loop. */
const maxWordsPerSecond = 5;

/** The words without a loop at their end, and without the beginning of one more round of it. */
function cutLoop(words: string[], seconds: number): string[] {
  if (words.length < maxWordsPerSecond * seconds) return words;
  for (let end = words.length; end > words.length - 8 && end > 0; end--) {
    const cut = findLoopCut(words.slice(0, end));
    if (cut !== undefined) return words.slice(0, cut);
  }
  return words;
}
