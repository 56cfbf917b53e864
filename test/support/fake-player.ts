// The page's loudspeaker without a loudspeaker: keeps what it was given, and has heard as much as the test says.
import { concatPcm } from "../../src/audio/pcm.ts";
import { resample } from "../../src/audio/resample.ts";
import type { Player, PlayerOptions } from "../../src/web/player.ts";
import { hearTones } from "./fake-engines/tone-language.ts";

export interface FakePlayer extends Player {
  /** Set it to how much of each item has been heard. */
  heard: number;
  /** The words in all the sound that it was given. */
  words(): string;
  /** Everything has been heard. */
  playOut(): void;
  readonly stops: number;
  readonly isClosed: boolean;
}

export function createFakePlayer({ onQueue }: Partial<PlayerOptions> = {}): FakePlayer {
  const chunks: Float32Array[] = [];
  let items: string[] = [];
  let stops = 0;
  let isClosed = false;
  const setItems = (next: string[]): void => {
    const isSame = next.join() === items.join();
    items = next;
    if (!isSame) onQueue?.(items);
  };
  const player: FakePlayer = {
    heard: 0,
    get stops() {
      return stops;
    },
    get isClosed() {
      return isClosed;
    },
    words: () => hearTones(resample(concatPcm(chunks), { fromHz: 24_000, toHz: 16_000 })).join(" "),
    playOut: () => setItems([]),
    unlock: () => Promise.resolve(),
    play(itemId, samples) {
      chunks.push(samples);
      if (!items.includes(itemId)) setItems([...items, itemId]);
    },
    queue: () => items.map((itemId) => ({ itemId, heardMs: player.heard })),
    heardMs: () => player.heard,
    stop() {
      stops++;
      setItems([]);
    },
    mouth: () => ({ open: 0, wide: 0 }),
    setMuted: () => undefined,
    close: () => void (isClosed = true),
  };
  return player;
}
