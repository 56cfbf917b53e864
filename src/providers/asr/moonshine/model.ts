// Moonshine on ONNX Runtime: encoder once, decoder greedily. Words that are known already (a guess from a pass over less
// audio) are checked in one run of the decoder instead of one run each, which makes a repeated pass several times cheaper.
//
//   encoder  input_values f32 [1, samples] 16 kHz            → last_hidden_state f32 [1, frames, width]
//   decoder  input_ids i64 [1, k], encoder_hidden_states, use_cache_branch bool [1],
//            past_key_values.<layer>.{decoder,encoder}.{key,value} f32 [1, heads, length, headWidth]
//                                                             → logits f32 [1, k, vocabulary], present.<…>
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { endToken, startToken } from "./tokens.ts";
import { findContinuation } from "./draft.ts";
import { findLoopCut } from "../../../speech/find-loop.ts";

export interface TranscribeRequest {
  /** 16 kHz */
  pcm: Float32Array;
  /** Tokens that the answer begins with, whatever the model thinks. */
  prefix: readonly number[];
  /** A guess at the tokens after the prefix. */
  draft: readonly number[];
}

export interface TranscribeAnswer {
  tokens: number[];
  /** How many of the tokens the check of prefix and draft gave, and how many single steps came after. */
  checkedCount: number;
  stepCount: number;
}

export interface MoonshineModel {
  transcribe(request: TranscribeRequest, checkpoint: () => Promise<void>): Promise<TranscribeAnswer>;
}

export interface MoonshineFiles {
  encoder: string;
  decoder: string;
}

/** The model card's limit is 6.5 tokens a second of audio; the rest is for the shortest clips. */
const tokensPerSecond = 6.5;
const spareTokens = 4;
const stepsBetweenCheckpoints = 8;
/** A check costs about as much as four steps and the start of the answer again; shorter guesses are not worth it. */
const worthChecking = 8;
const maxChecks = 4;

type Tensors = Record<string, Tensor>;

/** Shapes are read from the graph, so tiny and base load alike. */
export async function loadModel(files: MoonshineFiles, threads: number): Promise<MoonshineModel> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // The output layer's 9.4 million weights are stored in 8 bits and would be turned into floats again at every step;
    // with this they are turned once, at load: 2.7 instead of 5.6 ms a step, for 60 MB.
    extra: { session: { disable_quant_qdq: "1" } },
  };
  const [encoder, decoder] = await Promise.all([
    InferenceSession.create(files.encoder, options),
    InferenceSession.create(files.decoder, options),
  ]);
  const cacheInputs = decoder.inputMetadata.filter((input) => input.name.startsWith("past_key_values."));
  const emptyCache: Tensors = {};
  for (const input of cacheInputs) {
    const [, heads, , headWidth] = input.isTensor ? input.shape : [];
    // The encoder's part is computed on the first run, from nothing; batch zero is how the merged graph is told so.
    emptyCache[input.name] = new Tensor("float32", new Float32Array(0), [
      0,
      Number(heads),
      1,
      Number(headWidth),
    ]);
  }

  const runDecoder = (ids: readonly number[], hidden: Tensor, past: Tensors, useCache: boolean) =>
    decoder.run({
      input_ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]),
      encoder_hidden_states: hidden,
      use_cache_branch: new Tensor("bool", [useCache], [1]),
      ...past,
    });

  /** The first `length` positions of every decoder cache; the encoder's part whole. */
  const takeCache = (outputs: InferenceSession.OnnxValueMapType, length: number): Tensors => {
    const cache: Tensors = {};
    for (const { name } of cacheInputs) {
      const present = outputs[name.replace("past_key_values", "present")] as Tensor;
      cache[name] = name.includes(".decoder.") ? truncate(present, length) : present;
    }
    return cache;
  };

  const truncate = (tensor: Tensor, length: number): Tensor => {
    const [, heads = 0, whole = 0, headWidth = 0] = tensor.dims;
    if (whole === length) return tensor;
    const source = tensor.data as Float32Array;
    const target = new Float32Array(heads * length * headWidth);
    for (let head = 0; head < heads; head++) {
      const from = head * whole * headWidth;
      target.set(source.subarray(from, from + length * headWidth), head * length * headWidth);
    }
    return new Tensor("float32", target, [1, heads, length, headWidth]);
  };

  return {
    async transcribe({ pcm, prefix, draft }, checkpoint) {
      const encoded = await encoder.run({ input_values: new Tensor("float32", pcm, [1, pcm.length]) });
      const hidden = encoded["last_hidden_state"] as Tensor;
      await checkpoint();

      const limit = Math.max(prefix.length, Math.ceil((pcm.length / 16_000) * tokensPerSecond) + spareTokens);
      const tokens: number[] = [];
      let cache: Tensors = {};
      let guess = [...prefix, ...draft].slice(0, limit);
      let [checkCount, checkedCount, stepCount] = [0, 0, 0];
      /** Takes over as much of the guess as the model agrees with, and its own word where it does not. False at the end. */
      const check = async (): Promise<boolean> => {
        const first = tokens.length;
        checkCount += 1;
        const ids = [startToken, ...tokens, ...guess];
        const outputs = await runDecoder(ids, hidden, emptyCache, false);
        const best = argmaxRows(outputs["logits"] as Tensor, first);
        for (let i = 0; i <= guess.length; i++) {
          const choice = best[i] as number;
          const token = tokens.length < prefix.length ? (guess[i] as number) : choice;
          if (token === endToken) return false;
          tokens.push(token);
          checkedCount += 1;
          if (token !== guess[i]) break;
        }
        cache = takeCache(outputs, tokens.length);
        return true;
      };
      const step = async (): Promise<boolean> => {
        const outputs = await runDecoder([tokens.at(-1) as number], hidden, cache, true);
        const [token = endToken] = argmaxRows(outputs["logits"] as Tensor, 0);
        stepCount += 1;
        if (token === endToken) return false;
        tokens.push(token);
        for (const { name } of cacheInputs) {
          // The cached branch does not compute the encoder's part again and returns none.
          if (name.includes(".decoder."))
            cache[name] = outputs[name.replace("past_key_values", "present")] as Tensor;
        }
        return true;
      };

      let isGoingOn = await check();
      while (isGoingOn && tokens.length < limit) {
        guess = findContinuation(draft, tokens.slice(prefix.length)).slice(0, limit - tokens.length);
        const isWorthChecking = guess.length >= worthChecking && checkCount < maxChecks;
        isGoingOn = isWorthChecking ? await check() : await step();
        if (stepCount % stepsBetweenCheckpoints === 0) await checkpoint();
      }
      // A loop is what an answer that does not end may be; one that ends is what somebody said again and again.
      const cut = isGoingOn ? findLoopCut(tokens) : undefined;
      if (cut !== undefined) tokens.length = Math.max(cut, prefix.length);
      return { tokens, checkedCount, stepCount };
    },
  };
}

/** For each row of [1, rows, vocabulary] from `firstRow` on the index of its largest value. */
function argmaxRows(logits: Tensor, firstRow: number): number[] {
  const [, rows = 0, vocabulary = 0] = logits.dims;
  const data = logits.data as Float32Array;
  return Array.from({ length: rows - firstRow }, (_, row) => {
    const start = (firstRow + row) * vocabulary;
    let best = 0;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < vocabulary; i++) {
      const value = data[start + i] as number;
      if (value > bestValue) {
        bestValue = value;
        best = i;
      }
    }
    return best;
  });
}
