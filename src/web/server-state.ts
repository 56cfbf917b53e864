// What the server says of itself, live, as the page shows it: the cast, the engines, the downloads. A pure reducer over
// the events of GET /v1/events.
import type { FaceWish } from "./face-design.ts";
import { toSentence } from "./plain-words.ts";

export interface LoadError {
  file: string;
  message: string;
  stage?: string;
  error_type?: string;
  line?: number;
  column?: number;
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
  metadata: {
    color?: string;
    tagline?: string;
    greeting?: string;
    face?: FaceWish;
    [key: string]: unknown;
  };
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
  state: "up" | "coming" | "down";
  /** Two or three words. */
  text: string;
  /** A sentence. */
  detail: string;
}

interface Engine {
  part: "tts" | "asr" | "vad";
  provider: string;
  state: string;
  detail: string | null;
}

interface Reply {
  is_up: boolean;
  source: string;
  model: string | null;
  detail: string | null;
}

export interface ServerState {
  connection: "connecting" | "open" | "lost" | "refused";
  characters: readonly CharacterRecord[];
  errors: readonly LoadError[];
  /** `turns`: who notices that somebody has begun or ceased to speak; hands-free needs it. */
  parts: { voice: Part; ears: Part; turns: Part; words: Part };
  downloads: readonly Download[];
  /** The server can keep conversations beyond their sessions. */
  keepsConversations: boolean;
  /** Grows whenever what is on disk may have changed. */
  assetNews: number;
  /** Grows whenever a voice engine has come, and more is known of who speaks with which voice. */
  voiceNews: number;
}

