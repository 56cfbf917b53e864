import { describe, expect, test } from "bun:test";
import { AppError } from "../../../../src/base/errors.ts";
import type { KokoroInput, KokoroModel } from "../../../../src/providers/tts/kokoro/kokoro-model.ts";
import { createEspeakPhonemizer } from "../../../../src/providers/tts/kokoro/phonemes/espeak-phonemizer.ts";
import type { PhonemeLetter } from "../../../../src/providers/tts/kokoro/phonemes/phoneme-text.ts";
import { cutPieces } from "../../../../src/providers/tts/kokoro/piece-cutter.ts";
import { pauseMsAfter, trimSilence } from "../../../../src/providers/tts/kokoro/silence.ts";
import { createSpeechMaker } from "../../../../src/providers/tts/kokoro/speech-maker.ts";
import { maxPhonemes, parseVocabulary } from "../../../../src/providers/tts/kokoro/vocabulary.ts";
import { placeWords } from "../../../../src/providers/tts/kokoro/word-times.ts";
import { createTextReader } from "../../../../src/text/speakable-text.ts";

const letters = (text: string): PhonemeLetter[] => [...text].map((letter, token) => ({ letter, token }));
const textOf = (piece: readonly PhonemeLetter[]): string => piece.map(({ letter }) => letter).join("");

describe("pieces for the model", () => {
  test("short text is one piece, and blanks around it go", () => {
    expect(cutPieces(letters(" həlˈO. ")).map(textOf)).toEqual(["həlˈO."]);
    expect(cutPieces(letters("   "))).toEqual([]);
  });

  test("are cut behind a sentence, else a clause, else a word, else hard", () => {
    expect(cutPieces(letters("aaaa. bb, cc dd"), 10).map(textOf)).toEqual(["aaaa.", "bb, cc dd"]);
    expect(cutPieces(letters("aaaa, bb cc dd"), 10).map(textOf)).toEqual(["aaaa,", "bb cc dd"]);
    expect(cutPieces(letters("aaaa bb cc dd"), 10).map(textOf)).toEqual(["aaaa bb", "cc dd"]);
    expect(cutPieces(letters("aaaaaaaaaaaaaaa"), 10).map(textOf)).toEqual(["aaaaaaaaaa", "aaaaa"]);
    // A sentence that ends right at the beginning would leave too little.
    expect(cutPieces(letters("a. bbbbb cccccc"), 10).map(textOf)).toEqual(["a. bbbbb", "cccccc"]);
  });

  test("never exceed the limit and lose no letter, whatever comes", () => {
    const source = letters(Array.from({ length: 4000 }, (_, i) => "abc ,.—"[(i * i) % 7]).join(""));
    const pieces = cutPieces(source);
    expect(pieces.every((piece) => piece.length <= maxPhonemes)).toBe(true);
    const sounding = (all: readonly PhonemeLetter[]): string => textOf(all).replace(/ /g, "");
    expect(sounding(pieces.flat())).toBe(sounding(source));
  });
});

describe("silence", () => {
  const samplesPerMs = 24;
  const speech = (leadMs: number, soundMs: number, tailMs: number): Float32Array =>
    Float32Array.from({ length: (leadMs + soundMs + tailMs) * samplesPerMs }, (_, i) => {
      const ms = i / samplesPerMs;
      return ms >= leadMs && ms < leadMs + soundMs ? 0.5 * Math.sin(i) + 0.1 : 0.0001;
    });
  const cut = { leadSamples: 400 * samplesPerMs, tailSamples: 400 * samplesPerMs };

  test("before the words a breath is left, behind them the pause of their mark", () => {
    const { pcm, cutSamples } = trimSilence(speech(300, 1000, 400), { ...cut, pauseMs: 280 });
    expect(cutSamples / samplesPerMs).toBeCloseTo(260, 0);
    expect(pcm.length / samplesPerMs).toBeCloseTo(40 + 1000 + 280, 0);
    expect(["a.", "a?", "a,", "a"].map((text) => pauseMsAfter(text.slice(-1)))).toEqual([280, 280, 140, 50]);
  });

  test("a pause that is too short is made longer", () => {
    const { pcm } = trimSilence(speech(20, 1000, 10), { ...cut, pauseMs: 100 });
    expect(pcm.length / samplesPerMs).toBeCloseTo(20 + 1000 + 100, 0);
    expect(pcm.at(-1)).toBe(0);
  });

  test("quiet speech beyond what the model gave to silence stays", () => {
    const { cutSamples } = trimSilence(speech(300, 1000, 400), {
      leadSamples: 2400,
      tailSamples: 0,
      pauseMs: 0,
    });
    expect(cutSamples).toBe(2400 - 40 * samplesPerMs);
  });
});

