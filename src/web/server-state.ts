// What the server says of itself, live: the cast, the engines, the downloads (GET /v1/events).
import { useEffect, useReducer } from "preact/hooks";
import type { FaceWish } from "./face-design.ts";

export interface LoadError {
  file: string;
  message: string;
  line?: number;
}

export interface CharacterRecord {
  name: string;
  file: string;
  status: "ready" | "stale" | "quarantined";
  voice: {
    provider: string;
    voice: string | null;
    status: "ready" | "stand-in" | "loading";
    reason?: string;
  };
  instructions: { type: string; language: string | null };
  metadata: { color?: string; tagline?: string; face?: FaceWish };
  tools: string[];
  error?: LoadError;
}

interface WireDownload {
  asset: string;
  phase: string;
  done_bytes: number;
  total_bytes: number | null;
  bytes_per_second: number;
}

export interface Download {
  asset: string;
  phase: string;
  doneBytes: number;
  totalBytes: number | null;
  bytesPerSecond: number;
  error?: string;
}

export interface Part {
  isUp: boolean;
  isComing: boolean;
  text: string;
  detail: string;
}

interface Engine {
  part: "tts" | "asr" | "vad";
  provider: string;
  state: string;
  detail: string | null;
}

export interface ServerState {
  isConnected: boolean;
  characters: readonly CharacterRecord[];
  errors: readonly LoadError[];
  parts: { tts: Part; stt: Part; llm: Part };
  downloads: readonly Download[];
}

export type FeedEvent =
  | {
      type: "snapshot";
      reply: { is_up: boolean; source: string; model: string | null };
      engines: Engine[];
      assets: WireDownload[];
      characters: CharacterRecord[];
      errors: LoadError[];
    }
  | {
      type: "characters-change";
      added: CharacterRecord[];
      changed: CharacterRecord[];
      removed: string[];
      errors: LoadError[];
    }
  | { type: "engine-state"; engines: Engine[] }
  | ({ type: "asset-progress" } & WireDownload)
  | { type: "asset-phase-start"; asset: string; phase: string }
  | { type: "asset-download-end"; asset: string }
  | { type: "asset-download-fail"; asset: string; message: string }
  | { type: "tool-run" }
  | { type: "connection"; isConnected: boolean };

const unknownPart: Part = { isUp: false, isComing: true, text: "…", detail: "not known yet" };

export const initialServerState: ServerState = {
  isConnected: true,
  characters: [],
  errors: [],
  parts: { tts: unknownPart, stt: unknownPart, llm: unknownPart },
  downloads: [],
};

export function reduceServerState(state: ServerState, event: FeedEvent): ServerState {
  switch (event.type) {
    case "connection":
      return { ...state, isConnected: event.isConnected };
    case "snapshot": {
      const { reply } = event;
      const llm: Part = reply.is_up
        ? {
            isUp: true,
            isComing: false,
            text: reply.model ?? reply.source,
            detail: `a language model from ${reply.source}`,
          }
        : {
            isUp: true,
            isComing: false,
            text: "scripted",
            detail: "no language model: characters answer in code",
          };
      return {
        isConnected: true,
        characters: sortByFile(event.characters),
        errors: event.errors,
        parts: { ...state.parts, ...describeEngines(event.engines), llm },
        downloads: event.assets.map(decodeDownload),
      };
    }
    case "characters-change": {
      const news = [...event.added, ...event.changed];
      const isOld = ({ name }: CharacterRecord): boolean =>
        !event.removed.includes(name) && !news.some((entry) => entry.name === name);
      return {
        ...state,
        characters: sortByFile([...state.characters.filter(isOld), ...news]),
        errors: event.errors,
      };
    }
    case "engine-state":
      return { ...state, parts: { ...state.parts, ...describeEngines(event.engines) } };
    case "asset-progress":
      return withDownload(state, decodeDownload(event));
    case "asset-phase-start": {
      const known = state.downloads.find((download) => download.asset === event.asset);
      // A hit passes its phases in a blink; only what is really on its way gets a row.
      if (!known && event.phase !== "download") return state;
      const fresh = { asset: event.asset, doneBytes: 0, totalBytes: null, bytesPerSecond: 0 };
      return withDownload(state, { ...fresh, ...known, phase: event.phase });
    }
    case "asset-download-end":
      return { ...state, downloads: state.downloads.filter((download) => download.asset !== event.asset) };
    case "asset-download-fail": {
      const fresh = { asset: event.asset, phase: "", doneBytes: 0, totalBytes: null, bytesPerSecond: 0 };
      return withDownload(state, { ...fresh, error: event.message });
    }
    default:
      return state;
  }
}

const sortByFile = (characters: readonly CharacterRecord[]): CharacterRecord[] =>
  [...characters].sort((a, b) => (a.file < b.file ? -1 : 1));

const decodeDownload = (wire: WireDownload): Download => ({
  asset: wire.asset,
  phase: wire.phase,
  doneBytes: wire.done_bytes,
  totalBytes: wire.total_bytes,
  bytesPerSecond: wire.bytes_per_second,
});

function withDownload(state: ServerState, download: Download): ServerState {
  const index = state.downloads.findIndex((entry) => entry.asset === download.asset);
  const downloads = index < 0 ? [...state.downloads, download] : state.downloads.with(index, download);
  return { ...state, downloads };
}

function describeEngines(engines: readonly Engine[]): { tts: Part; stt: Part } {
  const describe = (part: Engine["part"]): Part => {
    const engine = engines.find((entry) => entry.part === part);
    if (!engine) return unknownPart;
    const isUp = engine.state === "ready";
    const isComing = engine.state === "loading";
    return {
      isUp,
      isComing,
      text: isUp ? engine.provider : engine.state,
      detail: engine.detail ?? engine.provider,
    };
  };
  return { tts: describe("tts"), stt: describe("asr") };
}

/** The feed, kept open: an EventSource comes back by itself, and begins with a snapshot again. */
export function useServerState(): ServerState {
  const [state, dispatch] = useReducer(reduceServerState, initialServerState);
  useEffect(() => {
    const source = new EventSource("/v1/events");
    source.addEventListener("message", (message: MessageEvent<string>) =>
      dispatch(JSON.parse(message.data) as FeedEvent),
    );
    source.addEventListener("error", () => dispatch({ type: "connection", isConnected: false }));
    return () => source.close();
  }, []);
  return state;
}
