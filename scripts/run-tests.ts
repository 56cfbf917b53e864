// Runs every test file, each in a process of its own so that none leans on another, two at a time, and those that promise
// an answer within half a second alone; ends with one line that counts tests: "N passed, N failed". Arguments narrow the
// files by a part of their path.
import { Glob } from "bun";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";

const root = resolve(import.meta.dir, "..");
const filters = process.argv.slice(2);
const files = [...new Glob("test/**/*.test.{ts,tsx}").scanSync(root)]
  .sort()
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));

/** What they measure is the harm that an offender does, not the one that the tests beside it do. */
const needsQuiet = (file: string): boolean =>
  /^test\/(end-to-end\/(isolation|sudden-death)|characters\/isolation-)/.test(file);

/** No test file takes nearly as long on a busy two-core machine. */
const fileTimeoutMs = 6 * 60_000;

interface Outcome {
  file: string;
  passed: number;
  failed: number;
  seconds: number;
  output: string;
}

async function runFile(file: string): Promise<Outcome> {
  const startMs = performance.now();
  const child = Bun.spawn([process.execPath, "--no-env-file", "test", "--timeout", "60000", `./${file}`], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: fileTimeoutMs,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const output = stdout + stderr;
  const count = (word: string): number =>
    Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(output)?.[1] ?? 0);
  const failed = Math.max(count("fail"), code === 0 ? 0 : 1);
  return { file, passed: count("pass"), failed, seconds: (performance.now() - startMs) / 1000, output };
}

/** What a passing file prints on purpose: seeds and measurements. */
function printedByTests(output: string): string {
  return output
    .split("\n")
    .filter((line) => /\b(seed|word error rate|WER)\b/i.test(line) && !line.startsWith("(pass)"))
    .map((line) => `     ${line.trim()}`)
    .join("\n");
}

const outcomes: Outcome[] = [];

async function runAll(queue: string[], atOnce: number): Promise<void> {
  const runNext = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const outcome = await runFile(file);
      outcomes.push(outcome);
      const mark = outcome.failed === 0 ? "ok  " : "FAIL";
      console.log(`${mark} ${file}  ${outcome.passed} tests, ${outcome.seconds.toFixed(1)} s`);
      const shown = outcome.failed > 0 ? outcome.output : printedByTests(outcome.output);
      if (shown !== "") console.log(shown);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runNext));
}

await runAll(files.filter(needsQuiet), 1);
await runAll(
  files.filter((file) => !needsQuiet(file)),
  Math.max(1, Math.min(2, availableParallelism())),
);

const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
const failing = outcomes.filter((outcome) => outcome.failed > 0).map((outcome) => outcome.file);
if (failing.length > 0) console.log(`failing files: ${failing.join(", ")}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