describe("word times", () => {
  const place = (text: string, msPerToken = 100) => {
    const tokens = createTextReader("en-US").read(text);
    const times = tokens.map((_, token) => ({
      token,
      startMs: token * msPerToken,
      endMs: (token + 1) * msPerToken,
    }));
    return placeWords(text, tokens, times).map(({ text: word, startMs, endMs }) => [word, startMs, endMs]);
  };

  test("are those of the written words, with their marks", () => {
    expect(place("Hello, **big** world!")).toEqual([
      ["Hello,", 0, 100],
      ["**big**", 200, 300],
      ["world!", 300, 400],
    ]);
  });

  test("of several words read as one are shares of it; of one read as several, all of them", () => {
    expect(place("$5 million now")).toEqual([
      ["$5", 0, 20],
      ["million", 30, 100],
      ["now", 100, 200],
    ]);
    expect(place("a snake_case name")).toEqual([
      ["a", 0, 100],
      ["snake_case", 100, 300],
      ["name", 300, 400],
    ]);
  });

  test("never go back, also where those of two runs of the model touch", () => {
    const text = "one two";
    const tokens = createTextReader("en-US").read(text);
    const times = [
      { token: 0, startMs: 0, endMs: 120 },
      { token: 1, startMs: 100, endMs: 110 },
    ];
    expect(placeWords(text, tokens, times)).toEqual([
      { text: "one", startMs: 0, endMs: 120 },
      { text: "two", startMs: 120, endMs: 120 },
    ]);
  });

  test("leave out what is not spoken", () => {
    expect(place("🙂 yes — no ```x```")).toEqual([
      ["yes", 0, 100],
      ["no", 200, 300],
    ]);
  });
});

/** A model whose every id lasts 2 units, and which remembers what it was asked. */
function createFakeModel(): { model: KokoroModel; inputs: KokoroInput[] } {
  const inputs: KokoroInput[] = [];
  return {
    inputs,
    model: {
      async speak(input) {
        inputs.push(input);
        const durations = input.ids.map(() => 2);
        const pcm = new Float32Array(durations.length * 2 * 600).fill(0.5);
        return await Promise.resolve({ pcm, durations });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
  };
}

const alphabet = [...'$;:,.!?—…"()“” AIOQWYTabdefhijklmnpstuvwzæðŋɑɔəɛɜɡɪɹʃʊʌʒʤʧˈˌːθᵊᵻ'];
const vocabulary = new Map(alphabet.map((letter, id) => [letter, id]));
const espeak = await createEspeakPhonemizer();

function open() {
  const { model, inputs } = createFakeModel();
  const counts: number[] = [];
  const maker = createSpeechMaker({
    model,
    vocabulary,
    phonemizers: [espeak],
    styles: {
      getStyle: async (_shares, count) => {
        counts.push(count);
        return await Promise.resolve(new Float32Array(256));
      },
    },
  });
  const shares = [{ voice: "af_heart", weight: 1 }];
  const speak = (text: string, pause = () => Promise.resolve(), speed = 1) =>
    maker.speak({ text, shares, language: "en-US", speed }, pause);
  const speakPhonemes = (text: string) =>
    maker.speak({ text, isPhonemes: true, shares, language: "en-US", speed: 1 }, () => Promise.resolve());
  return { maker, speak, speakPhonemes, inputs, counts };
}

describe("phonemes", () => {
  test("of a text are what the model would read, and give the same input when they are said", async () => {
    const { maker, speak, speakPhonemes, inputs } = open();
    const { phonemes, ids } = maker.phonemize({ text: "Hello there.", language: "en-US" });
    expect(phonemes).toMatch(/^h.*ð.*\.$/);
    await speak("Hello there.");
    const { pcm, words } = await speakPhonemes(`${phonemes}\n`);
    expect(inputs.map((input) => input.ids)).toEqual([ids, ids]);
    expect(pcm.length).toBeGreaterThan(0);
    expect(words).toEqual([]);
  });

  test("that the model does not know are E_ARGS by name, and none is dropped in silence", async () => {
    const { speakPhonemes, inputs } = open();
    const refusal = await speakPhonemes("həl☃Ъ").catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "E_ARGS", message: expect.stringContaining("☃ Ъ") });
    expect(inputs).toEqual([]);
  });
});

