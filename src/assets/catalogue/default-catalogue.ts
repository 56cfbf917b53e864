// The assets that Troupe knows by itself. Every file is pinned by size and sha256, so it does not matter which source a
// machine can reach. Whisper is not among them: no digest of its files could be proved where this was written, so it is
// loaded from the models root by its provider.
import type { AssetDefinition } from "../asset-schema.ts";
import { kokoroModel, kokoroVoices } from "./kokoro.ts";
import { moonshineBase, moonshineTiny } from "./moonshine.ts";
import { sileroVad } from "./silero.ts";
import { smartTurn } from "./smart-turn.ts";

export const defaultCatalogue: readonly AssetDefinition[] = [
  kokoroModel,
  kokoroVoices,
  moonshineTiny,
  moonshineBase,
  sileroVad,
  smartTurn,
];
