// The whole way of a judgement: an ONNX file in an engine process. The file is the tests' own, with the real one's input and
// output; the real weights cannot be had where these tests run.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { AppError } from "../../../../src/base/errors.ts";
import {
  createSmartTurnDetector,
  smartTurnProvider,
} from "../../../../src/providers/turn/smart_turn/index.ts";
import { fitTurnWindow } from "../../../../src/providers/turn/smart_turn/turn-window.ts";
import { createLogMel } from "../../../../src/providers/turn/smart_turn/log-mel.ts";
import type { Engine } from "../../../../src/speech/engine.ts";
import type { AudioTurnDetector } from "../../../../src/speech/ports.ts";
import { createLoadContext, type TestLoadContext } from "../../../support/load-context.ts";
import {
  answerToSilence,
  buildSmartTurnModel,
  type SmartTurnModelOptions,
} from "../../../support/smart-turn-model.ts";
import { createTempFolder, type TempFolder } from "../../../support/temp-folder.ts";

let folder: TempFolder;
beforeAll(async () => {
  folder = await createTempFolder();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

async function prepare(options: SmartTurnModelOptions = {}): Promise<TestLoadContext> {
  const path = join(folder.path, `${JSON.stringify(options).replaceAll(/\W/g, "_")}.onnx`);
  await Bun.write(path, buildSmartTurnModel(options));
  return createLoadContext({
    settings: {},
    getAssetPath: (name) => {
      expect(name).toBe("smart-turn-v3");
      return Promise.resolve(path);
    },
  });
}

const voice = (ms: number): Float32Array =>
  Float32Array.from({ length: ms * 16 }, (_, i) => 0.3 * Math.sin(i / 15) * Math.sin(i / 900));
const withPause = (pcm: Float32Array, ms: number): Float32Array => {
  const joined = new Float32Array(pcm.length + ms * 16);
  joined.set(pcm);
  return joined;
};

/** What the model is built to answer, from the features by themselves. */
function expectAnswer(pcm: Float32Array): number {
  const features = createLogMel()(fitTurnWindow(pcm));
  const mean = (values: Float32Array): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const end = features.filter((_, i) => i % 800 >= 750);
  return 1 / (1 + Math.exp(-10 * (mean(features) - mean(end))));
}

describe("Smart Turn in its engine", () => {
  let detector: AudioTurnDetector;
  let context: TestLoadContext;
  beforeAll(async () => {
    context = await prepare();
    detector = await smartTurnProvider.load(context);
  }, 60_000);
  afterAll(async () => {
    await detector[Symbol.asyncDispose]();
  });

  test("answers from the sound of the whole turn and of its end", async () => {
    const [speaking, pausing] = [voice(3000), withPause(voice(3000), 600)];
    const [during, after] = await Promise.all([detector.judge(speaking), detector.judge(pausing)]);
    expect(during).toBeCloseTo(expectAnswer(speaking), 4);
    expect(after).toBeCloseTo(expectAnswer(pausing), 4);
    expect(after).toBeGreaterThan(0.6);
    expect(during).toBeLessThan(0.4);
  });

  test("hears the last eight seconds of a long turn", async () => {
    const long = withPause(voice(20_000), 400);
    expect(await detector.judge(long)).toBeCloseTo(expectAnswer(long.slice(-128_000)), 4);
  });

  test("answers to silence and to nothing too", async () => {
    expect(await detector.judge(new Float32Array(16_000))).toBeCloseTo(answerToSilence, 4);
    expect(await detector.judge(new Float32Array())).toBeCloseTo(answerToSilence, 4);
  });

  test("lets go of who no longer wants to know", async () => {
    const failure = await detector
      .judge(voice(500), { signal: AbortSignal.abort() })
      .catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(AppError);
    expect((failure as AppError).code).toBe("E_INTERRUPTED");
  });

  test("runs in a process of its own", () => {
    expect(context.engines.map(({ pid }) => pid)).not.toContain(process.pid);
    expect(context.engines[0]?.pid).toBeGreaterThan(0);
  });
});

test.each([
  ["of another kind", { inputName: "input_values" }, "it takes input_values, not input_features"],
  ["that answers no probabilities", { isRaw: true }, "not a probability"],
] as const)("a model %s is refused", async (_name, options, message) => {
  const context = await prepare(options);
  // Silence answers 0 with either; a voice is what tells them apart.
  const failure = await smartTurnProvider
    .load(context)
    .then(async (detector) => {
      await using held = detector;
      await held.judge(voice(2000));
    })
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(AppError);
  expect((failure as AppError).code).toBe("E_COMPAT");
  expect((failure as AppError).message).toContain(message);
});

test("an engine is sent the last eight seconds as a buffer of their own", async () => {
  const sent: Float32Array[] = [];
  const engine: Engine = {
    state: "ready",
    pid: 1,
    start: () => Promise.resolve(),
    run(method, params, options) {
      expect(method).toBe("judge");
      expect(options?.sessionId).toBe("sess_1");
      sent.push((params as { pcm: Float32Array }).pcm);
      return Promise.resolve(0.25);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await using detector = createSmartTurnDetector({ engine });
  const pcm = new Float32Array(200_000).fill(0.5);
  expect(await detector.judge(pcm.subarray(0, 100), { sessionId: "sess_1" })).toBe(0.25);
  await detector.judge(pcm, { sessionId: "sess_1" });
  expect(sent.map((part) => [part.length, part.buffer.byteLength])).toEqual([
    [100, 400],
    [128_000, 512_000],
  ]);
});
