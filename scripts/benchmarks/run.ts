// All benchmarks, one after the other, each in a process of its own. Arguments name some of them.
import { resolve } from "node:path";

/** Name → script and flags. What the README and docs/voice-numbers.md show is what a plain run prints. */
const benchmarks: Readonly<Record<string, readonly string[]>> = {
  synthesis: ["synthesis.ts"],
  recognition: ["recognition.ts"],
  "round-trip": ["round-trip.ts"],
  session: ["session.ts"],
  "session-stages": ["session.ts", "--real"],
  truncation: ["truncation.ts"],
  interruptions: ["interruptions.ts"],
  characters: ["characters.ts", "--broken"],
  assets: ["assets.ts"],
};
const names = Object.keys(benchmarks);
const wanted = process.argv.length > 2 ? process.argv.slice(2) : names;

for (const name of wanted) {
  const [script, ...flags] = benchmarks[name] ?? [];
  if (script === undefined) {
    console.error(`there is no benchmark ${name}; there are ${names.join(", ")}`);
    process.exit(2);
  }
  console.log(`\n## ${name}\n`);
  const child = Bun.spawn([process.execPath, "--no-env-file", resolve(import.meta.dir, script), ...flags], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await child.exited;
  if (code !== 0) process.exit(code);
}
