// The 54 voices of Kokoro 1.0. An id says language and gender: `af_heart` is American and female.
import type { VoiceDescription } from "../../../speech/ports.ts";
import { languageOfLetter } from "../../../text/language-letters.ts";

const ids = (
  "af_alloy af_aoede af_bella af_heart af_jessica af_kore af_nicole af_nova af_river af_sarah af_sky " +
  "am_adam am_echo am_eric am_fenrir am_liam am_michael am_onyx am_puck am_santa " +
  "bf_alice bf_emma bf_isabella bf_lily bm_daniel bm_fable bm_george bm_lewis " +
  "ef_dora em_alex em_santa ff_siwis hf_alpha hf_beta hm_omega hm_psi if_sara im_nicola " +
  "jf_alpha jf_gongitsune jf_nezumi jf_tebukuro jm_kumo pf_dora pm_alex pm_santa " +
  "zf_xiaobei zf_xiaoni zf_xiaoxiao zf_xiaoyi zm_yunjian zm_yunxi zm_yunxia zm_yunyang"
).split(" ");

export const defaultVoice = "af_heart";

export const kokoroLanguages: readonly string[] = Object.values(languageOfLetter);

/** BCP 47 tag of a voice id. */
export function languageOfVoice(id: string): string {
  return languageOfLetter[id.charAt(0)] ?? "en-US";
}

export const kokoroVoices: readonly VoiceDescription[] = ids.map((id) => ({
  id,
  name: id.charAt(3).toUpperCase() + id.slice(4),
  language: languageOfVoice(id),
  gender: id.charAt(1) === "f" ? "female" : "male",
}));
