// Who speaks: characters with their voices and prompts as a session shows them, and the synthesizer of each reply.
import type { Clock } from "../base/clock.ts";
import { AppError, messageOf } from "../base/errors.ts";
import type { Character, CharacterStage } from "../characters/port.ts";
import type { SpeechSynthesizer } from "../speech/ports.ts";
import type { SpeechSystem } from "../speech/provider.ts";
import { type CastVoice, castVoice } from "./cast-voice.ts";
import type { CastMember } from "./events.ts";
import type { Speaker } from "./reply-run.ts";
import type { ReplyPlan } from "./state.ts";

export interface Casting {
  /** Never rejects: a prompt that cannot be had now is shown as none, and is asked for again at each reply. */
  cast(character: Character): Promise<CastMember>;
  /** False for a name that is known to mean no voice. */
  hasVoice(name: string): Promise<boolean>;
  /** Rejects with the reason when nobody can speak at the moment. */
  chooseSpeaker(plan: ReplyPlan, signal: AbortSignal): Promise<Speaker>;
}

export interface CastingDependencies {
  stage: Pick<CharacterStage, "book">;
  speech: SpeechSystem;
  clock: Clock;
  /** What characters call the one who talks. */
  userName?: string | undefined;
  /** What a name means that is neither a voice nor a character: a dialect's own voices. */
  aliasVoice?: ((name: string, synthesizer: SpeechSynthesizer) => string | undefined) | undefined;
}

/** An engine that is just coming back is worth so long a wait; one that is being downloaded is not. */
const synthesizerWaitMs = 300;

export function createCasting(deps: CastingDependencies): Casting {
  const { stage, speech, clock, userName } = deps;

  /** The chosen synthesizer, and the one that the character names itself. */
  const findSynthesizers = async (character: Character | undefined): Promise<SpeechSynthesizer[]> => {
    const source = character?.voiceSource;
    const named = source?.source_type === "provider" ? [{ provider: source.provider }] : [];
    const wanted = [{}, ...named].map((which) =>
      speech.synthesizer({ ...which, timeoutMs: synthesizerWaitMs }),
    );
    const found = await Promise.allSettled(wanted);
    return found.flatMap((outcome) => (outcome.status === "fulfilled" ? outcome.value : []));
  };

  const findVoice = async (character: Character): Promise<{ cast: CastVoice; all: SpeechSynthesizer[] }> => {
    const isReady = speech.status().tts.state.state === "ready";
    const all = isReady ? await findSynthesizers(character) : [];
    return { cast: castVoice(character, { status: speech.status().tts, synthesizers: all }), all };
  };

  /** A voice of the synthesizer, one of a dialect's names, or a character, whose voice it then is. */
  const resolve = (
    name: string,
    synthesizer: SpeechSynthesizer,
  ): { voice: string; speed: number } | undefined => {
    if (synthesizer.hasVoice(name)) return { voice: name, speed: 1 };
    const alias = deps.aliasVoice?.(name, synthesizer);
    if (alias !== undefined) return { voice: alias, speed: 1 };
    const character = stage.book.find(name);
    if (!character) return undefined;
    const { voice, speed } = castVoice(character, {
      status: speech.status().tts,
      synthesizers: [synthesizer],
    });
    return voice === null ? undefined : { voice, speed };
  };

  return {
    async cast(character) {
      const [{ cast }, prompt] = await Promise.all([
        findVoice(character),
        character
          .makeSystemPrompt({ now: clock.wallTime().toISOString(), userName, messages: [] })
          .catch(() => ""),
      ]);
      return { character, voice: cast, prompt };
    },
    async hasVoice(name) {
      if (speech.status().tts.state.state !== "ready") return true;
      const [chosen] = await findSynthesizers(undefined);
      return !chosen || resolve(name, chosen) !== undefined;
    },
    async chooseSpeaker({ character, speech: wish }, signal) {
      const { cast, all } = await findVoice(character);
      const wished = wish?.voice ?? null;
      const chosen = all.find(({ id }) => id === speech.status().tts.provider);
      const found = chosen && wished !== null ? resolve(wished, chosen) : undefined;
      const provider = found && chosen ? chosen.id : cast.provider;
      const synthesizer = all.find(({ id }) => id === provider);
      const { voice, speed } = found ?? cast;
      if (!synthesizer || voice === null) throw await explainSilence(speech, provider, signal);
      return { synthesizer, voice, speed: clampSpeed(speed * (wish?.speed ?? 1)) };
    },
  };
}

async function explainSilence(
  speech: SpeechSystem,
  provider: string,
  signal: AbortSignal,
): Promise<AppError> {
  try {
    await speech.synthesizer({ timeoutMs: 0, signal });
    return new AppError("E_NOT_FOUND", `the synthesizer ${provider} has no voice to speak with`);
  } catch (error) {
    return error instanceof AppError ? error : new AppError("E_INTERNAL", messageOf(error), null, error);
  }
}

const clampSpeed = (speed: number): number => Math.min(4, Math.max(0.25, speed));