describe("a piece of text", () => {
  test("becomes ids between two paddings, with the style for their number", async () => {
    const { speak, inputs, counts } = open();
    const { pcm, words } = await speak("Hello there.");
    const [input] = inputs;
    expect(inputs).toHaveLength(1);
    expect(input?.ids.at(0)).toBe(0);
    expect(input?.ids.at(-1)).toBe(0);
    expect(counts).toEqual([(input?.ids.length ?? 0) - 2]);
    expect(words.map(({ text }) => text)).toEqual(["Hello", "there."]);
    expect(words[0]?.startMs).toBe(50); // behind the padding's two units
    expect(words.at(-1)?.endMs).toBeLessThanOrEqual(pcm.length / 24);
  });

  test("of 400 words is said whole, in pieces that the model takes, with times that never go back", async () => {
    const { speak, inputs } = open();
    const names = ["water", "river", "stone", "morning", "letter"];
    const text = Array.from({ length: 400 }, (_, i) => `${names[i % 5]}${i % 9 === 8 ? "," : ""}`).join(" ");
    const { words, pcm } = await speak(text);
    expect(words.map((word) => word.text).join(" ")).toBe(text);
    expect(inputs.length).toBeGreaterThan(3);
    expect(inputs.every(({ ids }) => ids.length <= 512)).toBe(true);
    let lastMs = 0;
    for (const { startMs, endMs } of words) {
      expect(startMs).toBeGreaterThanOrEqual(lastMs);
      expect(endMs).toBeGreaterThanOrEqual(startMs);
      lastMs = endMs;
    }
    expect(lastMs).toBeLessThanOrEqual(pcm.length / 24 + 1);
  });

  test("that is one word of 3,000 characters is said whole", async () => {
    const { speak, inputs } = open();
    const word = "bana".repeat(750);
    const { words } = await speak(word);
    expect(words.map(({ text }) => text)).toEqual([word]);
    const spoken = inputs.flatMap(({ ids }) => ids.map((id) => alphabet[id])).join("");
    expect((spoken.match(/b/g) ?? []).length).toBeGreaterThanOrEqual(740);
    expect(inputs.every(({ ids }) => ids.length <= 512)).toBe(true);
  });

  test("without anything to say is silence of no length, and the model is not asked", async () => {
    const { speak, inputs } = open();
    expect(await speak("🙂 …")).toEqual({ pcm: new Float32Array(0), words: [] });
    expect(inputs).toEqual([]);
  });

  test("hears of a cancel between two runs", async () => {
    const { speak, inputs } = open();
    const cancelled = speak("water ".repeat(400), () =>
      Promise.reject(new AppError("E_INTERRUPTED", "cancelled")),
    );
    expect(cancelled).rejects.toThrow("cancelled");
    await cancelled.catch(() => undefined);
    expect(inputs).toHaveLength(1);
  });

  test("is read in the language asked for, by the first phonemiser that speaks it", async () => {
    const asked: string[] = [];
    const answer = (name: string) => (words: string, tag: string) => {
      asked.push(`${name}: ${tag} ${words}`);
      return words.split(" ").map(() => ["a"]);
    };
    const maker = createSpeechMaker({
      model: createFakeModel().model,
      vocabulary,
      styles: { getStyle: () => Promise.resolve(new Float32Array(256)) },
      phonemizers: [
        { id: "phonemize", canSpeak: (tag) => tag === "ja", translate: answer("phonemize") },
        { id: "espeak", canSpeak: () => true, translate: answer("espeak") },
      ],
    });
    const shares = [{ voice: "ff_siwis", weight: 1 }];
    const pause = (): Promise<void> => Promise.resolve();
    await maker.speak({ text: "5 €", language: "fr-FR", speed: 1, shares }, pause);
    await maker.speak({ text: "今日", language: "ja", speed: 1, shares }, pause);
    expect(asked).toEqual(["espeak: fr-FR cinq euros", "phonemize: ja 今日"]);
  });
});

test("a vocabulary is read from its file, and another file is E_VERIFY", () => {
  expect(parseVocabulary({ model: { vocab: { a: 43, ".": 4 } } }, "tokenizer.json").get("a")).toBe(43);
  expect(() => parseVocabulary({ model: {} }, "tokenizer.json")).toThrow("tokenizer.json is no vocabulary");
});
