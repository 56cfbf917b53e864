import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { AppError } from "../../../../src/base/errors.ts";
import { leadingVoice, parseVoiceBlend } from "../../../../src/providers/tts/kokoro/voice-blend.ts";
import { createVoiceStyles } from "../../../../src/providers/tts/kokoro/voice-styles.ts";
import { kokoroVoices, languageOfVoice } from "../../../../src/providers/tts/kokoro/voices.ts";
import { createTempFolder } from "../../../support/temp-folder.ts";

const codeOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error instanceof AppError ? error.code : error;
  }
};

describe("the voices", () => {
  test("are 54, each with name, language and gender", () => {
    expect(kokoroVoices).toHaveLength(54);
    expect(new Set(kokoroVoices.map(({ id }) => id)).size).toBe(54);
    expect(kokoroVoices.find(({ id }) => id === "bm_george")).toEqual({
      id: "bm_george",
      name: "George",
      language: "en-GB",
      gender: "male",
    });
    expect(["af_heart", "ff_siwis", "zm_yunxi"].map(languageOfVoice)).toEqual(["en-US", "fr-FR", "zh-CN"]);
  });

  test("have files in the package that carries them", async () => {
    const folder = join(import.meta.dir, "../../../../node_modules/kokoro-js/voices");
    for (const { id } of kokoroVoices) expect(Bun.file(join(folder, `${id}.bin`)).size).toBe(522_240);
  });
});

describe("a blend", () => {
  test("is one voice, or several with weights that sum to 1", () => {
    expect(parseVoiceBlend("af_heart")).toEqual([{ voice: "af_heart", weight: 1 }]);
    expect(parseVoiceBlend("af_bella(2)+af_sky(1)")).toEqual([
      { voice: "af_bella", weight: 2 / 3 },
      { voice: "af_sky", weight: 1 / 3 },
    ]);
    expect(parseVoiceBlend(" af_bella + am_adam(.5)")).toEqual([
      { voice: "af_bella", weight: 2 / 3 },
      { voice: "am_adam", weight: 1 / 3 },
    ]);
    expect(parseVoiceBlend("af_sky+af_sky")).toEqual([{ voice: "af_sky", weight: 1 }]);
  });

  test("speaks the language of its heaviest voice, of equals the first", () => {
    expect(leadingVoice(parseVoiceBlend("af_bella(1)+bf_emma(2)"))).toBe("bf_emma");
    expect(leadingVoice(parseVoiceBlend("af_bella+bf_emma"))).toBe("af_bella");
  });

  test("that is none is E_ARGS, and the message says how it is written", () => {
    const wrong = [
      "",
      "bella",
      "af_nobody",
      "af_bella(",
      "af_bella(-1)",
      "af_bella(0)",
      "af_bella++af_sky",
      "af_bella(x)",
    ];
    for (const written of wrong) expect(codeOf(() => parseVoiceBlend(written))).toBe("E_ARGS");
    expect(codeOf(() => parseVoiceBlend("af_sky+".repeat(9) + "af_sky"))).toBe("E_ARGS");
    expect(() => parseVoiceBlend("af_nobody")).toThrow("af_bella(2)+af_sky(1)");
  });
});

describe("styles", () => {
  const table = (start: number): Float32Array =>
    Float32Array.from({ length: 510 * 256 }, (_, i) => start + Math.floor(i / 256));

  test("are the row for the number of phonemes, and of a blend the weighted mean", async () => {
    await using folder = await createTempFolder();
    await folder.write("af_sky.bin", new Uint8Array(table(0).buffer));
    await folder.write("af_bella.bin", new Uint8Array(table(1000).buffer));
    const styles = createVoiceStyles(folder.path);
    const sky = await styles.getStyle([{ voice: "af_sky", weight: 1 }], 7);
    expect([sky.length, sky[0], sky[255]]).toEqual([256, 7, 7]);
    expect((await styles.getStyle([{ voice: "af_sky", weight: 1 }], 510))[0]).toBe(509);
    const blend = [
      { voice: "af_sky", weight: 0.25 },
      { voice: "af_bella", weight: 0.75 },
    ];
    expect((await styles.getStyle(blend, 7))[3]).toBe(757);
  });

  test("a missing file is E_NOT_FOUND and is found when it comes; a damaged one is E_VERIFY", async () => {
    await using folder = await createTempFolder();
    const styles = createVoiceStyles(folder.path);
    const get = (): Promise<unknown> =>
      styles.getStyle([{ voice: "af_sky", weight: 1 }], 1).then(
        (style) => style[0],
        (error: unknown) => (error instanceof AppError ? error.code : error),
      );
    expect(await get()).toBe("E_NOT_FOUND");
    await folder.write("af_sky.bin", new Uint8Array(4));
    expect(await get()).toBe("E_VERIFY");
    await folder.write("af_sky.bin", new Uint8Array(table(5).buffer));
    expect(await get()).toBe(6);
  });
});
