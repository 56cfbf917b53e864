// The whole way through the library on a model of a kilobyte that tells low sounds from high (whisper-model.ts). What the
// real weights hear is not tested: their files cannot be had where these tests were written.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { AppError } from "../../../../src/base/errors.ts";
import { whisperProvider } from "../../../../src/providers/asr/whisper/index.ts";
import { createLoadContext } from "../../../support/load-context.ts";
import { describeRecognizerContract } from "../../../support/recognizer-contract.ts";
import { createTempFolder } from "../../../support/temp-folder.ts";
import { writeWhisperModel } from "../../../support/whisper-model.ts";

// A test loads up to four engines, each a process of its own.
setDefaultTimeout(60_000);

const folder = await createTempFolder();
afterAll(() => folder[Symbol.asyncDispose]());
const modelsRoot = folder.path;
await writeWhisperModel(join(modelsRoot, "whisper/whisper-tiny"));
await writeWhisperModel(join(modelsRoot, "whisper/onnx-community/whisper-base.en"), {
  suffix: "",
  isMultilingual: false,
});
await writeWhisperModel(join(modelsRoot, "whisper/mine"), { suffix: "_q4" });
await writeWhisperModel(join(modelsRoot, "whisper/whisper-small"));
await Bun.file(join(modelsRoot, "whisper/whisper-small/onnx/decoder_model_merged_quantized.onnx")).delete();

const tone = (hz: number, seconds = 2): Float32Array =>
  Float32Array.from({ length: seconds * 16_000 }, (_, i) => 0.3 * Math.sin((2 * Math.PI * hz * i) / 16_000));
const load = async (settings?: unknown) => {
  const context = createLoadContext({ modelsRoot, settings });
  const parsed = whisperProvider.settingsSchema.parse(settings ?? {});
  return { recognizer: await whisperProvider.load({ ...context, settings: parsed }), context };
};
const hear = async (settings: unknown, pcm: Float32Array, language?: string) => {
  const { recognizer } = await load(settings);
  await using _recognizer = recognizer;
  const session = recognizer.open({ language });
  session.push(pcm);
  const { text, language: heard } = await session.finish();
  return { text, heard };
};
const probe = (settings: unknown) =>
  whisperProvider.probe({ modelsRoot, settings: whisperProvider.settingsSchema.parse(settings) });

describeRecognizerContract("Whisper", async () => (await load()).recognizer, {
  speech: { pcm: tone(300), text: "hello world" },
  foreignLanguage: "de",
});

describe("Whisper", () => {
  test("listens which language it is, unless it is told", async () => {
    expect(await hear({}, tone(300))).toEqual({ text: "hello world.", heard: "en" });
    expect(await hear({}, tone(4000))).toEqual({ text: "bonjour le monde.", heard: "fr" });
    expect(await hear({}, tone(4000), "en-US")).toMatchObject({ heard: "en" });
    expect(await hear({ language: "fr" }, tone(300))).toMatchObject({ heard: "fr" });
  });

  test("loads an English model by the name it has on the hub, at the precision that is there", async () => {
    expect(await hear({ model: "base.en" }, tone(300))).toEqual({ text: "hello world.", heard: "en" });
    const { recognizer, context } = await load({ model: "base.en" });
    await using _recognizer = recognizer;
    expect(recognizer.languages).toEqual(["en"]);
    expect(() => recognizer.open({ language: "fr" })).toThrow(/English only/);
    expect(context.recorder.ofType("engine-load-end")[0]?.detail).toBe(
      "onnx-community/whisper-base.en, fp32/fp32",
    );
  });

  test("loads a folder of one's own", async () => {
    expect(await hear({ model: "mine" }, tone(4000))).toMatchObject({ text: "bonjour le monde." });
  });

  test("says what is missing and what to do", async () => {
    expect(await probe({})).toEqual({ state: "ready" });
    const absent = await probe({ model: "large-v3" });
    expect(absent.state).toBe("not-installed");
    expect(absent).toMatchObject({ reason: expect.stringContaining("onnx-community/whisper-large-v3") });
    expect(await probe({ model: "small" })).toEqual({
      state: "not-installed",
      reason: expect.stringMatching(/whisper-small lacks onnx\/decoder_model_merged_quantized\.onnx;/),
    });
    expect(await probe({ precision: "fp32" })).toMatchObject({ state: "not-installed" });
    const error = await load({ model: "large-v3" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe("E_NOT_FOUND");
  });

  test("a damaged folder says which file", async () => {
    await writeWhisperModel(join(modelsRoot, "whisper/damaged"));
    await Bun.write(join(modelsRoot, "whisper/damaged/generation_config.json"), "{");
    const error = await probe({ model: "damaged" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "E_SCHEMA",
      message: expect.stringContaining("generation_config.json"),
    });
  });

  test("a model's name leads nowhere else", () => {
    for (const model of ["../secret", "a/b/c", "/etc", "..", "a/..", ""]) {
      expect(whisperProvider.settingsSchema.safeParse({ model }).success).toBe(false);
    }
  });

  test("cuts recordings that are longer than its window", async () => {
    const { recognizer } = await load();
    await using _recognizer = recognizer;
    const session = recognizer.open({ language: "en" });
    for (let i = 0; i < 4; i++) {
      session.push(tone(300, 9));
      session.push(new Float32Array(16_000));
    }
    const { text, durationMs } = await session.finish();
    expect([text, durationMs]).toEqual(["hello world. hello world.", 40_000]);
  });
});
