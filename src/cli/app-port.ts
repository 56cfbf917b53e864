// What the commands need of the running program; the composition root hands it over, one app per invocation.
import type { TokenVariable } from "../assets/credentials.ts";
import type { AssetEvent, AssetStore } from "../assets/port.ts";
import type { OldModel } from "../assets/provider/old-places.ts";
import type { Providers } from "../assets/provider/port.ts";
import type { AnyEvent, EventHub } from "../base/events.ts";
import type { LiveCharacterStage } from "../characters/character-stage.ts";
import type { Character, CharacterStage } from "../characters/port.ts";
import type { FindInstallation } from "../models/describe-model.ts";
import type { HubClient } from "../models/hub/port.ts";
import type { EnsureBaselines } from "../models/ensure/ensure-baselines.ts";
import type { ModelLibrary } from "../models/model-library.ts";
import type { ReplySource } from "../reply/source.ts";
import type { ReplyAsCharacter } from "../session/character-reply.ts";
import type { EndReason, SessionOutput } from "../session/events.ts";
import type { VoiceSession } from "../session/voice-session.ts";
import type { SpeechSystem } from "../speech/provider.ts";

export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  /** Where https has a port of its own beside it. */
  readonly tlsUrl?: string | undefined;
  /** Refuses new work and lets what runs end, for the configured time. */
  drain(): Promise<void>;
}

export interface SettingRow {
  key: string;
  /** As JSON shows it; secrets as "set" or "not set". */
  value: unknown;
  source: string;
  description: string;
}

export interface StorageRoot {
  name: string;
  path: string;
  source: string;
  /** Permission bits, when it is made. */
  mode?: number;
  /** What to do when it cannot be made or written to. */
  cure: string;
}

export interface CliApp extends AsyncDisposable {
  readonly version: string;
  readonly events: EventHub<AnyEvent>;
  readonly settings: readonly SettingRow[];
  readonly roots: readonly StorageRoot[];
  /** Of the project file and of credentials: to be shown once. */
  readonly warnings: readonly AssetEvent[];
  readonly providers: Providers;
  /** Models where programs of old kept them. */
  findOldModels(): Promise<readonly OldModel[]>;
  readonly userName: string | undefined;
  readonly charactersDir: string;
  readonly assets: AssetStore;
  readonly hub: HubClient;
  /** What of the hub's models is here. */
  readonly library: ModelLibrary;
  readonly ensureBaselines: EnsureBaselines;
  /** Of models of the hub. */
  readonly findInstallation: FindInstallation;
  /** Names of the assets that speech needs by default. */
  readonly defaultAssets: readonly string[];
  /** Names of those that the project file declares, or that its agents need. */
  readonly projectAssets: readonly string[];
  /** Variables of tokens that assets may ask for, the hub's among them: names, never values. */
  readonly assetCredentials: readonly TokenVariable[];
  readonly speech: SpeechSystem;
  readonly replies: ReplySource;
  openStage(options: { watch: boolean }): Promise<LiveCharacterStage>;
  /** Needs an open stage. */
  readonly replyAsCharacter: ReplyAsCharacter;
  /** A talk by voice, opened by the character; the settings' own limits. */
  openTalk(
    stage: CharacterStage,
    character: Character,
    channel: { send: (output: SessionOutput) => void; onEnd: (reason: EndReason) => void },
  ): Promise<VoiceSession>;
  /** Listens, then loads speech beside; resolves as soon as requests are taken. */
  serve(): Promise<RunningServer>;
}

/** Settings given by flags, by key of the project file. */
export type SettingOverrides = Readonly<Record<string, unknown>>;

export interface OpenAppOptions {
  configFile?: string | undefined;
  overrides: SettingOverrides;
  /** Log lines of the running program go to stderr; without it they are dropped. */
  logs: "human" | "json" | "none";
}

export type OpenApp = (options: OpenAppOptions) => Promise<CliApp>;
