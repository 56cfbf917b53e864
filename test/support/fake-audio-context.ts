// The part of Web Audio that plays sound, without a loudspeaker: its clock stands until the test moves it.

export interface FakeSource {
  samples: number;
  startSeconds: number;
  /** Undefined while nobody has stopped it. */
  stopSeconds: number | undefined;
  /** Each source goes through one: what was cut goes through another than what came after. */
  fader: unknown;
}

export interface FakeAudio extends Disposable {
  readonly sources: readonly FakeSource[];
  /** 0 when it is muted. */
  readonly volume: number;
  /** Lets time pass; what has come to its end says so. */
  advance(seconds: number): void;
  setState(state: "running" | "suspended"): void;
  /** Of the way to the loudspeaker. */
  latencySeconds: number | undefined;
  readonly isClosed: boolean;
}

/** Takes the place of `AudioContext` until it is disposed of. One context at a time. */
export function installFakeAudio(): FakeAudio {
  const sources: (FakeSource & { end: () => void; isOver: boolean })[] = [];
  const gains: { gain: { value: number } }[] = [];
  let nowSeconds = 0;
  let state: "running" | "suspended" | "closed" = "suspended";
  let latencySeconds: number | undefined;
  let onState = (): void => undefined;

  const connectable = <T extends object>(node: T) => ({
    ...node,
    connect: <N>(target: N): N => target,
  });
  class FakeContext {
    destination = {};
    get currentTime(): number {
      return nowSeconds;
    }
    get state(): string {
      return state;
    }
    get outputLatency(): number | undefined {
      return latencySeconds;
    }
    addEventListener(_type: string, listener: () => void): void {
      onState = listener;
    }
    async resume(): Promise<void> {
      state = "running";
      onState();
    }
    async close(): Promise<void> {
      state = "closed";
    }
    createAnalyser() {
      return connectable({ fftSize: 0, getFloatTimeDomainData: (wave: Float32Array) => wave.fill(0.5) });
    }
    createGain() {
      const node = connectable({ gain: { value: 1, setTargetAtTime: () => undefined } });
      gains.push(node);
      return node;
    }
    createBuffer(_channels: number, samples: number, rateHz: number) {
      return { samples, duration: samples / rateHz, copyToChannel: () => undefined };
    }
    createBufferSource() {
      let buffer = { samples: 0, duration: 0 };
      let fader: unknown;
      let listener = (): void => undefined;
      let own: (FakeSource & { end: () => void; isOver: boolean }) | undefined;
      return {
        set buffer(next: typeof buffer) {
          buffer = next;
        },
        connect: (target: unknown) => (fader = target),
        addEventListener: (_type: string, next: () => void) => (listener = next),
        start(startSeconds: number) {
          own = {
            samples: buffer.samples,
            startSeconds,
            stopSeconds: undefined,
            fader,
            isOver: false,
            end: () => listener(),
          };
          sources.push(own);
        },
        stop(seconds: number) {
          if (own) own.stopSeconds = seconds;
        },
      };
    }
  }
  const own = Object.getOwnPropertyDescriptor(globalThis, "AudioContext");
  Object.defineProperty(globalThis, "AudioContext", { configurable: true, value: FakeContext });

  return {
    sources,
    get volume() {
      return gains[0]?.gain.value ?? 0;
    },
    advance(seconds) {
      nowSeconds += seconds;
      for (const source of sources) {
        const endSeconds = source.stopSeconds ?? source.startSeconds + source.samples / 24_000;
        if (source.isOver || endSeconds > nowSeconds) continue;
        source.isOver = true;
        source.end();
      }
    },
    setState(next) {
      state = next;
      onState();
    },
    get latencySeconds() {
      return latencySeconds;
    },
    set latencySeconds(next) {
      latencySeconds = next;
    },
    get isClosed() {
      return state === "closed";
    },
    [Symbol.dispose]() {
      if (own) Object.defineProperty(globalThis, "AudioContext", own);
      else Reflect.deleteProperty(globalThis, "AudioContext");
    },
  };
}
