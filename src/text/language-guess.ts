// Which language a sentence is in, when its little words leave no doubt. Made for telling apart the languages of one
// bilingual speaker; a sentence without evidence has none.

const little: Readonly<Record<string, string>> = {
  en:
    "the and you is are of to in it that what how not with for have has had do does did this was were will would your " +
    "my i i'm it's don't can't we they she he there be been hello yes please thanks thank good morning a an as at by on " +
    "or if so no me his her him us our but from all one more than then when who can could should some any just about up",
  fr:
    "le la les un une des du et est vous je tu il elle nous ils elles ne pas que qui dans pour avec sur mais ou où ce " +
    "cette ça c'est j'ai d'un d'une l' qu'il n'est très bien bonjour bonsoir merci oui non au aux comment pourquoi " +
    "mon ma mes votre notre suis êtes sont avez être fait comme voilà salut",
  es:
    "el la los las un una y es usted yo tú él ella no que en para con por pero está esto cómo qué muy bien hola " +
    "gracias sí buenos días mi su son soy tengo del al",
  de:
    "der die das und ist sie ich du er wir nicht ein eine mit für auf den dem zu von wie was hallo danke ja nein bitte " +
    "guten morgen bin sind haben es aber auch",
  it:
    "il lo la gli un una e è lei io tu noi non che di per con ma sono come cosa ciao grazie sì buongiorno molto bene " +
    "questo della nel mi ho",
  pt:
    "o a os as um uma e é você eu não que de para com por mas está isto como muito bem olá obrigado sim bom dia meu " +
    "são tenho do da no na",
};
const lists = Object.entries(little).map(([language, list]) => ({ language, words: list.split(" ") }));
/** Words of two languages ("a", "no", "me") are evidence for neither. */
const countOf = Map.groupBy(
  lists.flatMap(({ words }) => words),
  (word) => word,
);
const words: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  lists.map(({ language, words: list }) => [
    language,
    new Set(list.filter((word) => countOf.get(word)?.length === 1)),
  ]),
);

/** Primary subtag (en, fr, es, de, it, pt; zh, ja, hi, ru by script), or undefined where the evidence is thin or divided. */
export function guessLanguage(text: string): string | undefined {
  return guessByScript(text) ?? guessByWords(text);
}

/** Most letters decide; Japanese is what has kana among its characters. */
function guessByScript(text: string): string | undefined {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const share = (script: RegExp): number => (text.match(script)?.length ?? 0) / Math.max(1, letters);
  const kana = share(/[\p{Script=Hiragana}\p{Script=Katakana}]/gu);
  const han = share(/\p{Script=Han}/gu);
  if (kana + han > 0.5) return kana > 0 ? "ja" : "zh";
  if (share(/\p{Script=Devanagari}/gu) > 0.5) return "hi";
  return share(/\p{Script=Cyrillic}/gu) > 0.5 ? "ru" : undefined;
}

function guessByWords(text: string): string | undefined {
  const found =
    text
      .toLowerCase()
      .replace(/’/g, "'")
      .match(/\p{L}+(?:'\p{L}+)*/gu) ?? [];
  const scores = [...words].map(([language, set]) => {
    const hits = found.filter(
      (word) => set.has(word) || set.has(word.replace(/^([ldjcnqs]|qu)'.+$/, "$1'")),
    ).length;
    return { language, hits };
  });
  scores.sort((a, b) => b.hits - a.hits);
  const [best, second] = scores;
  if (!best || best.hits <= 2 * (second?.hits ?? 0)) return undefined;
  // One little word proves something in a greeting only.
  if (best.hits === 1 && found.length > 3) return undefined;
  return best.hits / found.length >= 0.2 ? best.language : undefined;
}
