// How long after the end of an utterance its text is there, for 2, 5 and 11 s of speech; medians. "whole": all audio at once,
// the text from nothing. "streamed": pushed at the pace of speech with partial transcripts, as in a voice session.
//   bun scripts/benchmarks/recognition.ts [--rounds 5]
import { parseArgs } from "node:util";
import { startRealApp } from "../../test/support/real-app.ts";
import { createResampler } from "../../src/audio/resample.ts";
import type { SpeechRecognizer } from "../../src/speech/ports.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
const rounds = Number(values.rounds);
const texts = [
  "The lighthouse keeper waved to us.",
  "The lighthouse keeper waved to us, and the little boat came slowly into the harbour.",
  "The lighthouse keeper waved to us, and the little boat came slowly into the harbour. Nobody spoke until the rope was made fast, and then everybody began to talk at the same time.",
];
const chunkSamples = 1600;

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

async function measure(
  recognizer: SpeechRecognizer,
  pcm: Float32Array,
  isStreamed: boolean,
): Promise<number> {
  await using session = recognizer.open({ partials: isStreamed });
  if (isStreamed) {
    const startMs = performance.now();
    for (let at = 0; at < pcm.length; at += chunkSamples) {
      session.push(pcm.subarray(at, at + chunkSamples));
      // At the pace of speech.
      await Bun.sleep(Math.max(0, startMs + (at + chunkSamples) / 16 - performance.now()));
    }
  } else session.push(pcm);
  const endMs = performance.now();
  await session.finish();
  return performance.now() - endMs;
}

await using real = await startRealApp();
const recognizer = await real.app.speech.recognizer({ timeoutMs: 60_000 });
console.log("| speech | whole, ms | streamed, ms |\n|--:|--:|--:|");
for (const text of texts) {
  const resampler = createResampler({ fromHz: 24_000, toHz: 16_000 });
  const pcm = resampler.push(await real.speak(text, { silenceMs: 100 }));
  const figures: Record<"whole" | "streamed", number[]> = { whole: [], streamed: [] };
  for (let round = 0; round < rounds; round++) {
    figures.whole.push(await measure(recognizer, pcm, false));
    figures.streamed.push(await measure(recognizer, pcm, true));
  }
  const [whole, streamed] = [median(figures.whole), median(figures.streamed)].map(Math.round);
  console.log(`| ${(pcm.length / 16_000).toFixed(1)} s | ${whole} | ${streamed} |`);
}
process.exit(0);
