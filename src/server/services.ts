// What the routes need, as the composition root hands it over.
import type { AssetEvent, AssetStore } from "../assets/port.ts";
import type { Providers } from "../assets/provider/port.ts";
import type { AnyEvent, EventHub } from "../base/events.ts";
import type { CharacterEvent, CharacterStage } from "../characters/port.ts";
import type { EnsureBaselines } from "../models/ensure/ensure-baselines.ts";
import type { FindOldModels } from "../models/migrate/plan-migration.ts";
import type { ModelLibrary } from "../models/model-library.ts";
import type { FindInstallation } from "../models/describe-model.ts";
import type { HubClient } from "../models/hub/port.ts";
import type { ReplySource } from "../reply/source.ts";
import type { SpeechEvent } from "../speech/engine.ts";
import type { SpeechSystem } from "../speech/provider.ts";
import type { ReplyAsCharacter } from "../session/character-reply.ts";
import type { ConversationStore } from "../session/conversation-store.ts";

export interface AccessOptions {
  /** Bearer keys; empty: none needed. */
  apiKeys: readonly string[];
  /** Browser origins, beside the server's own, that may use sockets and administrative routes. */
  allowedOrigins: readonly string[];
}

export interface Metrics {
  contentType: string;
  render(): Promise<string>;
}

export interface Services {
  version: string;
  startedAt: Date;
  stage: CharacterStage;
  speech: SpeechSystem;
  replies: ReplySource;
  replyAsCharacter: ReplyAsCharacter;
  assets: AssetStore;
  providers: Providers;
  hub: HubClient;
  /** Of models of the hub. */
  findInstallation: FindInstallation;
  /** Absolute; whose disk counts when a model is judged. */
  modelsRoot: string;
  /** What of the hub's models is here; undefined: none are served. */
  library?: ModelLibrary | undefined;
  ensureBaselines?: EnsureBaselines | undefined;
  /** Where programs of old kept theirs; undefined: nobody looks. */
  findOldModels?: FindOldModels | undefined;
  metrics: Metrics;
  /** Everything that happens, for the page's live view and the metrics. */
  events: EventHub<AssetEvent | CharacterEvent | SpeechEvent | AnyEvent>;
  access: AccessOptions;
  /** Undefined: none are kept. */
  conversations?: Pick<ConversationStore, "open" | "list" | "read" | "remove"> | undefined;
  /** What characters call the one who talks, where nobody says otherwise. */
  userName?: string | undefined;
}
