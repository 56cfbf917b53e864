// What the turn detector looks at in a transcript: the words at its end, the words at the beginning of its last sentence,
// and the punctuation that the recogniser has put. Each feature is a number below 2^featureBits, by hashing its name.

export const featureBits = 14;

/** Words after which more must come, or may: what a word means matters less here than what it is. */
const classes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    determiner: "the a an my your his her its our their this that these those some any every no which whose",
    preposition:
      "of to in on at for with from about into by over under after before between through like than",
    conjunction: "and or but so because if when while that although unless until since where as",
    auxiliary:
      "is are was were be been am do does did have has had will would can could should may might must",
    contraction:
      "i'm you're he's she's it's we're they're i'll i'd i've that's there's what's let's don't can't",
    subject: "i you he she it we they who",
    object: "me him us them",
    filler: "um uh well er hmm actually basically mean know",
    verb: "want need like think went go tell give take see saw make told",
    degree: "very really so too quite just more most",
    whole:
      "yes no okay yeah sure please thanks thank goodbye bye hello hi right today tomorrow now here there it",
  }).flatMap(([name, words]) => words.split(" ").map((word) => [word, name] as const)),
);
const classOf = (word: string): string => classes.get(word) ?? "other";

/** The features of a transcript's end; without words there are none. */
export function readFeatures(transcript: string): number[] {
  const text = transcript.trim().toLowerCase().replaceAll("’", "'").replaceAll("…", "...");
  const punctuation = /(\.\.\.|[.,!?:;–-])?["')]*$/.exec(text)?.[1] ?? "none";
  const words = wordsOf(text.split(/[.!?]+\s+(?=\S)/).at(-1) ?? "");
  const count = words.length;
  const [last, second, third] = [words.at(-1), words.at(-2) ?? "^", words.at(-3) ?? "^"];
  const [first, next] = [words[0], words[1] ?? "$"];
  if (last === undefined || first === undefined) return [];
  const length = Math.min(count, 9);
  return [
    `punctuation ${punctuation}`,
    `punctuation ${punctuation} ${length}`,
    `length ${length}`,
    `last ${last}`,
    `last ${last} ${punctuation}`,
    `class ${classOf(last)}`,
    `class ${classOf(last)} ${punctuation}`,
    `classes ${classOf(second)} ${classOf(last)}`,
    `classes ${classOf(second)} ${classOf(last)} ${punctuation}`,
    `classes ${classOf(third)} ${classOf(second)} ${classOf(last)}`,
    `opening ${classOf(first)} ${classOf(next)} ${length}`,
    `two ${second} ${last}`,
    `second ${second}`,
    `ending ${last.slice(-3)}`,
    `ending ${last.slice(-2)} ${punctuation}`,
    `first ${first}`,
    `first ${first} ${length}`,
    `first ${first} ${punctuation}`,
    `opening ${first} ${next}`,
    `opening ${first} ${next} ${classOf(last)}`,
  ].map(hash);
}

function wordsOf(sentence: string): string[] {
  return sentence.match(/[\p{L}\p{N}']+/gu) ?? [];
}

/** FNV-1a. */
function hash(name: string): number {
  let value = 0x81_1c_9d_c5;
  for (let i = 0; i < name.length; i++) value = Math.imul(value ^ name.charCodeAt(i), 0x01_00_01_93);
  return (value ^ (value >>> 15)) & (2 ** featureBits - 1);
}
