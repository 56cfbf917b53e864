// An ONNX decoder through @huggingface/transformers, from local files alone. A run of it blocks this process's thread, and
// between two runs messages come in: a cancel is heard with the next token.
import { basename, dirname, join } from "node:path";
import type { DynamicCache, Tensor as HubTensor } from "@huggingface/transformers";
import { cutSequence } from "./cut-sequence.ts";
import type { OnnxFolder } from "./onnx-folder.ts";
import type { TextModel } from "./text-model.ts";
import { createTokenPicker } from "./token-picker.ts";

export interface OnnxLoadParams {
  name: string;
  folder: OnnxFolder;
  threads: number;
  /** Most tokens of prompt and answer; the model's own limit is kept, too. */
  contextTokens: number;
}

/** Tokens that are read at once: a cancel waits for one such piece at most. */
const batchTokens = 128;

export async function loadOnnxModel(params: OnnxLoadParams): Promise<TextModel> {
  const { folder } = params;
  const hub = await import("@huggingface/transformers");
  const { env, AutoTokenizer, AutoModelForCausalLM, LogitsProcessor, StoppingCriteria, Tensor } = hub;
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = `${dirname(folder.folder)}/`;
  env.useFSCache = false;
  env.useBrowserCache = false;
  const id = basename(folder.folder);
  const tokenizer = await AutoTokenizer.from_pretrained(id, { local_files_only: true });
  const model = await AutoModelForCausalLM.from_pretrained(id, {
    dtype: folder.precision,
    device: "cpu",
    local_files_only: true,
    model_file_name: folder.fileName,
    use_external_data_format: folder.externalDataCount,
    session_options: { intraOpNumThreads: params.threads, interOpNumThreads: 1, logSeverityLevel: 3 },
  });
  const windowTokens = Math.min(params.contextTokens, folder.trainedTokens ?? params.contextTokens);
  const ends =
    model.generation_config?.eos_token_id ?? (model.config as { eos_token_id?: unknown }).eos_token_id;
  const endTokens = new Set([ends].flat().map(Number));
  // Graphs of old exports take one token after what they know, and no more: those read every prompt anew, in one piece.
  let canContinue = true;
  // What the last reply left of its conversation.
  let cache: { tokens: readonly number[]; entries: DynamicCache } | undefined;

  const toTensor = (tokens: readonly number[]): HubTensor =>
    new Tensor("int64", BigInt64Array.from(tokens, BigInt), [1, tokens.length]);

  /** What was read before and begins `prompt`, without its last token: that one is to have a successor. */
  const reuse = (prompt: readonly number[]): typeof cache => {
    if (!cache) return undefined;
    let length = 0;
    while (length < prompt.length - 1 && cache.tokens[length] === prompt[length]) length += 1;
    if (length === 0) return undefined;
    if (length === cache.tokens.length) return cache;
    const cut: Record<string, HubTensor> = {};
    for (const [name, tensor] of Object.entries(cache.entries as unknown as Record<string, HubTensor>)) {
      // States of recurrent layers are no list of tokens that could be cut.
      if (!name.startsWith("past_key_values.") || tensor.dims.at(-2) !== cache.tokens.length)
        return undefined;
      const { data, dims } = cutSequence(tensor.data as Float32Array, tensor.dims, length);
      cut[name] = new Tensor(tensor.type, data, dims);
    }
    return { tokens: prompt.slice(0, length), entries: new hub.DynamicCache(cut) };
  };

  /** Runs the tokens that are not in `known`, and then for up to `maxTokens`. */
  const run = async (
    tokens: readonly number[],
    known: typeof cache,
    maxTokens: number,
    pick: (logits: Float32Array) => number,
    isOver: () => boolean,
  ): Promise<void> => {
    class Choice extends LogitsProcessor {
      override _call(_ids: bigint[][], logits: HubTensor): HubTensor {
        const scores = logits.data as Float32Array;
        const token = pick(scores);
        scores.fill(Number.NEGATIVE_INFINITY);
        scores[token] = 0;
        return logits;
      }
    }
    class End extends StoppingCriteria {
      override _call(ids: number[][]): boolean[] {
        return ids.map(() => isOver());
      }
    }
    const choices = new hub.LogitsProcessorList();
    choices.push(new Choice());
    // Nothing is held while the library changes it in place: a failed run leaves no half read cache.
    cache = undefined;
    const result = (await model.generate({
      inputs: toTensor(tokens),
      attention_mask: new Tensor("int64", new BigInt64Array(tokens.length).fill(1n), [1, tokens.length]),
      ...(known && { past_key_values: known.entries }),
      max_new_tokens: maxTokens,
      do_sample: false,
      logits_processor: choices,
      stopping_criteria: [new End()],
      return_dict_in_generate: true,
    })) as { sequences: HubTensor; past_key_values: DynamicCache };
    const read = Array.from(result.sequences.data as BigInt64Array, Number);
    cache = { tokens: read.slice(0, -1), entries: result.past_key_values };
  };

  /** All but the last of the prompt's pieces, with what of it is known. */
  const readAhead = async (
    prompt: readonly number[],
    checkpoint: () => Promise<void>,
  ): Promise<typeof cache> => {
    if (!canContinue) return undefined;
    let known = reuse(prompt);
    for (;;) {
      const end = (known?.tokens.length ?? 0) + batchTokens;
      if (end >= prompt.length) return known;
      await run(
        prompt.slice(0, end),
        known,
        1,
        () => 0,
        () => true,
      );
      known = cache;
      await checkpoint();
    }
  };

  return {
    windowTokens,
    template: await readTemplate(folder.folder),
    beginToken: textOf(tokenizer, "bos_token"),
    endToken: textOf(tokenizer, "eos_token"),
    detail: `${params.name}: ONNX ${folder.precision}, ${windowTokens} tokens, CPU`,
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }),
    // The library refuses an empty list.
    decode: (tokens) =>
      tokens.length === 0 ? "" : tokenizer.decode([...tokens], { skip_special_tokens: true }),
    async generate(prompt, sampling, { signal, checkpoint, onToken }) {
      const pick = createTokenPicker(sampling);
      let count = 0;
      let ending: "stop" | "length" | undefined;
      const choose = (logits: Float32Array): number => {
        const token = pick(logits);
        if (endTokens.has(token)) ending = "stop";
        else {
          count += 1;
          if (!onToken(token)) ending = "stop";
          else if (count >= sampling.maxTokens) ending = "length";
        }
        return token;
      };
      const write = async (known: typeof cache): Promise<void> =>
        run(prompt, known, sampling.maxTokens, choose, () => ending !== undefined || signal.aborted);

      try {
        await write(await readAhead(prompt, checkpoint));
      } catch (error) {
        if (!canContinue || signal.aborted || count > 0) throw error;
        canContinue = false;
        await write(undefined);
      }
      return ending ?? "stop";
    },
  };
}

function textOf(tokenizer: object, field: "bos_token" | "eos_token"): string {
  const value = (tokenizer as Record<string, unknown>)[field];
  return typeof value === "string" ? value : "";
}

/** Newer models keep the template in a file of its own, older ones in the tokenizer's configuration, some several by name. */
async function readTemplate(folder: string): Promise<string | undefined> {
  const own = Bun.file(join(folder, "chat_template.jinja"));
  if (await own.exists()) return own.text();
  const config = (await Bun.file(join(folder, "tokenizer_config.json"))
    .json()
    .catch(() => ({}))) as { chat_template?: unknown };
  const given = config.chat_template;
  if (typeof given === "string") return given;
  if (!Array.isArray(given)) return undefined;
  const named = given as { name?: unknown; template?: unknown }[];
  const found = named.find(({ name }) => name === "tool_use") ?? named.find(({ name }) => name === "default");
  return typeof found?.template === "string" ? found.template : undefined;
}
