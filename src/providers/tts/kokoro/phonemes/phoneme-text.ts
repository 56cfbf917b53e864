// Speakable tokens → the letters that the model reads, each with the token that it belongs to.
import type { SpeakableToken } from "../../../../text/speakable-text.ts";
import { encodePhoneme, encodeWord } from "./kokoro-alphabet.ts";
import type { Phonemizer, PhonemeUnit } from "./phonemizer.ts";
import { alignWords } from "./word-alignment.ts";

export interface PhonemeLetter {
  /** One letter of the model's alphabet, a blank or a punctuation mark. */
  letter: string;
  /** Index of the token that it sounds; -1 for the blank between two. */
  token: number;
}

/** Opening marks stand against the next word, the others against the one before. */
const opening = new Set(["(", "“"]);

export function buildPhonemeText(
  tokens: readonly SpeakableToken[],
  phonemizer: Phonemizer,
  languageTag: string,
): PhonemeLetter[] {
  const letters: PhonemeLetter[] = [];
  const addBlank = (): void => {
    const last = letters.at(-1)?.letter;
    if (last !== undefined && last !== " " && !opening.has(last)) letters.push({ letter: " ", token: -1 });
  };
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at];
    if (!token) break;
    if (token.isPunctuation) {
      if (opening.has(token.spoken) || token.spoken === "—") addBlank();
      letters.push({ letter: token.spoken, token: at });
      at++;
      continue;
    }
    let end = at;
    while (tokens[end]?.isPunctuation === false) end++;
    addBlank();
    for (const part of translateRun(tokens.slice(at, end), phonemizer, languageTag)) {
      if (part.letter === " ") addBlank();
      else letters.push({ letter: part.letter, token: at + part.token });
    }
    at = end;
  }
  return letters;
}

/** A run of words without punctuation: they are translated together, because words change their neighbours. */
function translateRun(
  run: readonly SpeakableToken[],
  phonemizer: Phonemizer,
  languageTag: string,
): PhonemeLetter[] {
  // One token may be several words ("twelve dollars"), also with punctuation inside (a telephone number).
  const words: { text: string; token: number; mark: string }[] = [];
  for (const [token, { spoken }] of run.entries()) {
    for (const word of spoken.split(/\s+/)) {
      const mark = /[,;:.!?]$/.exec(word)?.[0] ?? "";
      words.push({ text: word.slice(0, word.length - mark.length), token, mark });
    }
  }
  const letters: PhonemeLetter[] = [];
  for (let from = 0; from < words.length; ) {
    let to = from;
    while (to < words.length - 1 && words[to]?.mark === "") to++;
    const stretch = words.slice(from, to + 1);
    const spoken = phonemizer.translate(stretch.map(({ text }) => text).join(" "), languageTag);
    const owners = alignWords(stretch.length, spoken, (word): PhonemeUnit[] =>
      phonemizer.translate(stretch[word]?.text ?? "", languageTag).flat(),
    );
    const last = stretch.at(-1);
    if (from > 0) letters.push({ letter: " ", token: -1 });
    letters.push(...layOut(spoken, owners, stretch, languageTag));
    if (last && last.mark !== "") letters.push({ letter: last.mark, token: last.token });
    from = to + 1;
  }
  return letters;
}

function layOut(
  spoken: readonly (readonly PhonemeUnit[])[],
  owners: readonly number[],
  words: readonly { text: string; token: number }[],
  languageTag: string,
): PhonemeLetter[] {
  const letters: PhonemeLetter[] = [];
  const addBlank = (): void => {
    if (letters.length > 0 && letters.at(-1)?.letter !== " ") letters.push({ letter: " ", token: -1 });
  };
  let unitIndex = 0;
  let previousWord = -1;
  for (const group of spoken) {
    for (const [i, unit] of group.entries()) {
      const index = owners[unitIndex++] ?? 0;
      const word = words[index];
      const isNew = index !== previousWord;
      previousWord = index;
      // The model was trained on words with blanks between them, also where eSpeak joins them.
      if (i === 0 || isNew) addBlank();
      const whole = word && encodeWord(word.text, languageTag);
      if (whole !== undefined && !isNew) continue;
      for (const letter of whole ?? encodePhoneme(unit, languageTag)) {
        // aɪɚ and a following ɹ are one r.
        if (letter === "ɹ" && letters.at(-1)?.letter === "ɹ") continue;
        letters.push({ letter, token: word?.token ?? 0 });
      }
    }
  }
  return letters;
}
