// The child of synthesis.ts: runs the bare graph, or kokoro-js, and says how long it took.
import { setPriority } from "node:os";
import { join } from "node:path";
import { loadKokoroModel } from "../../src/providers/tts/kokoro/kokoro-model.ts";
import { createEspeakPhonemizer } from "../../src/providers/tts/kokoro/phonemes/espeak-phonemizer.ts";
import { buildPhonemeText } from "../../src/providers/tts/kokoro/phonemes/phoneme-text.ts";
import { createVoiceStyles } from "../../src/providers/tts/kokoro/voice-styles.ts";
import { parseVocabulary } from "../../src/providers/tts/kokoro/vocabulary.ts";
import { createTextReader } from "../../src/text/speakable-text.ts";

export interface BareRequest {
  kind: "bare" | "kokoro-js";
  /** The graph; for kokoro-js, the folder. */
  modelPath: string;
  modelFolder: string;
  voicesFolder: string;
  threads: number;
  text: string;
  voice: string;
}

// As engine processes do: on a busy machine all three must yield alike.
setPriority(5);

type Speak = (text: string) => Promise<{ workMs: number; soundMs: number }>;
let speaking: Promise<Speak> | undefined;

/** The model alone: phonemes, ids and style are made outside the time that is taken. */
async function openBare({
  modelPath,
  modelFolder,
  voicesFolder,
  threads,
  voice,
}: BareRequest): Promise<Speak> {
  const model = await loadKokoroModel(modelPath, { threads });
  const phonemizer = await createEspeakPhonemizer();
  const styles = createVoiceStyles(voicesFolder);
  const path = join(modelFolder, "tokenizer.json");
  const vocabulary = parseVocabulary(await Bun.file(path).json(), path);
  return async (text) => {
    const letters = buildPhonemeText(createTextReader("en-US").read(text), phonemizer, "en-US");
    const ids = letters.flatMap(({ letter }) => vocabulary.get(letter) ?? []);
    const style = await styles.getStyle([{ voice, weight: 1 }], ids.length);
    const startMs = performance.now();
    const { pcm } = await model.speak({ ids: [0, ...ids, 0], style, speed: 1 });
    return { workMs: performance.now() - startMs, soundMs: pcm.length / 24 };
  };
}

async function openKokoroJs({ modelPath, threads, voice }: BareRequest): Promise<Speak> {
  const [{ KokoroTTS }, { StyleTextToSpeech2Model, AutoTokenizer, env }] = await Promise.all([
    import("kokoro-js"),
    import("@huggingface/transformers"),
  ]);
  env.allowRemoteModels = false;
  const session_options = { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3 as const };
  const [model, tokenizer] = await Promise.all([
    StyleTextToSpeech2Model.from_pretrained(modelPath, { dtype: "q8", device: "cpu", session_options }),
    AutoTokenizer.from_pretrained(modelPath),
  ]);
  const tts = new KokoroTTS(model as ConstructorParameters<typeof KokoroTTS>[0], tokenizer);
  return async (text) => {
    const startMs = performance.now();
    const { audio } = await tts.generate(text, { voice: voice as "af_heart" });
    return { workMs: performance.now() - startMs, soundMs: audio.length / 24 };
  };
}

process.on("message", (request: BareRequest) => {
  speaking ??= request.kind === "bare" ? openBare(request) : openKokoroJs(request);
  void speaking.then((speak) => speak(request.text)).then((answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit(0));
