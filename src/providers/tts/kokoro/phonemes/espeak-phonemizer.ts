// eSpeak NG (GPL-3.0-or-later) in WebAssembly: words → IPA. Chinese and Japanese are left to the free phonemiser: eSpeak
// reads a character that it does not know as the words "Chinese letter".
import { AppError } from "../../../../base/errors.ts";
import type { Phonemizer, PhonemeUnit } from "./phonemizer.ts";

/** Primary subtag, or tag with region → eSpeak's voice. */
const espeakVoices: Readonly<Record<string, string>> = {
  en: "gmw/en-US",
  "en-us": "gmw/en-US",
  "en-gb": "gmw/en",
  es: "roa/es",
  fr: "roa/fr",
  hi: "inc/hi",
  it: "roa/it",
  pt: "roa/pt-BR",
  "pt-br": "roa/pt-BR",
  de: "gmw/de",
  ru: "zle/ru",
};
/** eSpeak cuts a clause off at 800 bytes in the middle of a word; three bytes a character stay below. */
const maxStretchChars = 200;

export async function createEspeakPhonemizer(): Promise<Phonemizer> {
  const { default: createEspeak } = await import("@echogarden/espeak-ng-emscripten");
  const espeak = await createEspeak();
  const worker = new espeak.eSpeakNGWorker();
  const decoder = new TextDecoder();
  let currentVoice = "";

  const readText = (pointer: number): string => {
    // The memory may have grown since the last call, and the array with it.
    const heap = espeak.HEAPU8;
    const end = heap.indexOf(0, pointer);
    return pointer === 0 || end < 0 ? "" : decoder.decode(heap.subarray(pointer, end));
  };

  const setVoice = (languageTag: string): void => {
    const voice = voiceOf(languageTag);
    if (voice === undefined || (voice !== currentVoice && worker.set_voice(voice) !== 0)) {
      throw new AppError(
        "E_ARGS",
        `no phonemes for the language ${languageTag}; choose another voice or language`,
      );
    }
    currentVoice = voice;
  };

  return {
    id: "espeak",
    canSpeak: canEspeak,
    translate(words, languageTag) {
      setVoice(languageTag);
      return cutStretches(words).flatMap((stretch) =>
        parseIpa(readText(worker.convert_to_phonemes(stretch, true).ptr)),
      );
    },
  };
}

/** True for a BCP 47 tag that eSpeak has a voice for; needs nothing loaded. */
export function canEspeak(languageTag: string): boolean {
  return voiceOf(languageTag) !== undefined;
}

function voiceOf(languageTag: string): string | undefined {
  const tag = languageTag.toLowerCase();
  return espeakVoices[tag] ?? espeakVoices[tag.split("-")[0] ?? ""];
}

function cutStretches(words: string): string[] {
  const stretches: string[] = [];
  let rest = words;
  while (rest.length > maxStretchChars) {
    const blank = rest.lastIndexOf(" ", maxStretchChars);
    const cut = blank > 0 ? blank : maxStretchChars;
    stretches.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return rest === "" ? stretches : [...stretches, rest];
}

/** "h_ə_l_ˈoʊ ʌ_v_ð_ə | (en)_w_ˈɒ_(fr)": blanks part words, bars clauses, low lines phonemes; brackets name a language. */
function parseIpa(ipa: string): PhonemeUnit[][] {
  return ipa
    .split(/[\s|]+/)
    .map((word) =>
      word
        .split("_")
        .map((unit) => unit.replace(/\([a-z-]+\)|-/g, ""))
        .filter((unit) => unit !== ""),
    )
    .filter((units) => units.length > 0);
}
