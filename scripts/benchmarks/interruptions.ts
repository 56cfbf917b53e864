// Which sounds stop a character that is speaking, and which do not: coughs, laughs, "mm-hm", knocks, people in the
// background; and words that are meant to stop it. The real detector and recogniser, whole voice sessions in real time;
// the sounds are made here (noises.ts), words by Kokoro, which cannot laugh or hum.
//   bun scripts/benchmarks/interruptions.ts [--seed 1]
import { parseArgs } from "node:util";
import { encodeS16le } from "../../src/audio/pcm.ts";
import { countWords } from "../../src/session/spoken-words.ts";
import type { SpeechSystem } from "../../src/speech/provider.ts";
import { createStandInSpeech } from "./stand-in-engines.ts";
import { sayWords } from "../../test/support/fake-services.ts";
import { startRealApp } from "../../test/support/real-app.ts";
import { startRealtimeServer } from "../../test/support/realtime-server.ts";
import {
  join,
  makeAssent,
  makeCough,
  makeHum,
  makeKnocks,
  makeLaugh,
  makeMusic,
  makeSigh,
  makeTyping,
  makeUhHuh,
  mix,
} from "./noises.ts";

const { values } = parseArgs({ options: { seed: { type: "string", default: "1" } } });
let seed = Number(values.seed);
const random = (): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
  return (seed >>> 8) / 2 ** 24;
};

await using real = await startRealApp();
const voices = ["af_heart", "af_bella", "am_michael", "am_fenrir", "bf_emma", "bm_george"];
const sayAll = async (texts: readonly string[]): Promise<Float32Array[]> => {
  const sounds: Float32Array[] = [];
  for (const text of texts) {
    for (const voice of voices) sounds.push(await real.speak(text, { voice, silenceMs: 0 }));
  }
  return sounds;
};
const times = (count: number, make: (random: () => number) => Float32Array): Float32Array[] =>
  Array.from({ length: count }, () => make(random));
const quieter = (sounds: readonly Float32Array[], gain: number): Float32Array[] =>
  sounds.map((pcm) => pcm.map((sample) => sample * gain));

const sentences = await sayAll(["So I told her that the train would be late again, and she laughed."]);
const [first = new Float32Array(1)] = sentences;
const babble = sentences.reduce((all, one) => mix(all, one, 1), new Float32Array(first.length));
const commands = await sayAll([
  "Stop.",
  "Wait, wait.",
  "Excuse me.",
  "No, that is not what I meant.",
  "Can I ask you something?",
  "Hold on a second, please.",
]);

interface Kind {
  name: string;
  shouldStop: boolean;
  sounds: readonly Float32Array[];
}
const kinds: Kind[] = [
  { name: "coughs", shouldStop: false, sounds: times(12, makeCough) },
  { name: "sighs", shouldStop: false, sounds: times(6, makeSigh) },
  { name: "laughs", shouldStop: false, sounds: times(12, makeLaugh) },
  { name: '"mm-hm"', shouldStop: false, sounds: times(12, makeAssent) },
  { name: '"uh-huh"', shouldStop: false, sounds: times(8, makeUhHuh) },
  { name: '"hmm"', shouldStop: false, sounds: times(8, makeHum) },
  { name: "knocks", shouldStop: false, sounds: times(6, makeKnocks) },
  { name: "typing", shouldStop: false, sounds: times(6, makeTyping) },
  { name: "music, soft", shouldStop: false, sounds: times(6, makeMusic) },
  { name: "one voice in the background, −40 dB", shouldStop: false, sounds: quieter(sentences, 0.01) },
  { name: "one voice in the background, −26 dB", shouldStop: false, sounds: quieter(sentences, 0.05) },
  {
    name: "six voices in the background, −26 dB",
    shouldStop: false,
    sounds: quieter([babble, babble], 0.02),
  },
  { name: "words meant to stop it", shouldStop: true, sounds: commands },
  {
    name: "the same over six voices, −26 dB",
    shouldStop: true,
    sounds: commands.map((pcm) => mix(pcm, babble, 0.02)),
  },
];

// The ears are real; what the character says takes no engine's time away from them.
const speech: SpeechSystem = {
  ...createStandInSpeech(),
  recognizer: (options) => real.app.speech.recognizer(options),
  detector: (options) => real.app.speech.detector(options),
};
await using server = startRealtimeServer({
  services: { speech },
  script: sayWords("Once more, and on. ".repeat(30)),
});

interface Outcome {
  wasStopped: boolean;
  goesOn: boolean;
  /** From the sound's beginning to the moment at which the client knows. */
  stoppedAfterMs: number | null;
}

const chunkMs = 40;
const [question = new Float32Array(1)] = await sayAll(["Please tell me a long story."]);
const pause = (seconds: number): Float32Array => new Float32Array(seconds * 24_000);

/** The user asks, the character begins to answer, and then there is the sound. */
async function trial(sound: Float32Array): Promise<Outcome> {
  const socket = new WebSocket(server.url);
  const seen: { type: string; atMs: number; transcript: string }[] = [];
  const answering = Promise.withResolvers<void>();
  socket.addEventListener("message", ({ data }) => {
    const event = JSON.parse(String(data)) as { type: string; transcript?: string };
    seen.push({ type: event.type, atMs: performance.now(), transcript: event.transcript ?? "" });
    if (event.type === "response.output_audio.delta") answering.resolve();
  });
  await new Promise<void>((resolve) => socket.addEventListener("open", () => resolve()));
  const hear = async (pcm: Float32Array): Promise<number> => {
    const bytes = encodeS16le(pcm);
    const startMs = performance.now();
    for (let at = 0; at * chunkMs * 48 < bytes.length; at++) {
      socket.send(bytes.slice(at * chunkMs * 48, (at + 1) * chunkMs * 48));
      await Bun.sleep(Math.max(0, startMs + (at + 1) * chunkMs - performance.now()));
    }
    return startMs;
  };
  await hear(join([question, pause(1)], 0));
  await answering.promise;
  await hear(pause(1));
  const startMs = await hear(sound);
  await hear(pause(3));
  socket.close();
  const after = seen.filter(({ atMs }) => atMs > startMs);
  const stop = after.find(({ type }) => type === "input_audio_buffer.speech_started");
  const hasWords = after.some(
    ({ type, transcript }) =>
      type.endsWith("input_audio_transcription.completed") && countWords(transcript) > 0,
  );
  return {
    wasStopped: stop !== undefined,
    goesOn: stop !== undefined && !hasWords && after.some(({ type }) => type === "response.created"),
    stoppedAfterMs: stop ? stop.atMs - startMs : null,
  };
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

console.log(
  "| sound | trials | stopped it | of these it went on by itself | wrong | stopped after, median |",
);
console.log("|---|--:|--:|--:|--:|--:|");
for (const { name, shouldStop, sounds } of kinds) {
  const outcomes: Outcome[] = [];
  for (let at = 0; at < sounds.length; at += 3) {
    outcomes.push(...(await Promise.all(sounds.slice(at, at + 3).map(trial))));
  }
  const stopped = outcomes.filter(({ wasStopped }) => wasStopped);
  const resumed = stopped.filter(({ goesOn }) => goesOn).length;
  const wrong = shouldStop ? outcomes.length - stopped.length : stopped.length;
  const delay = median(stopped.flatMap(({ stoppedAfterMs }) => stoppedAfterMs ?? []));
  const shown = Number.isNaN(delay) ? "–" : `${delay.toFixed(0)} ms`;
  console.log(`| ${name} | ${outcomes.length} | ${stopped.length} | ${resumed} | ${wrong} | ${shown} |`);
}
process.exit(0);
