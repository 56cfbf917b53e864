// What the routes need, made of stand-ins that a test can steer: a stage of hand-made characters, a synthesizer that makes
// tones, a recognizer that hears a given text, a language model that follows a script, and an asset store in memory.
import type { AssetEvent, AssetStatus, AssetStore, EnsureOptions } from "../../src/assets/port.ts";
import { systemClock } from "../../src/base/clock.ts";
import { abortReason, throwIfAborted } from "../../src/base/deadline.ts";
import { AppError } from "../../src/base/errors.ts";
import { createEventHub, type AnyEvent, type EventHub } from "../../src/base/events.ts";
import type {
  Character,
  CharacterBook,
  CharacterStage,
  LoadProblem,
  ReloadReport,
} from "../../src/characters/port.ts";
import type { ReplyEvent, ReplyModel, ReplyRequest } from "../../src/reply/port.ts";
import type { Services } from "../../src/server/services.ts";
import { createHubClient } from "../../src/models/hub/hub-client.ts";
import { createReplyAsCharacter } from "../../src/session/character-reply.ts";
import type {
  PartialTranscript,
  ProviderState,
  RecognizerOptions,
  SpeechRecognizer,
  SpeechSynthesizer,
  SynthesisChunk,
  SynthesisOptions,
  Transcript,
} from "../../src/speech/ports.ts";
import type { SpeechSystem } from "../../src/speech/provider.ts";

export function createFakeCharacter(name: string, changes: Partial<Character> = {}): Character {
  return {
    name,
    file: `${name.toLowerCase().replace(/\W+/g, "-")}.ts`,
    generation: 1,
    status: "ready",
    voiceSource: { source_type: "kokoro", voice: "af_heart" },
    instructions: { type: "smalltalk", language: "en" },
    metadata: { good: true, comment: "a comment" },
    tools: [],
    hasReply: false,
    makeSystemPrompt: async () => `You are ${name}.`,
    async *reply() {
      yield `I am ${name}.`;
    },
    callTool: async () => null,
    ...changes,
  };
}

export interface FakeStage extends CharacterStage {
  /** Swaps the book, as a save or a reload would. */
  setCast(characters: readonly Character[], problems?: readonly LoadProblem[]): void;
  reloads: number;
}

export function createFakeStage(characters: readonly Character[]): FakeStage {
  const listeners = new Set<(book: CharacterBook) => void>();
  const makeBook = (
    generation: number,
    cast: readonly Character[],
    problems: readonly LoadProblem[] = [],
  ): CharacterBook => ({
    generation,
    characters: cast,
    problems,
    find: (name) => cast.find((character) => character.name === name.trim().normalize("NFC")),
  });
  let book = makeBook(1, characters);
  const stage: FakeStage = {
    get book() {
      return book;
    },
    reloads: 0,
    async reload(): Promise<ReloadReport> {
      stage.reloads++;
      book = makeBook(book.generation + 1, book.characters, book.problems);
      return {
        generation: book.generation,
        total_files: book.characters.length + book.problems.length,
        loaded_count: book.characters.length,
        error_count: book.problems.length,
        load_duration_ms: 1.5,
        errors: book.problems,
      };
    },
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    setCast(cast, problems) {
      book = makeBook(book.generation + 1, cast, problems);
      for (const listener of listeners) listener(book);
    },
    async [Symbol.asyncDispose]() {},
  };
  return stage;
}

export interface SynthesisCall {
  text: string;
  options: SynthesisOptions;
}

export interface FakeSpeech extends SpeechSystem {
  setState(part: "tts" | "asr" | "vad", state: ProviderState): void;
  readonly synthesisCalls: SynthesisCall[];
  readonly recognizerCalls: RecognizerOptions[];
  /** Samples that the recognizer was given. */
  heardSamples: number;
  /** What the recognizer hears. */
  transcript: Transcript;
  partials: PartialTranscript[];
  /** Replaces the tones. */
  synthesize: (text: string, options: SynthesisOptions) => AsyncIterable<SynthesisChunk>;
}

/** One chunk of 100 ms of a 440 Hz tone for each word, at 24 kHz. */
export async function* synthesizeTones(
  text: string,
  options: SynthesisOptions,
): AsyncIterable<SynthesisChunk> {
  for (const word of text.split(/\s+/)) {
    throwIfAborted(options.signal);
    const pcm = Float32Array.from(
      { length: 2400 },
      (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / 24_000),
    );
    yield { pcm, sampleRateHz: 24_000, text: word, words: [{ text: word, startMs: 0, endMs: 100 }] };
  }
}

