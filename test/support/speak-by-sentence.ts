// The simplest way from text to speech: whole sentences, one after the other.
import type { SpeakText } from "../../src/session/reply-run.ts";

export const speakBySentence: SpeakText = async function* (deltas, { synthesizer, ...options }) {
  let text = "";
  let isFirst = true;
  const say = (sentence: string) => {
    const priority = isFirst ? "head" : "tail";
    isFirst = false;
    return synthesizer.synthesize(sentence, { ...options, priority });
  };
  for await (const delta of deltas) {
    text += delta;
    for (let end = text.search(/[.!?]\s/); end >= 0; end = text.search(/[.!?]\s/)) {
      yield* say(text.slice(0, end + 2));
      text = text.slice(end + 2);
    }
  }
  if (text.trim() !== "") yield* say(text);
};
