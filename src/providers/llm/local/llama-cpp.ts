// node-llama-cpp, as far as it is used here. It is no dependency of this program (docs/decisions/0040): it is looked for
// when it is needed, and these types stand in for its own.
import { join } from "node:path";
import { AppError } from "../../../base/errors.ts";

export interface LlamaCpp {
  getLlama(options: {
    gpu: "auto" | false;
    build: "never";
    usePrebuiltBinaries: true;
    skipDownload: true;
    progressLogs: false;
    logLevel: "error";
    maxThreads: number;
  }): Promise<Llama>;
}
export interface Llama {
  readonly gpu: string | false;
  loadModel(options: { modelPath: string }): Promise<LlamaModel>;
}
export interface LlamaModel {
  readonly trainContextSize: number;
  readonly gpuLayers: number;
  readonly fileInfo: { metadata: { tokenizer?: { chat_template?: unknown } } };
  readonly typeDescription: string;
  readonly tokens: {
    readonly bos: number | null;
    readonly bosString: string | null;
    readonly eosString: string | null;
    readonly shouldPrependBosToken: boolean;
  };
  tokenize(text: string, specialTokens: boolean): number[];
  detokenize(tokens: readonly number[], specialTokens: boolean): string;
  isEogToken(token: number): boolean;
  createContext(options: {
    contextSize: number;
    batchSize: number;
    threads: number;
  }): Promise<{ readonly contextSize: number; getSequence(): LlamaSequence }>;
}
export interface LlamaSequence {
  /** Tokens that it holds. */
  readonly nextTokenIndex: number;
  /** Forgets what does not agree with `tokens`. */
  adaptStateToTokens(tokens: readonly number[], allowShift: boolean): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: readonly number[]): Promise<void>;
  evaluate(
    tokens: readonly number[],
    options: { temperature: number; topP: number; minP: number; seed?: number },
  ): AsyncIterable<number>;
}

export const installCommand = "bun add node-llama-cpp";

/** Where its module lies, looked for from `folder` (default: from here) as imports are; undefined: not installed. */
export function findLlamaCpp(folder: string | undefined): string | undefined {
  for (const from of folder === undefined ? [import.meta.dir, process.cwd()] : [folder]) {
    try {
      return Bun.resolveSync("node-llama-cpp", join(from, "."));
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Throws E_COMPAT when there is no binary for this machine; never downloads or builds one. */
export async function loadLlamaCpp(
  modulePath: string,
  options: { gpu: "auto" | false; threads: number },
): Promise<Llama> {
  const library = (await import(modulePath)) as LlamaCpp;
  try {
    return await library.getLlama({
      gpu: options.gpu,
      build: "never",
      usePrebuiltBinaries: true,
      skipDownload: true,
      progressLogs: false,
      logLevel: "error",
      maxThreads: options.threads,
    });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new AppError(
      "E_COMPAT",
      `node-llama-cpp has no binary for this machine (${said}); ${installCommand} brings those there are, an ONNX model needs none`,
    );
  }
}
