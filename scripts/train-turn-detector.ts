// Trains the turn detector (src/providers/turn/transcript) and writes its weights, always the same ones. The text is our own:
// turns made by a grammar, and what the shipped characters say. Whole sentences are ends; what is cut off is none; both with
// the punctuation that recognisers put, rightly and wrongly. Prints how good it is on text that was held back.
import { Glob } from "bun";
import { resolve } from "node:path";
import { createTranscriptTurnDetector, type TurnWeights } from "../src/providers/turn/transcript/index.ts";
import { featureBits, readFeatures } from "../src/providers/turn/transcript/features.ts";
import { leaveHanging, makeTurns, type Split } from "./turn-detector/user-turns.ts";

interface Example {
  text: string;
  isEnd: boolean;
}

const random = createRandom(20_261_120);
const root = resolve(import.meta.dir, "..");
const rounds = 4;
const rate = 0.03;
/** Pulls weights to nothing that few examples ask for. */
const decay = 1e-4;

const turns = makeTurns(random, 24_000);
const told = await readCharacters();
/** What is a whole turn somewhere is no example of one that was broken off. */
const whole = new Set([...turns.learn, ...turns.heldBack].map((turn) => turn.toLowerCase()));
const learn = [...turns.learn, ...told.learn].flatMap(makeExamples);
const weights = quantise(train(learn));
await Bun.write(
  resolve(root, "src/providers/turn/transcript/weights.json"),
  `${JSON.stringify(weights, null, 2)}\n`,
);

console.log(`${learn.length} examples to learn from`);
report("turns of held-back templates", turns.heldBack.flatMap(makeExamples));
report("sentences of held-back characters", told.heldBack.flatMap(makeExamples));

/** Sentences of three words and more; two characters are held back. */
async function readCharacters(): Promise<Split> {
  const split: Split = { learn: [], heldBack: [] };
  const files = [...new Glob("*.ts").scanSync(resolve(root, "story_characters"))].toSorted();
  for (const [index, file] of files.entries()) {
    const source = await Bun.file(resolve(root, "story_characters", file)).text();
    const texts = [...source.matchAll(/`([^`$\\]+)`|"([^"\\\n]{12,})"/g)].map(([, a, b]) => a ?? b ?? "");
    const sentences = texts.flatMap((text) => text.split(/\n|(?<=[.!?])\s+/));
    const spoken = sentences.filter(
      (line) => /^[A-Z][a-z' ,A-Z-]+[.!?]$/.test(line) && line.split(" ").length > 2,
    );
    (index % 5 === 2 ? split.heldBack : split.learn).push(...spoken.map((line) => line.slice(0, -1)));
  }
  return split;
}

/** The turn whole, and broken off somewhere. */
function makeExamples(turn: string): Example[] {
  const words = turn.split(" ");
  const broken =
    words.length < 3 || random() < 0.25
      ? leaveHanging(turn, random)
      : words.slice(0, 1 + Math.floor(random() * (words.length - 1))).join(" ");
  const isQuestion =
    /^(\w+ )?(who|what|where|when|why|how|which|is|are|do|does|did|can|could|would|have|should)\b/i.test(
      turn,
    );
  const mark = isQuestion ? "?" : random() < 0.1 ? "!" : ".";
  const end = {
    text: write(
      turn,
      pickWeighted([
        [mark, 0.72],
        ["", 0.24],
        [",", 0.04],
      ]),
    ),
    isEnd: true,
  };
  if (whole.has(broken.toLowerCase())) return [end];
  return [
    end,
    {
      text: write(
        broken,
        pickWeighted([
          ["", 0.5],
          [".", 0.25],
          [",", 0.14],
          ["...", 0.06],
          ["?", 0.05],
        ]),
      ),
      isEnd: false,
    },
  ];
}

function write(words: string, mark: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1) + mark;
}

function pickWeighted(choices: readonly (readonly [string, number])[]): string {
  let rest = random();
  for (const [choice, weight] of choices) {
    rest -= weight;
    if (rest < 0) return choice;
  }
  return "";
}

/** Stochastic gradient descent on the logistic loss. */
function train(examples: readonly Example[]): { bias: number; table: Float64Array } {
  const table = new Float64Array(2 ** featureBits);
  let bias = 0;
  const read = examples.map(({ text, isEnd }) => ({ features: readFeatures(text), wanted: isEnd ? 1 : 0 }));
  for (let round = 0; round < rounds; round++) {
    const step = rate / (1 + round);
    const order = read.map((example) => ({ example, place: random() })).toSorted((a, b) => a.place - b.place);
    for (const { example } of order) {
      const { features, wanted } = example;
      const sum = features.reduce((total, feature) => total + (table[feature] ?? 0), bias);
      const error = wanted - 1 / (1 + Math.exp(-sum));
      bias += step * error * 0.1;
      for (const feature of features) table[feature] = (table[feature] ?? 0) * (1 - decay) + step * error;
    }
  }
  return { bias, table };
}

function quantise({ bias, table }: { bias: number; table: Float64Array }): TurnWeights {
  const greatest = table.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  const step = greatest / 127;
  const bytes = Int8Array.from(table, (weight) => Math.round(weight / step));
  return { bits: featureBits, bias, step, weights: new Uint8Array(bytes.buffer).toBase64() };
}

function report(name: string, examples: readonly Example[]): void {
  const detector = createTranscriptTurnDetector(weights);
  const judged = examples.map(({ text, isEnd }) => ({ chance: detector.detect(text), isEnd }));
  const right = judged.filter(({ chance, isEnd }) => chance >= 0.5 === isEnd).length;
  const rateOf = (isEnd: boolean): string => {
    const all = judged.filter((one) => one.isEnd === isEnd);
    return percent(all.filter(({ chance }) => chance >= 0.5).length / all.length);
  };
  const accuracy = percent(right / judged.length);
  console.log(
    `${name}: ${judged.length} examples, ${accuracy} right; ends found ${rateOf(true)}, false ends ${rateOf(false)}`,
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
