// Kills a throttled download at many random moments, and looks at every file that has a final name in between. The
// committed test does a dozen; this does as many as it is told: bun scripts/fault-injection-assets.ts [kills] [seed].
import { createKillTrial } from "../test/assets/kill-trial.ts";

const [kills = "200", seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
const startMs = performance.now();
await using trial = await createKillTrial({ kills: Number(kills), seed: Number(seed), sizeBytes: 24 << 20 });
const { wrongFiles, landed, sentRatio, resumedBytes } = await trial.run((round) => {
  if (round % 20 === 0) console.log(`${round} of ${kills} kills`);
});
console.log(
  [
    `seed ${seed}: ${kills} kills in ${((performance.now() - startMs) / 1000).toFixed(0)} s`,
    `wrong bytes under a final name: ${wrongFiles} (wanted: 0)`,
    `the last run found ${(resumedBytes / 2 ** 20).toFixed(1)} MiB of those before it`,
    `kills that fell into a download: ${landed}`,
    `sent in total: ${sentRatio.toFixed(3)} times the size (wanted: below 1.3)`,
  ].join("\n"),
);
process.exit(wrongFiles === 0 && sentRatio < 1.3 ? 0 : 1);