const fakeVoices = [
  { id: "af_heart", name: "Heart", language: "en-US", gender: "female" as const },
  { id: "am_michael", name: "Michael", language: "en-US", gender: "male" as const },
  { id: "ff_siwis", name: "Siwis", language: "fr-FR", gender: "female" as const },
];

export function createFakeSpeech(): FakeSpeech {
  const states: Record<"tts" | "asr" | "vad", ProviderState> = {
    tts: { state: "ready" },
    asr: { state: "ready" },
    vad: { state: "ready" },
  };
  const providers = { tts: "kokoro", asr: "moonshine", vad: "silero" };
  const requireReady = (part: "tts" | "asr" | "vad", provider: string | undefined): void => {
    if (provider !== undefined && provider !== providers[part]) {
      throw new AppError("E_NOT_FOUND", `there is no ${part} provider "${provider}"`);
    }
    const state = states[part];
    if (state.state === "loading")
      throw new AppError("E_BUSY", `${providers[part]} is loading: ${state.detail}`);
    if (state.state !== "ready") throw new AppError("E_COMPAT", `${providers[part]}: ${state.reason}`);
  };
  const synthesizer: SpeechSynthesizer = {
    id: "kokoro",
    capabilities: { streaming: true, wordTimes: true, cloning: false, languages: ["en", "fr"] },
    voices: () => fakeVoices,
    hasVoice: (voice) => voice.split("+").every((part) => fakeVoices.some(({ id }) => part.startsWith(id))),
    synthesize(text, options = {}) {
      speech.synthesisCalls.push({ text, options });
      return speech.synthesize(text, options);
    },
    async [Symbol.asyncDispose]() {},
  };
  const recognizer: SpeechRecognizer = {
    id: "moonshine",
    languages: ["en"],
    open(options = {}) {
      speech.recognizerCalls.push(options);
      return {
        push(pcm) {
          speech.heardSamples += pcm.length;
        },
        partials: (async function* () {
          yield* speech.partials;
        })(),
        finish: async () => speech.transcript,
        async [Symbol.asyncDispose]() {},
      };
    },
    async [Symbol.asyncDispose]() {},
  };
  const speech: FakeSpeech = {
    synthesisCalls: [],
    recognizerCalls: [],
    heardSamples: 0,
    transcript: { text: "Good evening.", language: "en", durationMs: 1000 },
    partials: [],
    synthesize: synthesizeTones,
    setState: (part, state) => void (states[part] = state),
    start: async () => undefined,
    status: () => ({
      tts: { provider: "kokoro", state: states.tts },
      asr: { provider: "moonshine", state: states.asr },
      vad: { provider: "silero", state: states.vad },
    }),
    async synthesizer(options) {
      requireReady("tts", options?.provider);
      return synthesizer;
    },
    async recognizer(options) {
      requireReady("asr", options?.provider);
      return recognizer;
    },
    detector: () => Promise.reject(new AppError("E_NOT_FOUND", "no detector here")),
    listProviders: async () => [
      { kind: "tts", id: "kokoro", title: "Kokoro", state: states.tts },
      { kind: "asr", id: "moonshine", title: "Moonshine", state: states.asr },
      {
        kind: "asr",
        id: "whisper",
        title: "Whisper",
        state: { state: "not-installed", reason: "no weights" },
      },
    ],
    async [Symbol.asyncDispose]() {},
  };
  return speech;
}

export type ReplyScript = (request: ReplyRequest) => AsyncIterable<ReplyEvent>;

/** Says `text` word by word. */
export const sayWords = (text: string): ReplyScript =>
  async function* ({ signal }) {
    for (const word of text.split(/(?<= )/)) {
      throwIfAborted(signal);
      yield { type: "text-delta", text: word };
    }
    yield { type: "finish", reason: "stop", usage: { inputTokens: 11, outputTokens: 7 } };
  };

/** Waits until `signal` aborts, and then throws as an upstream call would. */
export function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (!signal) return;
    if (signal.aborted) reject(abortReason(signal));
    signal.addEventListener("abort", () => reject(abortReason(signal)), { once: true });
  });
}

