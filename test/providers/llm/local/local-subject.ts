// A model of the tiny language behind the local provider, in one of its two formats, with its engine's events.
import { join } from "node:path";
import { createUseLocks } from "../../../../src/assets/registry/use-locks.ts";
import { systemClock } from "../../../../src/base/clock.ts";
import type { EngineEvent } from "../../../../src/base/engine.ts";
import { createEngine } from "../../../../src/base/engine-host.ts";
import { provider } from "../../../../src/providers/llm/local/index.ts";
import type { RoundEvent } from "../../../../src/reply/language-model.ts";
import type { LocalLanguageModel, LocalModelContext } from "../../../../src/reply/local-model.ts";
import type { ReplyMessage, ReplyRequest } from "../../../../src/reply/port.ts";
import { createEventRecorder, type EventRecorder } from "../../../support/event-recorder.ts";
import { buildGgufModel } from "../../../support/gguf-model.ts";
import { createTempFolder, type TempFolder } from "../../../support/temp-folder.ts";
import { writeTextGenerationModel } from "../../../support/text-generation-model.ts";

export interface ModelShape {
  template?: string | null;
  contextLength?: number;
  /** ONNX only. */
  isOneByOne?: boolean;
}

export interface ModelFormat {
  name: string;
  /** Writes the model `acme/tiny` below the models root. */
  write(root: TempFolder, shape?: ModelShape): Promise<void>;
  /** Of `[providers.llm.local]`. */
  settings: Readonly<Record<string, unknown>>;
}

export const ggufFormat = (libraryFolder: string): ModelFormat => ({
  name: "GGUF",
  async write(root, shape = {}) {
    await root.write("llama-cpp/acme/tiny/tiny-F32.gguf", buildGgufModel(shape));
  },
  settings: { library_folder: libraryFolder, gpu: "off" },
});

export const onnxFormat: ModelFormat = {
  name: "ONNX",
  async write(root, shape = {}) {
    await writeTextGenerationModel(join(root.path, "transformers/acme/tiny"), shape);
  },
  settings: {},
};

export interface LocalSubject extends AsyncDisposable {
  model: LocalLanguageModel;
  recorder: EventRecorder<EngineEvent>;
  root: TempFolder;
  /** Whether somebody who tidies must keep away from it. */
  isInUse(): Promise<boolean>;
  /** The pid of the engine's process. */
  readonly pid: number | undefined;
}

export async function openSubject(
  format: ModelFormat,
  options: { shape?: ModelShape; settings?: object; contextTokens?: number; model?: string } = {},
): Promise<LocalSubject> {
  await using stack = new AsyncDisposableStack();
  const root = stack.use(await createTempFolder());
  await format.write(root, options.shape);
  const recorder = createEventRecorder<EngineEvent>();
  const engines: ReturnType<typeof createEngine>[] = [];
  const locks = createUseLocks(root.path, { clock: systemClock });
  const context: LocalModelContext = {
    createEngine(engineOptions) {
      const engine = createEngine({ emit: recorder.emit }, engineOptions);
      engines.push(engine);
      return engine;
    },
    modelsRoot: root.path,
    // More would only wait for each other on a machine that is busy with other tests.
    threads: 1,
    contextTokens: options.contextTokens ?? 2048,
    settings: { ...format.settings, ...options.settings },
    holdModel: (id) => locks.hold(id),
  };
  const model = stack.use(
    await provider.open(context, {
      model: options.model ?? "acme/tiny",
      temperature: 0,
      maxOutputTokens: undefined,
    }),
  );
  const held = stack.move();
  return {
    model,
    recorder,
    root,
    isInUse: () => locks.isInUse("acme/tiny"),
    get pid() {
      return engines[0]?.pid;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

export const ask = (system: string, ...turns: string[]): Pick<ReplyRequest, "messages"> => ({
  messages: [
    { role: "system", content: system },
    ...turns.map(
      (content, index): ReplyMessage => ({ role: index % 2 === 0 ? "user" : "assistant", content }),
    ),
  ],
});

export async function replyOf(model: LocalLanguageModel, request: ReplyRequest): Promise<RoundEvent[]> {
  const events: RoundEvent[] = [];
  for await (const event of model.streamRound(request)) events.push(event);
  return events;
}

export const textOf = (events: readonly RoundEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");

export function finishOf(events: readonly RoundEvent[]): Extract<RoundEvent, { type: "finish" }> {
  const last = events.at(-1);
  if (last?.type !== "finish") throw new Error(`no finish but ${Bun.inspect(last)}`);
  return last;
}
