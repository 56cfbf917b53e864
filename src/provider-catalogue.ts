// Every provider by name, each imported when it is chosen and not before.
import type { LocalModelProvider } from "./reply/local-model.ts";
import type { ReplyProviderLoaders } from "./reply/server-model.ts";
import type { TurnDetector } from "./speech/ports.ts";
import type { ProviderCatalogue } from "./speech/provider.ts";

export const speechProviders: ProviderCatalogue = {
  tts: {
    kokoro: async () => (await import("./providers/tts/kokoro/index.ts")).kokoroProvider,
  },
  asr: {
    moonshine: async () => (await import("./providers/asr/moonshine/index.ts")).moonshineProvider,
    whisper: async () => (await import("./providers/asr/whisper/index.ts")).whisperProvider,
  },
  vad: {
    silero: async () => (await import("./providers/vad/silero/index.ts")).sileroProvider,
  },
  turn: {
    smart_turn: async () => (await import("./providers/turn/smart_turn/index.ts")).smartTurnProvider,
  },
};

export const replyProviders: ReplyProviderLoaders = {
  "openai-compatible": async () => (await import("./providers/llm/openai-compatible/index.ts")).provider,
  anthropic: async () => (await import("./providers/llm/anthropic/index.ts")).provider,
};

export async function loadLocalReplyProvider(): Promise<LocalModelProvider> {
  return (await import("./providers/llm/local/index.ts")).provider;
}

/** Small enough for the serving process: it has no engine of its own. */
export async function loadTurnDetector(): Promise<TurnDetector> {
  const { loadTranscriptTurnDetector } = await import("./providers/turn/transcript/index.ts");
  return await loadTranscriptTurnDetector();
}
