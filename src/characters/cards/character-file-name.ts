// A character's name as the name of its file: lower case ASCII, safe on every file system.

/** Letters that Unicode does not take apart into a plain letter and its marks. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ħ: "h",
  ı: "i",
  ŋ: "ng",
};

/** Characters of a file name before `.ts`: far below what any file system takes. */
const maxStemLength = 60;

/** Names that Windows keeps for devices. */
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;

/**
 * `Développeuse` becomes `developpeuse.ts`, always matching ^[a-z0-9][a-z0-9-]*\.ts$. A name with no letter that folds to
 * ASCII becomes `${fallback}.ts`; one that is `taken` gets the first free number from 2 on.
 */
export function selectFileName(name: string, fallback: string, taken: ReadonlySet<string>): string {
  const folded = foldToStem(name);
  const stem = folded === "" ? fallback : folded;
  let fileName = `${stem}.ts`;
  for (let number = 2; taken.has(fileName); number++) fileName = `${stem}-${number}.ts`;
  return fileName;
}

function foldToStem(name: string): string {
  const stem = name
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[\p{M}'’]/gu, "")
    .replace(/[^\0-\x7f]/g, (letter) => plainLetters[letter] ?? " ")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, maxStemLength)
    .replace(/-$/, "");
  return deviceName.test(stem) ? `${stem}-character` : stem;
}
