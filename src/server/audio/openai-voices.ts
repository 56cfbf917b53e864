// OpenAI's voice names, for clients that know no others: each has a like-named or like-sounding voice of Kokoro.
import type { SpeechSynthesizer } from "../../speech/ports.ts";

const kokoroVoices: Readonly<Record<string, string>> = {
  alloy: "af_alloy",
  ash: "am_adam",
  ballad: "bm_daniel",
  cedar: "am_fenrir",
  coral: "af_bella",
  echo: "am_echo",
  fable: "bm_fable",
  marin: "af_heart",
  nova: "af_nova",
  onyx: "am_onyx",
  sage: "af_sarah",
  shimmer: "af_sky",
  verse: "am_michael",
};

export const openAiVoiceNames: readonly string[] = Object.keys(kokoroVoices);

/** A voice of `synthesizer` for one of OpenAI's names, always the same one; undefined for any other name. */
export function selectOpenAiVoice(
  name: string,
  synthesizer: Pick<SpeechSynthesizer, "hasVoice" | "voices">,
): string | undefined {
  const like = Object.hasOwn(kokoroVoices, name) ? kokoroVoices[name] : undefined;
  if (like === undefined) return undefined;
  if (synthesizer.hasVoice(like)) return like;
  const voices = synthesizer.voices();
  return voices[openAiVoiceNames.indexOf(name) % voices.length]?.id;
}
