// Which phonemes belong to which word, when the phonemiser joins words ("of the" → ʌvðə) or takes them apart.
import type { PhonemeUnit } from "./phonemizer.ts";

const bare = (unit: PhonemeUnit): string => unit.replace(/[ˈˌː]/g, "");

/**
 * `spoken`: the phonemes of a run of words, in groups as they came out; `alone`: each word's phonemes by itself, asked
 * for only when the groups are not the words. Gives the index of the word for each phoneme of `spoken`, in order and
 * never going back.
 */
export function alignWords(
  wordCount: number,
  spoken: readonly (readonly PhonemeUnit[])[],
  alone: (word: number) => readonly PhonemeUnit[],
): number[] {
  if (spoken.length === wordCount) return spoken.flatMap((units, word) => units.map(() => word));
  const units = spoken.flat();
  const expected: { unit: PhonemeUnit; word: number }[] = [];
  for (let word = 0; word < wordCount; word++) {
    for (const unit of alone(word)) expected.push({ unit, word });
  }
  return followCheapestEdits(
    units.map(bare),
    expected.map(({ unit, word }) => ({ unit: bare(unit), word })),
  );
}

/** Edit distance between the two rows; each unit takes the word of the one it was matched with, or of its neighbour. */
function followCheapestEdits(
  units: readonly string[],
  expected: readonly { unit: string; word: number }[],
): number[] {
  const columns = expected.length + 1;
  const costs = new Uint16Array((units.length + 1) * columns);
  const cost = (row: number, column: number): number => costs[row * columns + column] ?? 0;
  for (let row = 0; row <= units.length; row++) {
    for (let column = 0; column <= expected.length; column++) {
      let best = row + column;
      if (row > 0 && column > 0) {
        const differs = units[row - 1] === expected[column - 1]?.unit ? 0 : 1;
        best = Math.min(
          cost(row - 1, column - 1) + differs,
          cost(row - 1, column) + 1,
          cost(row, column - 1) + 1,
        );
      }
      costs[row * columns + column] = best;
    }
  }
  const words = units.map(() => 0);
  let column = expected.length;
  for (let row = units.length; row > 0; row--) {
    while (column > 1 && cost(row, column) === cost(row, column - 1) + 1) column--;
    words[row - 1] = expected[Math.max(0, column - 1)]?.word ?? 0;
    const isMatch =
      column > 0 &&
      cost(row, column) ===
        cost(row - 1, column - 1) + (units[row - 1] === expected[column - 1]?.unit ? 0 : 1);
    if (isMatch) column--;
  }
  return words;
}
