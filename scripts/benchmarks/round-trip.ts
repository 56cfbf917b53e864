// Text → Kokoro → Moonshine → text: word error rate of 20 sentences in each of six voices, and the words of a long
// paragraph. Prints what was heard wrong. With what is missing downloaded first:
//   bun scripts/benchmarks/round-trip.ts [--sentences 20] [--voices af_heart,bm_george]
import { parseArgs } from "node:util";
import { startRealApp } from "../../test/support/real-app.ts";
import { spokenSentences } from "../../test/support/spoken-sentences.ts";
import { countWordErrors, errorRate, type WordErrors } from "../../test/support/word-errors.ts";

const { values } = parseArgs({
  options: {
    sentences: { type: "string", default: "20" },
    voices: { type: "string", default: "af_heart,af_bella,am_michael,am_fenrir,bf_emma,bm_george" },
  },
});
const sentences = spokenSentences.slice(0, Number(values.sentences));
const percent = (counts: readonly WordErrors[]): string => `${(100 * errorRate(counts)).toFixed(2)} %`;

await using real = await startRealApp();
const silence = new Float32Array(7200);
const hear = async (text: string, voice: string): Promise<string> => {
  const pcm = await real.speak(text, { voice, silenceMs: 300 });
  const padded = new Float32Array(silence.length + pcm.length);
  padded.set(pcm, silence.length);
  return real.hear(padded);
};

console.log("| voice | sentences | words | word error rate |\n|---|--:|--:|--:|");
const all: WordErrors[] = [];
const wrong: string[] = [];
for (const voice of values.voices.split(",")) {
  const counts: WordErrors[] = [];
  for (const text of sentences) {
    const heard = await hear(text, voice);
    const count = countWordErrors(text, heard);
    counts.push(count);
    if (count.errors > 0) wrong.push(`${voice}: "${text}" was heard as "${heard}"`);
  }
  all.push(...counts);
  const words = counts.reduce((sum, count) => sum + count.words, 0);
  console.log(`| ${voice} | ${counts.length} | ${words} | ${percent(counts)} |`);
}
const words = all.reduce((sum, count) => sum + count.words, 0);
console.log(`| all | ${all.length} | ${words} | ${percent(all)} |`);
if (wrong.length > 0) console.log(`\n${wrong.join("\n")}`);
process.exit(0);