export interface FakeAssets extends AssetStore {
  rows: AssetStatus[];
  readonly ensureCalls: { name: string; options: EnsureOptions }[];
  /** Replaces the download. */
  download: (name: string, options: EnsureOptions) => Promise<void>;
}

export function createFakeAssets(emit: (event: AssetEvent) => void): FakeAssets {
  const find = (name: string): AssetStatus => {
    const row = assets.rows.find((entry) => entry.name === name);
    if (!row) throw new AppError("E_NOT_FOUND", `no asset is called ${name}`, { name });
    return row;
  };
  const assets: FakeAssets = {
    rows: [
      {
        name: "kokoro",
        version: "1.0",
        assetType: "model",
        sourceType: "hf",
        checksum: "sha256:00",
        status: "not cached",
        path: "/assets/kokoro",
        sizeBytes: 1000,
      },
    ],
    ensureCalls: [],
    async download(name) {
      emit({ type: "asset-phase-start", asset: name, phase: "download" });
      const progress = { asset: name, phase: "download" as const, totalBytes: 1000, bytesPerSecond: 5 };
      emit({ type: "asset-progress", doneBytes: 500, ...progress });
      emit({ type: "asset-progress", doneBytes: 1000, ...progress });
    },
    async ensure(name, options = {}) {
      const row = find(name);
      assets.ensureCalls.push({ name, options });
      await assets.download(name, options);
      row.status = "cached";
      const result = {
        name,
        path: row.path,
        fromCache: false,
        downloadedBytes: 1000,
        resumedBytes: 0,
        sourceType: row.sourceType,
      };
      emit({ type: "asset-download-end", asset: name, result });
      return result;
    },
    getPath: async (name) => find(name).path,
    list: async () => assets.rows,
    status: async (name) => find(name),
    verify: async (name) =>
      (name === undefined ? assets.rows : [find(name)]).map((row) => ({
        name: row.name,
        status: row.status === "cached" ? "ok" : "not cached",
        expected: row.checksum,
        found: row.status === "cached" ? row.checksum : null,
      })),
    async remove(name) {
      find(name).status = "not cached";
      return { freedBytes: 1000 };
    },
    cancel: async (name) => find(name).status === "partial",
    async clear() {
      const here = assets.rows.filter((row) => row.status === "cached");
      for (const row of here) row.status = "not cached";
      return { removed: here.map((row) => row.name), freedBytes: 1000 * here.length };
    },
  };
  return assets;
}

export interface FakeServices extends Services {
  stage: FakeStage;
  speech: FakeSpeech;
  assets: FakeAssets;
  events: EventHub<AnyEvent>;
  /** Every request that reached the language model. */
  readonly replyRequests: ReplyRequest[];
  /** What the language model says; undefined: there is none. */
  script: ReplyScript | undefined;
}

export function createFakeServices(changes: Partial<Services> = {}): FakeServices {
  const events = createEventHub<AnyEvent>();
  const model: ReplyModel = {
    id: "scripted",
    model: "script-1",
    reply(request) {
      services.replyRequests.push(request);
      return (services.script ?? sayWords("nothing"))(request);
    },
  };
  const replies: Services["replies"] = {
    current: () => (services.script ? model : undefined),
    status: () => ({ isUp: services.script !== undefined, source: "scripted", model: "script-1" }),
    probe: async () => replies.status(),
    async [Symbol.asyncDispose]() {},
  };
  const services: FakeServices = {
    version: "9.9.9",
    startedAt: new Date("2026-01-05T10:00:00Z"),
    stage: createFakeStage([createFakeCharacter("Gertrude"), createFakeCharacter("Quiz Host")]),
    speech: createFakeSpeech(),
    replies,
    replyAsCharacter: createReplyAsCharacter({ replies, clock: systemClock }),
    hub: createHubClient(
      { fetch, clock: systemClock },
      { endpoint: null, findToken: async () => null, isOffline: true },
    ),
    findInstallation: async () => null,
    modelsRoot: "/models",
    assets: createFakeAssets((event) => events.emit(event)),
    providers: {
      list: async () => [],
      modelPath: async (provider, modelId) => `/models/${provider}/${modelId}`,
      ensureModel: async () => null,
    },
    metrics: { contentType: "text/plain; version=0.0.4", render: async () => "up 1\n" },
    events,
    access: { apiKeys: [], allowedOrigins: [] },
    replyRequests: [],
    script: sayWords("Good evening, dear guest."),
    ...(changes as Partial<FakeServices>),
  };
  return services;
}
