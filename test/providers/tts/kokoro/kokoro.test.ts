// The real model in its real process.
import { describe, expect, test } from "bun:test";
import { cp, readdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { measureLevel } from "../../../../src/audio/level.ts";
import { concatPcm } from "../../../../src/audio/pcm.ts";
import { AppError } from "../../../../src/base/errors.ts";
import { findPreparedGraph, hashFile } from "../../../../src/providers/tts/kokoro/graph/prepared-graph.ts";
import { buildPhonemeText } from "../../../../src/providers/tts/kokoro/phonemes/phoneme-text.ts";
import { createEspeakPhonemizer } from "../../../../src/providers/tts/kokoro/phonemes/espeak-phonemizer.ts";
import { createFreePhonemizer } from "../../../../src/providers/tts/kokoro/phonemes/free-phonemizer.ts";
import { parseVocabulary } from "../../../../src/providers/tts/kokoro/vocabulary.ts";
import { createTextReader } from "../../../../src/text/speakable-text.ts";
import { spokenSentences } from "../../../support/spoken-sentences.ts";
import { kokoroProvider } from "../../../../src/providers/tts/kokoro/index.ts";
import type { Engine } from "../../../../src/speech/engine.ts";
import type { LoadContext } from "../../../../src/speech/provider.ts";
import { createLoadContext } from "../../../support/load-context.ts";
import { findRealModels } from "../../../support/real-models.ts";
import { collectSpeech, describeSynthesizerContract } from "../../../support/synthesizer-contract.ts";
import { createTempFolder } from "../../../support/temp-folder.ts";

const models = await findRealModels(["kokoro-82m-q8", "kokoro-voices"]);
/** On a busy machine the preparation, which yields to everything, takes minutes. */
const longTest = 300_000;
const foreignSentences = {
  "fr-FR":
    "L'œuf de l'oiseau est tombé ; quelle huître, quel garçon, l'oignon et le yaourt. Un brun parfum, bon vin blanc. " +
    "Aujourd'hui c'est jeudi, rendez-vous à 15h30, n'oubliez pas ! Nuit, juin, grenouille, campagne, pneu, parking.",
  es: "¿Dónde está la biblioteca? El niño come una manzana; guerra, llave, perro, yo, zapato, jamón, gente, huevo, cigüeña.",
  it: "Buongiorno, come va? Gli gnocchi della nonna; zio, pizza, scienza, chiesa, ghiaccio, figlio, bagno, acqua.",
  "pt-BR":
    "Bom dia! O avião não chegou; coração, pão, mãe, filho, ninho, chuva, gente, cinquenta, muito, hoje à noite.",
  hi: "नमस्ते, आप कैसे हैं? मेरा नाम राम है। यह एक अच्छा दिन है। पानी, खाना, घर, बच्चा, लड़का, ठीक, ज्ञान, पानी, खाना, घर।",
  "zh-CN": "你好，世界！我们去吃饭吗？今天天气很好。他是一个老师，住在北京。女儿喜欢绿色，知道吃什么。",
  ja: "今日は、いい天気ですね。東京へ行きます。私は学生です。ちょっと待ってください。牛乳とパンを買いました。",
};

/** There must be one: a signal to nobody is one to everybody here. */
function pidOf(engine: Engine | undefined): number {
  if (engine?.pid === undefined) throw new Error("the engine has no process");
  return engine.pid;
}

test("the settings have defaults, and name both assets", () => {
  expect(kokoroProvider.settingsSchema.parse({})).toEqual({
    voice: "af_heart",
    phonemizer: "espeak",
    graph: "auto",
    idle_unload_minutes: 0,
  });
  expect(kokoroProvider.settingsSchema.safeParse({ graph: "fastest" }).success).toBe(false);
  expect(kokoroProvider.assetNames(undefined)).toEqual(["kokoro-82m-q8", "kokoro-voices"]);
});

if (models) {
  const load = async (overrides: Partial<LoadContext> = {}) => {
    const { getAssetPath, runtimeCacheDir } = models;
    const context = createLoadContext({ getAssetPath, runtimeCacheDir, ...overrides });
    return { synthesizer: await kokoroProvider.load(context), context };
  };
  /** Whichever test comes first, and on a new machine. */
  const ensurePrepared = async (): Promise<void> => {
    const { synthesizer, context } = await load();
    await using _synthesizer = synthesizer;
    const { recorder } = context;
    await recorder.waitFor((e) => e.type === "engine-load-end" && e.detail === "prepared graph", longTest);
  };

  test("no phoneme of any language is unknown to the model, and would be dropped in silence", async () => {
    const path = join(await models.getAssetPath("kokoro-82m-q8"), "tokenizer.json");
    const vocabulary = parseVocabulary(await Bun.file(path).json(), path);
    const phonemizers = [await createEspeakPhonemizer(), await createFreePhonemizer()];
    const english = `${spokenSentences.join(" ")} Garden, button, little, fire, hour, church, pure, Tuesday.`;
    const texts: Record<string, string> = { ...foreignSentences, "en-US": english, "en-GB": english };
    for (const [language, text] of Object.entries(texts)) {
      const tokens = createTextReader(language).read(text);
      for (const phonemizer of phonemizers.filter(({ canSpeak }) => canSpeak(language))) {
        const letters = buildPhonemeText(tokens, phonemizer, language).map(({ letter }) => letter);
        expect(letters.length).toBeGreaterThan(80);
        expect([language, phonemizer.id, letters.filter((letter) => !vocabulary.has(letter))]).toEqual([
          language,
          phonemizer.id,
          [],
        ]);
      }
    }
  });

  describeSynthesizerContract("Kokoro", async () => (await load()).synthesizer, { timeoutMs: longTest });

  describe("Kokoro", () => {
    test(
      "speaks at once without a prepared graph, and changes over to it when it is there",
      async () => {
        await using folder = await createTempFolder();
        const { synthesizer, context } = await load({ runtimeCacheDir: folder.path });
        await using _synthesizer = synthesizer;
        const { recorder } = context;
        const before = await collectSpeech(synthesizer, "Once more.");
        expect(recorder.ofType("engine-load-end").at(0)?.detail).toContain("made in memory");
        await recorder.waitFor(
          (e) => e.type === "engine-load-end" && e.detail === "prepared graph",
          longTest,
        );
        await recorder.waitFor(
          (e) => e.type === "provider-state" && !e.reason?.startsWith("speaking"),
          longTest,
        );
        const after = await collectSpeech(synthesizer, "Once more.");
        expect(after[0]?.pcm.length).toBeGreaterThan(0);
        expect(after[0]?.words).toEqual(before[0]?.words ?? []);
        const modelFolder = await models.getAssetPath("kokoro-82m-q8");
        const found = await findPreparedGraph({
          sourceSha256: await hashFile(join(modelFolder, "model_quantized.onnx")),
          cacheFolder: folder.path,
          wish: "auto",
        });
        expect(found?.record.measurements).toHaveLength(2);
        expect(found?.record.machine.threads).toBe(availableParallelism());
      },
      longTest,
    );

    test(
      "a preparation whose process is killed leaves nothing wrong, and the next start makes it",
      async () => {
        await using folder = await createTempFolder();
        const first = await load({ runtimeCacheDir: folder.path });
        const { recorder, engines } = first.context;
        const isCalibrating = (e: { type: string; reason?: string }): boolean =>
          /step 2 of 3/.test(e.reason ?? "");
        await recorder.waitFor((e) => e.type === "provider-state" && isCalibrating(e), longTest);
        const pid = pidOf(engines.find((engine) => engine !== engines[0]));
        process.kill(pid, "SIGKILL");
        await recorder.waitFor(
          (e) => e.type === "engine-load-fail" && e.engine === "kokoro-preparation",
          longTest,
        );
        const [chunk] = await collectSpeech(first.synthesizer, "Still speaking.");
        expect(chunk?.pcm.length).toBeGreaterThan(0);
        expect((await readdir(folder.path)).filter((name) => !name.endsWith(".lock"))).toEqual([]);
        await first.synthesizer[Symbol.asyncDispose]();
      },
      longTest,
    );

    test(
      "an engine whose graph was deleted makes it in memory and speaks on",
      async () => {
        await using folder = await createTempFolder();
        await ensurePrepared();
        await cp(models.runtimeCacheDir, folder.path, { recursive: true });
        const { synthesizer, context } = await load({ runtimeCacheDir: folder.path });
        await using _synthesizer = synthesizer;
        const { recorder, engines } = context;
        expect(recorder.ofType("engine-load-end").at(-1)?.detail).toBe("prepared graph");
        for (const name of await readdir(folder.path)) await rm(join(folder.path, name), { recursive: true });
        process.kill(pidOf(engines[0]), "SIGKILL");
        await recorder.waitFor(
          (e) => e.type === "engine-load-end" && /in memory/.test(e.detail ?? ""),
          longTest,
        );
        expect((await collectSpeech(synthesizer, "Still speaking.")).length).toBeGreaterThan(0);
      },
      longTest,
    );

    test(
      "tells the times of a written price, of markup and of a sentence in another language",
      async () => {
        const { synthesizer } = await load();
        await using _synthesizer = synthesizer;
        const [chunk] = await collectSpeech(synthesizer, "It costs **$12.50**, my friend.", {
          priority: "tail",
        });
        expect(chunk?.words?.map(({ text }) => text)).toEqual([
          "It",
          "costs",
          "**$12.50**,",
          "my",
          "friend.",
        ]);
        const [, costs, price, my] = chunk?.words ?? [];
        // "twelve dollars and fifty cents" takes more than a second; "costs" less than half of one.
        expect((price?.endMs ?? 0) - (price?.startMs ?? 0)).toBeGreaterThan(900);
        expect((costs?.endMs ?? 0) - (costs?.startMs ?? 0)).toBeLessThan(600);
        expect(my?.startMs ?? 0).toBeGreaterThanOrEqual(price?.endMs ?? 0);
        const french = await collectSpeech(synthesizer, "Bonjour, il est 15h30.", {
          voice: "ff_siwis",
          priority: "tail",
        });
        expect(french[0]?.words?.map(({ text }) => text)).toEqual(["Bonjour,", "il", "est", "15h30."]);
      },
      longTest,
    );

    test(
      "says words while they sound: it is silent before the first and behind the last",
      async () => {
        const { synthesizer } = await load();
        await using _synthesizer = synthesizer;
        const [chunk] = await collectSpeech(synthesizer, "Nothing.", { priority: "tail" });
        const word = chunk?.words?.[0];
        if (!chunk || !word) throw new Error("nothing was said");
        const level = (fromMs: number, toMs: number): number =>
          measureLevel(chunk.pcm.slice(Math.round(fromMs * 24), Math.round(toMs * 24))).peak;
        const loud = level(word.startMs, word.endMs);
        expect(loud).toBeGreaterThan(0.1);
        expect(level(0, 20)).toBeLessThan(loud / 30);
        expect(level(chunk.pcm.length / 24 - 60, chunk.pcm.length / 24)).toBeLessThan(loud / 30);
        expect(word.startMs).toBeLessThan(300);
      },
      longTest,
    );

    test(
      "blends two voices into a third, and voices differ",
      async () => {
        const { synthesizer } = await load();
        await using _synthesizer = synthesizer;
        const voices = [
          "af_bella",
          "am_adam",
          "af_bella+am_adam",
          "af_bella(2)+am_adam(2)",
          "af_bella(9)+am_adam(1)",
        ];
        const sounds: Float32Array[] = [];
        for (const voice of voices) {
          sounds.push(
            concatPcm((await collectSpeech(synthesizer, "Good day.", { voice })).map(({ pcm }) => pcm)),
          );
        }
        const [bella, adam, half, alsoHalf, mostlyBella] = sounds.map((pcm) => Bun.hash(pcm));
        expect(half).toBe(alsoHalf ?? 0n);
        expect(new Set([bella, adam, half, mostlyBella]).size).toBe(4);
      },
      longTest,
    );

    test(
      "a voice of each language and gender speaks",
      async () => {
        const { synthesizer } = await load();
        await using _synthesizer = synthesizer;
        const words: Record<string, string> = {
          ja: "はい。",
          "zh-CN": "你好。",
          hi: "नमस्ते।",
          "fr-FR": "Oui.",
          es: "Sí.",
        };
        const families = Map.groupBy(synthesizer.voices(), ({ id }) => id.slice(0, 2));
        expect(families.size).toBe(17);
        for (const [family, [voice]] of families) {
          const text = words[voice?.language ?? ""] ?? "Yes.";
          const [chunk] = await collectSpeech(synthesizer, text, { voice: voice?.id });
          const { peak } = measureLevel(chunk?.pcm ?? new Float32Array(1));
          expect([family, peak > 0.02 && peak < 1.5]).toEqual([family, true]);
        }
      },
      longTest,
    );

    test(
      "an engine that is killed in mid-sentence costs that sentence, and is back within 2 s",
      async () => {
        const { synthesizer, context } = await load();
        await using _synthesizer = synthesizer;
        const [engine] = context.engines;
        const text = "One moment, please. This sentence is long enough to be killed somewhere in its middle.";
        const chunks = synthesizer.synthesize(text, { priority: "tail" })[Symbol.asyncIterator]();
        await chunks.next();
        // Asked for before the kill, so the job is with the engine.
        const speaking = chunks.next().catch((error: unknown) => error);
        const pid = pidOf(engine);
        process.kill(pid, "SIGKILL");
        const error = await speaking;
        expect(error instanceof AppError ? error.code : error).toBe("E_BUSY");
        const diedMs = performance.now();
        await context.recorder.waitFor((e) => e.type === "engine-exit");
        expect((await collectSpeech(synthesizer, "Here again.")).length).toBeGreaterThan(0);
        console.log(`Kokoro: back after ${Math.round(performance.now() - diedMs)} ms`);
        expect(engine?.pid).not.toBe(pid);
      },
      longTest,
    );
  });
}
