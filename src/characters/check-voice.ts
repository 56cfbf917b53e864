// Whether there is such a Kokoro voice, for those who write a file without an editor that would tell.
import { kokoroVoiceFiles } from "../assets/catalogue/kokoro-voice-files.ts";

const ids = kokoroVoiceFiles.map(({ path }) => path.replace(/\.bin$/, ""));

/** For who has no idea of their names: both accents, both kinds. */
const wellKnown = ["af_heart", "am_michael", "bf_emma", "bm_george"];

/** What is wrong with a voice id or blend, and what was perhaps meant; undefined if nothing is. */
export function findVoiceFault(voice: string): string | undefined {
  const unknown = voice
    .split("+")
    .map((part) => part.trim().replace(/\([^)]*\)$/, ""))
    .find((id) => !ids.includes(id));
  if (unknown === undefined) return undefined;
  const alike = ids.filter((id) => id.slice(0, 4) === unknown.slice(0, 4) || id.startsWith(unknown));
  const some =
    alike.length > 0 ? `is ${alike.join(", ")}` : `are ${ids.length}, among them ${wellKnown.join(", ")}`;
  return `there is no voice ${JSON.stringify(unknown)}; there ${some}, and a blend is af_bella(2)+af_sky(1)`;
}
