// Which provider serves which port: a pure choice from settings.
import { AppError } from "../base/errors.ts";

export type SpeechKind = "tts" | "asr" | "vad";

export interface ProviderChoice {
  /** `local`, or the name of one provider; it counts for every port that has a provider of that name. */
  provider?: string | undefined;
  /** These go before `provider`. */
  synthesizer?: string | undefined;
  recognizer?: string | undefined;
  detector?: string | undefined;
}

/** The engines that need no account. */
const localProviders: Readonly<Record<SpeechKind, string>> = {
  tts: "kokoro",
  asr: "moonshine",
  vad: "silero",
};

/**
 * `known` are the ids of each kind. Throws E_ARGS, with the names there are, for a name that nobody has: a misspelt
 * provider must not silently become another one.
 */
export function selectProviders(
  choice: ProviderChoice,
  known: Readonly<Record<SpeechKind, readonly string[]>>,
): Record<SpeechKind, string> {
  const { provider } = choice;
  const isNamed = provider !== undefined && provider !== "local";
  if (isNamed && !Object.values(known).some((ids) => ids.includes(provider))) {
    const all = [...new Set(Object.values(known).flat())].sort().join(", ");
    throw new AppError("E_ARGS", `there is no speech provider ${provider}; say local, or one of ${all}`, {
      provider,
    });
  }
  const select = (kind: SpeechKind, setting: string, own: string | undefined): string => {
    if (own !== undefined) {
      if (known[kind].includes(own)) return own;
      const names = known[kind].join(", ");
      throw new AppError("E_ARGS", `speech.${setting} is ${own}; known are ${names}`, { provider: own });
    }
    return isNamed && known[kind].includes(provider) ? provider : localProviders[kind];
  };
  return {
    tts: select("tts", "synthesizer", choice.synthesizer),
    asr: select("asr", "recognizer", choice.recognizer),
    vad: select("vad", "detector", choice.detector),
  };
}
