// `ensure`: the models that this system begins with, by name.
import type { Providers } from "../../assets/provider/port.ts";
import { throwIfAborted } from "../../base/deadline.ts";
import { AppError } from "../../base/errors.ts";
import type { ModelLibrary } from "../model-library.ts";
import type { ModelWorld } from "../world.ts";
import { ensureBasicClassifier } from "./basic-classifier.ts";
import { ensureTinyLlama, type TinyLlamaOptions } from "./tiny-llama.ts";

export interface EnsureRequest {
  kokoro?: boolean | undefined;
  moonshine?: boolean | undefined;
  /** A size, or true for the one in use. */
  whisper?: string | boolean | undefined;
  silero?: boolean | undefined;
  wakeword?: boolean | undefined;
  distilbert?: boolean | undefined;
  tinyllama?: boolean | undefined;
  basicCls?: boolean | undefined;
  spacy?: boolean | undefined;
  /** What a voice session needs by default: kokoro, moonshine, silero and the small classifier. */
  allDefaults?: boolean | undefined;
  /** `KIND.NAME` or `KIND.NAME:MODEL`. */
  providers?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
}

export interface EnsureOperation {
  name: string;
  status: "installed" | "present" | "skipped";
  path?: string;
  reason?: string;
}

export interface BaselineDependencies
  extends Pick<ModelWorld, "store" | "registry" | "clock" | "modelsRoot"> {
  library: Pick<ModelLibrary, "download">;
  providers: Pick<Providers, "list" | "ensureModel">;
}

export type EnsureBaselines = (request: EnsureRequest) => Promise<EnsureOperation[]>;

/** E_ARGS when nothing is named; the first failure ends it, with what was done until then in `details.operations`. */
export function createEnsureBaselines(
  world: BaselineDependencies,
  tinyLlama: TinyLlamaOptions,
): EnsureBaselines {
  return async (request) => {
    const steps = listSteps(world, tinyLlama, request);
    if (steps.length === 0) {
      throw new AppError(
        "E_ARGS",
        "say what to bring: --all-defaults, or some of --kokoro --moonshine --whisper --silero --wakeword --distilbert --tinyllama --basic-cls --spacy --provider KIND.NAME",
      );
    }
    const operations: EnsureOperation[] = [];
    for (const step of steps) {
      throwIfAborted(request.signal);
      try {
        operations.push(...(await step()));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        throw new AppError(error.code, error.message, { ...error.details, operations }, error);
      }
    }
    return operations;
  };
}

type Step = () => Promise<EnsureOperation[]>;

function listSteps(world: BaselineDependencies, tinyLlama: TinyLlamaOptions, request: EnsureRequest): Step[] {
  const { signal, allDefaults = false, whisper } = request;
  const wants = (flag: boolean | undefined, isDefault = false): boolean =>
    flag === true || (isDefault && allDefaults);
  const steps: Step[] = [];
  const add = (isWanted: boolean, step: Step): void => void (isWanted && steps.push(step));
  add(wants(request.kokoro, true), () => ensureAllModels(world, "tts", "kokoro", signal));
  add(wants(request.moonshine, true), () => ensureModelInUse(world, "asr", "moonshine", signal));
  add(whisper !== undefined && whisper !== false, () =>
    typeof whisper === "string"
      ? ensureOne(world, "asr", "whisper", whisper, signal)
      : ensureModelInUse(world, "asr", "whisper", signal),
  );
  add(wants(request.silero, true), () => ensureAllModels(world, "vad", "silero", signal));
  add(wants(request.wakeword), () => ensureWakeWord(world, signal));
  add(wants(request.distilbert), () => ensureDistilbert(world, signal));
  add(wants(request.tinyllama), async () => [
    describe("tinyllama", await ensureTinyLlama(world, tinyLlama, signal)),
  ]);
  add(wants(request.basicCls, true), async () => [describe("basic_cls", await ensureBasicClassifier(world))]);
  add(wants(request.spacy), () => reportLanguagePipeline(world));
  for (const provider of request.providers ?? []) {
    steps.push(() => ensureProvider(world, provider, signal));
  }
  return steps;
}

const describe = (name: string, { path, isNew }: { path: string; isNew: boolean }): EnsureOperation => ({
  name,
  status: isNew ? "installed" : "present",
  path,
});

