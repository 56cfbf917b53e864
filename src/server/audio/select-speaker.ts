// Whose voice a request for speech means: a character, a voice or blend of the synthesizer, or one of OpenAI's names.
import type { Character } from "../../characters/port.ts";
import { castVoice } from "../../session/cast-voice.ts";
import type { SpeechSynthesizer } from "../../speech/ports.ts";
import { badField } from "../http-error.ts";
import type { Services } from "../services.ts";
import { openAiVoiceNames, selectOpenAiVoice } from "./openai-voices.ts";
import type { SpeechParts } from "./speech-parts.ts";

export interface Speaker {
  synthesizer: SpeechSynthesizer;
  /** Undefined: the synthesizer's own choice. */
  voice: string | undefined;
  /** Of the character; the request's speed is a factor on it. */
  speed: number;
}

export interface SpeakerWish {
  model: string;
  voice: string | undefined;
}

/**
 * A character as `voice` speaks; so does one as `model`, unless `voice` names a voice of the synthesizer (OpenAI's
 * clients must send some `voice`, and mean nothing by `alloy`). Throws E_ARGS for a voice that nobody has.
 */
export async function selectSpeaker(
  { stage, speech }: Pick<Services, "stage" | "speech">,
  parts: SpeechParts,
  wish: SpeakerWish,
  signal: AbortSignal,
): Promise<Speaker> {
  const { model, voice } = wish;
  const speakAs = async (character: Character): Promise<Speaker> => {
    const source = character.voiceSource;
    const own = source.source_type === "provider" ? source.provider : undefined;
    const chosen = await parts.synthesizer(undefined, signal);
    // A character whose own synthesizer cannot be had speaks with a stand-in of the chosen one.
    const named = own === undefined ? undefined : await parts.synthesizer(own, signal).catch(() => undefined);
    const synthesizers = named === undefined ? [chosen] : [named, chosen];
    const cast = castVoice(character, { status: speech.status().tts, synthesizers });
    const synthesizer = synthesizers.find(({ id }) => id === cast.provider) ?? chosen;
    return { synthesizer, voice: cast.voice ?? undefined, speed: cast.speed };
  };

  const byVoice = voice === undefined ? undefined : stage.book.find(voice);
  if (byVoice) return speakAs(byVoice);
  const byModel = stage.book.find(model);
  if (byModel && (voice === undefined || openAiVoiceNames.includes(voice))) return speakAs(byModel);
  const synthesizer = await parts.synthesizer(model, signal);
  if (voice === undefined) return { synthesizer, voice: undefined, speed: 1 };
  if (synthesizer.hasVoice(voice)) return { synthesizer, voice, speed: 1 };
  const stockVoice = selectOpenAiVoice(voice, synthesizer);
  if (stockVoice !== undefined) return { synthesizer, voice: stockVoice, speed: 1 };
  const some = synthesizer.voices().slice(0, 3);
  throw badField(
    "voice",
    `nobody is called "${voice}"; name a character, one of ${openAiVoiceNames.slice(0, 3).join(", ")}…, or a voice of ` +
      `${synthesizer.id} such as ${some.map(({ id }) => id).join(", ")}; GET /v1/audio/voices lists them`,
  );
}
