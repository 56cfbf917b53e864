// How a Kokoro voice is written, as types: an editor offers the ids and underlines one that there is not. They come from
// the list of voice files itself.
import type { KokoroVoiceId } from "../assets/catalogue/kokoro-voice-files.ts";

export type { KokoroVoiceId };

type Share = KokoroVoiceId | `${KokoroVoiceId}(${number})`;

/**
 * An id, or a blend such as `af_bella(2)+af_sky(1)`. Only the first of a blend is checked by this type: there are too many
 * pairs to list. `VoiceFault` checks all of them.
 */
export type KokoroVoice = Share | `${Share}+${string}` | `${Share} +${string}`;

/** Offers the ids, and takes any text: what is wrong with it is for `VoiceFault` to say, in the right place. */
export type AnyKokoroVoice = KokoroVoiceId | (string & {});

type Trim<S extends string> = S extends ` ${infer Rest}` | `${infer Rest} ` ? Trim<Rest> : S;

/** What an editor shows of a wrong voice; `never` for a good one, and for text that is known at run time only. */
export type VoiceFault<Voice extends string> = string extends Voice
  ? never
  : Voice extends `${infer First}+${infer Rest}`
    ? VoiceFault<First> | VoiceFault<Rest>
    : ShareFault<Trim<Voice>>;

type ShareFault<S extends string> = S extends Share
  ? S extends `${string}(-${string}`
    ? `the weight of ${S} is below zero`
    : never
  : `there is no Kokoro voice ${S}`;
