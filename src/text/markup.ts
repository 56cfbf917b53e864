// What stands in a text for the eye alone: markdown, HTML tags, emoji, control characters. Each rule tells how much of
// the text at a position is not to be spoken.

/** Characters that no voice can say: controls, zero-width ones, halves of surrogate pairs, private use, tags. */
const unspeakable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/u;
const emoji =
  /(?:\p{Regional_Indicator}{2}|[#*0-9]\uFE0F?\u20E3|(?![#*0-9©®™↔→←↑↓])\p{Extended_Pictographic}|\p{Emoji_Modifier}|[\uFE0E\uFE0F\u200D])+/uy;

const atLineStart = "(?<=^|\\n)[ \\t]*";
/** Tried in this order; each matches at the position or not at all. */
const rules: readonly RegExp[] = [
  /\s+/y,
  // Code is for reading: a fenced block is left out whole, also one that never closes.
  /```[\s\S]*?(?:```|$)|~~~[\s\S]*?(?:~~~|$)/y,
  /<!--[\s\S]*?-->|<\/?[a-z][^<>\n]*>/iy,
  /\[pause:\s*\d+(?:\.\d+)?\s*m?s\s*\]/iy,
  // A rule, the line under a table's head, the line under a heading.
  new RegExp(
    `${atLineStart}(?:[-*_=](?:[ \\t]*[-*_=]){2,}|\\|?(?:[ \\t]*:?-{2,}:?[ \\t]*\\|?)+)[ \\t]*(?=\\n|$)`,
    "y",
  ),
  // Headings, quotations, bullets, check boxes.
  new RegExp(`${atLineStart}(?:#{1,6}(?=\\s)|(?:>[ \\t]?)+|[-*+•‣◦](?=\\s)(?:\\s+\\[[ xX]\\])?)`, "y"),
  // Of a link and an image the words stay: "[", then the words, then "](address)".
  /!?\[(?=[^\]\n]*\](?:\([^)\n]*\)|\[[^\]\n]*\]))/y,
  /\](?:\([^)\n]*\)|\[[^\]\n]*\])/y,
  /\[\^[^\]\s]+\]:?/y,
  // Emphasis stands against a word; between numbers a star is a sign.
  /(?<!\d[ \t]?)\*+|\*{2,}|~~|`+/y,
  /(?<![\p{L}\p{N}])_+(?=\S)|_+(?![\p{L}\p{N}])/uy,
  emoji,
];

/** How many UTF-16 units at `at` are not to be spoken; 0 when what stands there is text. */
export function measureMarkup(text: string, at: number): number {
  for (const rule of rules) {
    rule.lastIndex = at;
    const match = rule.exec(text);
    if (match && match[0] !== "") return match[0].length;
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return unspeakable.test(character) ? character.length : 0;
}