export type FeedEvent =
  | {
      type: "snapshot";
      reply: Reply;
      engines: Engine[];
      assets: WireDownload[];
      keeps_conversations?: boolean;
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
  /** The page's own: records read again, when a voice has come. */
  | { type: "voices-read"; characters: readonly Pick<CharacterRecord, "name" | "file" | "voice">[] }
  | { type: "engine-state"; engines: Engine[] }
  | { type: "reply-change"; reply: Reply }
  | ({ type: "asset-progress" } & WireDownload)
  | { type: "asset-phase-start"; asset: string; phase: string }
  | { type: "asset-download-end"; asset: string }
  | { type: "asset-remove-end"; asset: string }
  | { type: "asset-download-fail"; asset: string; message: string; error_code?: string }
  | { type: "tool-run" }
  | { type: "connection"; connection: ServerState["connection"] };

const unknownPart: Part = { state: "coming", text: "…", detail: "Not known yet." };

export const initialServerState: ServerState = {
  connection: "connecting",
  characters: [],
  errors: [],
  parts: { voice: unknownPart, ears: unknownPart, turns: unknownPart, words: unknownPart },
  downloads: [],
  keepsConversations: false,
  assetNews: 0,
  voiceNews: 0,
};

export function reduceServerState(state: ServerState, event: FeedEvent): ServerState {
  switch (event.type) {
    case "connection":
      return {
        ...state,
        connection: event.connection,
        // How fast they come is not known now, and how long they take neither.
        downloads: state.downloads.map((download) => ({ ...download, bytesPerSecond: 0 })),
      };
    case "snapshot": {
      return {
        connection: "open",
        characters: sortByFile(event.characters),
        errors: event.errors,
        parts: { ...describeEngines(event.engines, state.parts), words: describeReply(event.reply) },
        downloads: event.assets.map(decodeDownload),
        keepsConversations: event.keeps_conversations ?? false,
        assetNews: state.assetNews + 1,
        voiceNews: state.voiceNews,
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
    case "voices-read":
      // Who is there, and how they are, the feed knows better: this answer may be older than its newest word.
      return {
        ...state,
        characters: state.characters.map((known) => {
          const read = event.characters.find(({ name, file }) => name === known.name && file === known.file);
          return read ? { ...known, voice: read.voice } : known;
        }),
      };
    case "engine-state": {
      const parts = { ...state.parts, ...describeEngines(event.engines, state.parts) };
      const hasCome = parts.voice.state === "up" && state.parts.voice.state !== "up";
      return { ...state, parts, voiceNews: state.voiceNews + (hasCome ? 1 : 0) };
    }
    case "reply-change":
      return { ...state, parts: { ...state.parts, words: describeReply(event.reply) } };
    case "asset-progress":
      return withDownload(state, decodeDownload(event));
    case "asset-phase-start": {
      const known = state.downloads.find((download) => download.asset === event.asset);
      // A hit passes its phases in a blink; only what is really on its way gets a row.
      if (!known && event.phase !== "download") return state;
      const { asset, doneBytes, totalBytes, bytesPerSecond } = known ?? freshDownload(event.asset);
      return withDownload(state, { asset, doneBytes, totalBytes, bytesPerSecond, phase: event.phase });
    }
    case "asset-download-end":
      return withoutDownload(state, event.asset);
    case "asset-remove-end":
      return { ...state, assetNews: state.assetNews + 1 };
    case "asset-download-fail":
      // Somebody wanted it so.
      if (event.error_code === "E_INTERRUPTED") return withoutDownload(state, event.asset);
      return {
        ...withDownload(state, { ...freshDownload(event.asset), error: explainFailure(event) }),
        assetNews: state.assetNews + 1,
      };
    default:
      return state;
  }
}

/** Of which asset it is stands above it already. */
const explainFailure = ({ asset, message }: { asset: string; message: string }): string =>
  toSentence(message.startsWith(`${asset}: `) ? message.slice(asset.length + 2) : message);

const sortByFile = (characters: readonly CharacterRecord[]): CharacterRecord[] =>
  [...characters].sort((a, b) => (a.file < b.file ? -1 : 1));

const freshDownload = (asset: string): Download => ({
  asset,
  phase: "",
  doneBytes: 0,
  totalBytes: null,
  bytesPerSecond: 0,
});

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

function withoutDownload(state: ServerState, asset: string): ServerState {
  return {
    ...state,
    downloads: state.downloads.filter((download) => download.asset !== asset),
    assetNews: state.assetNews + 1,
  };
}

function describeReply({ is_up: isUp, source, model, detail }: Reply): Part {
  if (isUp) {
    return {
      state: "up",
      text: model ?? source,
      detail: `A language model from ${source} writes the answers.`,
    };
  }
  const scripted = "There is no language model: the characters answer by their own scripts.";
  const why = detail === null ? "" : ` ${toSentence(detail)}`;
  return { state: "up", text: "own scripts", detail: scripted + why };
}

function describeEngines(
  engines: readonly Engine[],
  before: ServerState["parts"],
): Omit<ServerState["parts"], "words"> {
  const of = (part: Engine["part"]): Engine | undefined => engines.find((engine) => engine.part === part);
  return {
    voice: describeEngine(of("tts"), "speaks", before.voice),
    ears: describeEngine(of("asr"), "listens", before.ears),
    turns: describeEngine(of("vad"), "notices who speaks", before.turns),
  };
}

function describeEngine(engine: Engine | undefined, verb: string, before: Part): Part {
  if (!engine) return unknownPart;
  const { provider, state } = engine;
  const name = toSentence(provider).slice(0, -1);
  const why = engine.detail === null ? "" : ` ${toSentence(engine.detail)}`;
  switch (state) {
    case "ready":
      return { state: "up", text: provider, detail: `${name} ${verb}.${why}` };
    case "loading":
      return before.state === "up"
        ? {
            state: "coming",
            text: "restarting",
            detail: `${name} had to start again, and is back in a moment.`,
          }
        : { state: "coming", text: "on its way", detail: `${name} is on its way.${why}` };
    case "disabled":
      return { state: "down", text: "switched off", detail: `${name} is switched off.${why}` };
    case "missing-credentials":
      return { state: "down", text: "needs a key", detail: `${name} needs a key.${why}` };
    case "not-installed":
      return { state: "down", text: "not here", detail: `${name} is not on this machine yet.${why}` };
    default:
      return { state: "down", text: "cannot run", detail: `${name} cannot run on this machine.${why}` };
  }
}
