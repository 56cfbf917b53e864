// What is being fetched and loaded right now, gathered from the events: for the page, and for the 503 that says what is
// still missing.
import type { AssetEvent } from "../assets/port.ts";
import type { AnyEvent, EventHub } from "../base/events.ts";
import type { ProviderState } from "../speech/ports.ts";
import type { SpeechSystem } from "../speech/provider.ts";

export interface AssetActivity {
  asset: string;
  phase: string;
  done_bytes: number;
  total_bytes: number | null;
  bytes_per_second: number;
}

export interface EngineStatus {
  part: "tts" | "asr" | "vad";
  provider: string;
  state: ProviderState["state"];
  /** What it waits for, why it cannot run, or what it says of itself while it works. */
  detail: string | null;
}

export interface LiveState extends Disposable {
  /** Assets on their way, in order of their start. */
  assets(): readonly AssetActivity[];
  engines(): readonly EngineStatus[];
  /** One line on what a part still waits for; undefined when it is ready. */
  describeMissing(part: EngineStatus["part"]): string | undefined;
}

export function createLiveState(events: EventHub<AnyEvent>, speech: SpeechSystem): LiveState {
  const assets = new Map<string, AssetActivity>();
  const subscription = events.subscribe((event) => applyAssetEvent(assets, event as AssetEvent));

  const engines = (): EngineStatus[] => {
    const status = speech.status();
    return (["tts", "asr", "vad"] as const).map((part) => {
      const { provider, state } = status[part];
      return { part, provider, state: state.state, detail: detailOf(state) };
    });
  };

  return {
    assets: () => [...assets.values()],
    engines,
    describeMissing(part) {
      const engine = engines().find((entry) => entry.part === part);
      if (!engine || engine.state === "ready") return undefined;
      const waits = [...assets.values()].map(describeActivity);
      const what = engine.detail ?? engine.state;
      return `${engine.provider}: ${what}${waits.length > 0 ? ` (on its way: ${waits.join(", ")})` : ""}`;
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}

/** Asset names come from the catalogue, and each entry goes with its asset's end: the map stays small. */
function applyAssetEvent(assets: Map<string, AssetActivity>, event: AssetEvent): void {
  switch (event.type) {
    case "asset-phase-start":
      // A hit passes the phases before the download too, and ends without a word.
      if (event.phase !== "download" && !assets.has(event.asset)) break;
      assets.set(event.asset, {
        asset: event.asset,
        done_bytes: 0,
        total_bytes: null,
        bytes_per_second: 0,
        ...assets.get(event.asset),
        phase: event.phase,
      });
      break;
    case "asset-progress":
      assets.set(event.asset, encodeProgress(event));
      break;
    case "asset-download-end":
    case "asset-download-fail":
      assets.delete(event.asset);
      break;
    default:
  }
}

export const encodeProgress = (event: Extract<AssetEvent, { type: "asset-progress" }>): AssetActivity => ({
  asset: event.asset,
  phase: event.phase,
  done_bytes: event.doneBytes,
  total_bytes: event.totalBytes,
  bytes_per_second: Math.round(event.bytesPerSecond),
});

function detailOf(state: ProviderState): string | null {
  if (state.state === "ready") return state.note ?? null;
  return state.state === "loading" ? state.detail : state.reason;
}

function describeActivity({ asset, phase, done_bytes, total_bytes }: AssetActivity): string {
  const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  if (total_bytes === null || done_bytes === 0) return `${asset}, ${phase}`;
  return `${asset}, ${megabytes(done_bytes)} of ${megabytes(total_bytes)} MiB`;
}
