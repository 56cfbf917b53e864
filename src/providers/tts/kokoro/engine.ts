// The engine process of Kokoro: holds the model, and speaks one piece of text per job.
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type JobContext, serveEngine } from "../../../base/engine-process.ts";
import { buildFloatGraph } from "./graph/graph-preparation.ts";
import { loadKokoroModel } from "./kokoro-model.ts";
import { createEspeakPhonemizer } from "./phonemes/espeak-phonemizer.ts";
import { createFreePhonemizer } from "./phonemes/free-phonemizer.ts";
import type { Phonemizer } from "./phonemes/phonemizer.ts";
import { createSpeechMaker, type SpeechMaker, type SpeechRequest } from "./speech-maker.ts";
import { parseVocabulary } from "./vocabulary.ts";
import { createVoiceStyles } from "./voice-styles.ts";
import { defaultVoice } from "./voices.ts";

export interface KokoroLoadParams {
  /** The folder of the downloaded model: `model_quantized.onnx`, `tokenizer.json`. */
  modelFolder: string;
  /** The prepared graph; null: none yet. */
  graphPath: string | null;
  voicesFolder: string;
  threads: number;
  phonemizer: "espeak" | "phonemize";
}

let maker: SpeechMaker | undefined;

serveEngine({
  async load(params: KokoroLoadParams) {
    const { modelFolder, graphPath, voicesFolder, threads } = params;
    const vocabularyPath = join(modelFolder, "tokenizer.json");
    // Not prepared yet, or somebody has emptied the cache since: a second of work and half the speed, instead of no voice.
    const isPrepared = graphPath !== null && (await isThere(graphPath));
    const graph = isPrepared
      ? graphPath
      : buildFloatGraph(new Uint8Array(await readFile(join(modelFolder, "model_quantized.onnx"))));
    const [model, phonemizers, vocabulary] = await Promise.all([
      loadKokoroModel(graph, { threads }),
      createPhonemizers(params.phonemizer),
      Bun.file(vocabularyPath).json(),
    ]);
    maker = createSpeechMaker({
      model,
      phonemizers,
      vocabulary: parseVocabulary(vocabulary, vocabularyPath),
      styles: createVoiceStyles(voicesFolder),
    });
    // The first run of a graph takes twice as long as the next.
    await maker.speak(warmUp, () => Promise.resolve());
    return isPrepared ? "prepared graph" : "graph made in memory, as none is prepared";
  },
  jobs: {
    speak: (request: SpeechRequest, { checkpoint }: JobContext) => {
      if (!maker) throw new RangeError("load comes first");
      return maker.speak(request, checkpoint);
    },
    phonemize: (request: Pick<SpeechRequest, "text" | "language">) => {
      if (!maker) throw new RangeError("load comes first");
      return maker.phonemize(request);
    },
  },
});

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const warmUp: SpeechRequest = {
  text: "Ready when you are.",
  shares: [{ voice: defaultVoice, weight: 1 }],
  language: "en-US",
  speed: 1,
};

/** Both, the chosen one first: each speaks languages that the other does not. */
async function createPhonemizers(first: "espeak" | "phonemize"): Promise<Phonemizer[]> {
  const free = await createFreePhonemizer();
  return first === "phonemize" ? [free] : [await createEspeakPhonemizer(), free];
}