async function findProvider({ providers }: BaselineDependencies, kind: string, id: string) {
  return (await providers.list()).find((candidate) => candidate.kind === kind && candidate.name === id);
}

/** All that the provider has: it needs each of them. */
async function ensureAllModels(
  world: BaselineDependencies,
  kind: string,
  id: string,
  signal: AbortSignal | undefined,
): Promise<EnsureOperation[]> {
  const models = (await findProvider(world, kind, id))?.models ?? [];
  const operations: EnsureOperation[] = [];
  for (const model of models) operations.push(...(await ensureOne(world, kind, id, model.id, signal)));
  return operations;
}

async function ensureModelInUse(
  world: BaselineDependencies,
  kind: string,
  id: string,
  signal: AbortSignal | undefined,
): Promise<EnsureOperation[]> {
  const provider = await findProvider(world, kind, id);
  const model = provider?.modelInUse ?? provider?.models[0]?.id;
  if (model !== undefined) return ensureOne(world, kind, id, model, signal);
  return [{ name: id, status: "skipped", reason: `there is no model of ${kind}.${id}` }];
}

async function ensureOne(
  { providers }: BaselineDependencies,
  kind: string,
  id: string,
  model: string,
  signal: AbortSignal | undefined,
): Promise<EnsureOperation[]> {
  const name = `${kind}.${id}:${model}`;
  const known = (await providers.list()).find(
    (candidate) => candidate.kind === kind && candidate.name === id,
  );
  const wasThere =
    known?.models.some((candidate) => candidate.id === model && candidate.isInstalled) ?? false;
  const path = await providers.ensureModel(`${kind}.${id}`, model, { signal });
  if (path === null) {
    return [{ name, status: "skipped", reason: "its own library brings it when it is first used" }];
  }
  return [{ name, status: wasThere ? "present" : "installed", path }];
}

/** Splits `KIND.NAME:MODEL`. */
async function ensureProvider(
  world: BaselineDependencies,
  text: string,
  signal: AbortSignal | undefined,
): Promise<EnsureOperation[]> {
  const [, kind, id, model] = /^([\w-]+)\.([\w-]+)(?::(.+))?$/.exec(text) ?? [];
  if (kind === undefined || id === undefined) {
    throw new AppError("E_ARGS", `"${text}" is no provider; it looks like asr.whisper or asr.whisper:base`, {
      provider: text,
    });
  }
  if (model !== undefined) return ensureOne(world, kind, id, model, signal);
  if (!(await findProvider(world, kind, id))) {
    throw new AppError(
      "E_NOT_FOUND",
      `there is no provider ${kind}.${id}; \`troupe providers list\` lists them`,
      {
        provider: text,
      },
    );
  }
  return ensureModelInUse(world, kind, id, signal);
}

async function ensureWakeWord(
  world: BaselineDependencies,
  signal: AbortSignal | undefined,
): Promise<EnsureOperation[]> {
  const id = "openwakeword";
  if (await findProvider(world, "voice_trigger", id))
    return ensureAllModels(world, "voice_trigger", id, signal);
  const reason = "the phrase is found in the running transcript, which needs no model of its own";
  return [{ name: "wakeword", status: "skipped", reason }];
}

async function ensureDistilbert(
  { library }: BaselineDependencies,
  signal: AbortSignal | undefined,
): Promise<EnsureOperation[]> {
  const outcome = await library.download({ modelId: "distilbert-base-uncased", signal });
  const isNew = outcome.downloadedBytes + outcome.resumedBytes > 0;
  return [describe("distilbert", { path: outcome.installPath, isNew })];
}

/** A package of this program's, not a model on disk: there, or to be added. */
async function reportLanguagePipeline(world: BaselineDependencies): Promise<EnsureOperation[]> {
  const name = "spacy";
  const provider = await findProvider(world, "nlu", name);
  if (provider?.state === "ready") {
    return [{ name, status: "present", reason: `the language pipeline is ${provider.title}` }];
  }
  const why = provider?.reason ?? "this build has no nlu.spacy provider";
  const reason = `${why}; add a package with an nlu provider to the project and enable it in troupe.toml`;
  return [{ name, status: "skipped", reason }];
}
