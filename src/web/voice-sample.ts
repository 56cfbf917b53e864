// Lets a character be heard before any talk: one sentence at a time, played while it is made.
import { createS16leDecoder } from "../audio/pcm.ts";
import { type Api, type ApiFailure, toApiFailure } from "./api.ts";
import { createStore } from "./create-store.ts";
import type { Player, PlayerOptions } from "./player.ts";

export interface SampleState {
  /** Who speaks, or is about to. */
  character: string | undefined;
  /** `coming`: asked for, and nothing has come yet. */
  phase: "silent" | "coming" | "speaking";
  failure: ApiFailure | undefined;
}

export interface VoiceSample {
  readonly state: SampleState;
  /** Calls `listener` after each change; gives what ends that. */
  subscribe(listener: () => void): () => void;
  /** Call it from a click, so that the browser lets sound out. Whoever spoke before falls silent. */
  say(character: string, text: string): void;
  stop(): void;
  /** Stops, and gives the loudspeaker back; it can speak again. */
  close(): void;
  readonly mouth: Player["mouth"];
}

export interface VoiceSampleDependencies {
  /** The one of now: it changes with the key. */
  api: () => Api;
  createPlayer: (options: PlayerOptions) => Player;
  /** Two do not speak at once. */
  silenceOthers: () => void;
}

/** Of one request for speech. */
const maxInputChars = 4096;

const silence: SampleState = { character: undefined, phase: "silent", failure: undefined };

export function createVoiceSample({
  api,
  createPlayer,
  silenceOthers,
}: VoiceSampleDependencies): VoiceSample {
  const store = createStore(silence);
  const { set } = store;
  let player: Player | undefined;
  let request: AbortController | undefined;
  let count = 0;

  const onQueue = (items: readonly string[]): void => {
    if (store.state.phase === "silent") return;
    if (items.length > 0) set({ phase: "speaking" });
    // More is to come as long as the request runs.
    else set(request ? { phase: "coming" } : silence);
  };
  const stop = (): void => {
    request?.abort();
    request = undefined;
    set(silence);
    player?.stop();
  };

  const play = async (character: string, text: string, own: AbortController, into: Player): Promise<void> => {
    const item = `sample-${count++}`;
    const body = { model: "tts-1", voice: character, input: text, response_format: "pcm" };
    try {
      const decoder = createS16leDecoder();
      for await (const bytes of api().read("/v1/audio/speech", {
        method: "POST",
        body,
        signal: own.signal,
      })) {
        if (own !== request) return;
        into.play(item, decoder.push(bytes));
      }
      if (own !== request) return;
      request = undefined;
      if (into.queue().length === 0) set(silence);
    } catch (error) {
      if (own !== request) return;
      request = undefined;
      into.stop();
      set({ ...silence, character, failure: toApiFailure(error) });
    }
  };

  return {
    get state() {
      return store.state;
    },
    subscribe: store.subscribe,
    say(character, text) {
      stop();
      silenceOthers();
      player ??= createPlayer({ onQueue, onBlocked: () => undefined });
      void player.unlock();
      request = new AbortController();
      set({ character, phase: "coming", failure: undefined });
      void play(character, text, request, player);
    },
    stop,
    close() {
      stop();
      player?.close();
      player = undefined;
    },
    mouth: () => player?.mouth() ?? { open: 0, wide: 0 },
  };
}

/** What a character says to let its voice be heard: its own greeting, or who it is. */
export function chooseSampleLine(character: {
  name: string;
  metadata: { greeting?: unknown };
  instructions: { language: string | null };
}): { text: string; isOwn: boolean } {
  const { name, metadata, instructions } = character;
  const own = typeof metadata.greeting === "string" ? metadata.greeting.trim() : "";
  if (own !== "") return { text: own.slice(0, maxInputChars), isOwn: true };
  const isFrench = instructions.language?.startsWith("fr") === true;
  return {
    text: isFrench ? `Bonjour, je m'appelle ${name}.` : `Hello, my name is ${name}.`,
    isOwn: false,
  };
}
