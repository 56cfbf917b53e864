import { expect, test } from "bun:test";
import llamaTokenizer from "llama-tokenizer-js";
import { groupTokens } from "../../../../src/providers/asr/moonshine/tokens.ts";

const encode = (text: string): number[] => llamaTokenizer.encode(text, false, true);

test("tokens become words, and each word keeps its own", () => {
  const tokens = encode("Kaleidoscopes, it isn't naïve in 1984.");
  const words = groupTokens(llamaTokenizer, tokens);
  expect(words.map((word) => word.text)).toEqual(["Kaleidoscopes,", "it", "isn't", "naïve", "in", "1984."]);
  expect(words.flatMap((word) => word.tokens)).toEqual(tokens);
});

test("special tokens say nothing", () => {
  expect(groupTokens(llamaTokenizer, [1, 2, 0, 32_000, 32_767])).toEqual([]);
});
