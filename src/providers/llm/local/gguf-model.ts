// A GGUF file through node-llama-cpp, whose own threads do the work: this process hears of a cancel at any time.
import { loadLlamaCpp } from "./llama-cpp.ts";
import type { TextModel } from "./text-model.ts";

export interface GgufLoadParams {
  name: string;
  file: string;
  /** Of node-llama-cpp. */
  modulePath: string;
  gpu: "auto" | false;
  threads: number;
  /** Most tokens of prompt and answer; the model's own limit is kept, too. */
  contextTokens: number;
}

/** Tokens that are read at once: a cancel waits for one such piece at most. */
const batchTokens = 128;
/** Of the likeliest token's probability: what is less likely is never taken (llama.cpp's default is 0.1, Qwen's and Llama's makers say 0.05 or less). */
const minP = 0.05;

export async function loadGgufModel(params: GgufLoadParams): Promise<TextModel> {
  const { threads, gpu } = params;
  const llama = await loadLlamaCpp(params.modulePath, { gpu, threads });
  const model = await llama.loadModel({ modelPath: params.file });
  const windowTokens = Math.min(params.contextTokens, model.trainContextSize);
  const context = await model.createContext({
    contextSize: windowTokens,
    batchSize: Math.min(batchTokens, windowTokens),
    threads,
  });
  const sequence = context.getSequence();
  const { bos, bosString, eosString, shouldPrependBosToken } = model.tokens;
  const template = model.fileInfo.metadata.tokenizer?.chat_template;

  const place = llama.gpu === false || model.gpuLayers === 0 ? "CPU" : llama.gpu;

  return {
    windowTokens,
    template: typeof template === "string" && template.trim() !== "" ? template : undefined,
    beginToken: bosString ?? "",
    endToken: eosString ?? "",
    detail: `${params.name}: ${model.typeDescription}, ${windowTokens} tokens, ${place}`,
    encode(text) {
      const tokens = model.tokenize(text, true);
      if (bos !== null && shouldPrependBosToken && tokens[0] !== bos) tokens.unshift(bos);
      return tokens;
    },
    decode: (tokens) => model.detokenize(tokens, false),
    async generate(prompt, sampling, { signal, checkpoint, onToken }) {
      // What the last reply left of the same conversation need not be read again; the last token is, to have a successor.
      await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
      while (prompt.length - sequence.nextTokenIndex > batchTokens) {
        const from = sequence.nextTokenIndex;
        await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(from, from + batchTokens));
        await checkpoint();
      }
      let count = 0;
      const tokens = sequence.evaluate(prompt.slice(sequence.nextTokenIndex), {
        temperature: sampling.temperature,
        topP: sampling.topP,
        minP,
        ...(sampling.seed !== undefined && { seed: sampling.seed }),
      });
      for await (const token of tokens) {
        if (model.isEogToken(token)) return "stop";
        count += 1;
        if (!onToken(token)) return "stop";
        if (count >= sampling.maxTokens) return "length";
        signal.throwIfAborted();
      }
      return "stop";
    },
  };
}
