import { afterEach, describe, expect, test } from "bun:test";
import { z } from "zod";
import type { ProviderModels } from "../../src/assets/provider/provider-models.ts";
import { AppError } from "../../src/base/errors.ts";
import type { SpeechEvent } from "../../src/speech/engine.ts";
import type { ProviderState, SpeechRecognizer } from "../../src/speech/ports.ts";
import type { LoadContext, Provider, ProviderCatalogue } from "../../src/speech/provider.ts";
import {
  createSpeechSystem,
  type SpeechSystemDependencies,
  type SpeechSystemOptions,
} from "../../src/speech/speech-system.ts";
import { createEventRecorder } from "../support/event-recorder.ts";
import {
  createFakeDetector,
  createFakeRecognizer,
  createFakeSynthesizer,
} from "../support/fake-engines/fake-speech.ts";
import { scriptedEngineEntry } from "../support/fake-engines/scripted-engine.ts";
import { createManualClock } from "../support/manual-clock.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

function describeProvider<K extends string, T>(
  kind: K,
  id: string,
  rest: Partial<Provider<K, T>>,
): Provider<K, T> {
  return {
    kind,
    id,
    title: `The ${id}`,
    languages: ["en"],
    licence: "MIT",
    homepage: "https://example.org",
    settingsSchema: z.object({ size: z.number().default(1) }),
    assets: { file_extension: ".onnx", directory_name: id, credential_patterns: [], cache_types: [] },
    assetNames: () => [],
    probe: () => Promise.resolve({ state: "ready" }),
    load: () => Promise.reject(new AppError("E_NOT_FOUND", "it has no model")),
    ...rest,
  };
}

interface Setup {
  loadRecognizer?: (context: LoadContext) => Promise<SpeechRecognizer>;
  probe?: () => Promise<ProviderState>;
  options?: Partial<SpeechSystemOptions>;
  suppliesOf?: SpeechSystemDependencies["suppliesOf"];
}
function open({ loadRecognizer, probe, options, suppliesOf }: Setup = {}) {
  const recorder = createEventRecorder<SpeechEvent>();
  const clock = createManualClock();
  const catalogue: ProviderCatalogue = {
    tts: {
      kokoro: async () =>
        describeProvider("tts", "kokoro", { load: () => Promise.resolve(createFakeSynthesizer()) }),
      broken: () => Promise.reject(new Error("Cannot find module")),
    },
    asr: {
      moonshine: async () =>
        describeProvider("asr", "moonshine", {
          load: loadRecognizer ?? (() => Promise.resolve(createFakeRecognizer())),
          ...(probe && { probe }),
        }),
    },
    vad: {
      silero: async () =>
        describeProvider("vad", "silero", { load: () => Promise.resolve(createFakeDetector()) }),
    },
  };
  const system = stack.use(
    createSpeechSystem(
      {
        catalogue,
        getAssetPath: (name) => Promise.resolve(`/models/${name}`),
        suppliesOf,
        emit: recorder.emit,
        clock,
      },
      {
        synthesizer: "kokoro",
        recognizer: "moonshine",
        detector: "silero",
        threads: 2,
        runtimeCacheDir: "/cache/runtime",
        modelsRoot: "/models",
        ...options,
      },
    ),
  );
  return { system, recorder, clock };
}
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: unknown) => (error instanceof AppError ? error.code : error));

describe("starting", () => {
  test("loads the three, and says so", async () => {
    const { system, recorder } = open();
    expect(system.status().tts.state.state).toBe("loading");
    await system.start();
    expect(system.status()).toEqual({
      tts: { provider: "kokoro", state: { state: "ready" } },
      asr: { provider: "moonshine", state: { state: "ready" } },
      vad: { provider: "silero", state: { state: "ready" } },
    });
    expect((await system.synthesizer()).id).toBe("fake");
    expect((await system.detector()).id).toBe("fake");
    const states = recorder.ofType("provider-state").filter((event) => event.provider === "kokoro");
    expect(states.map((event) => event.state)).toEqual(["loading", "ready"]);
  });

  test("one that fails harms no other, and start never rejects", async () => {
    const { system } = open({ loadRecognizer: () => Promise.reject(new AppError("E_NET", "no network")) });
    await system.start();
    expect(system.status().asr.state).toEqual({ state: "not-installed", reason: "no network" });
    expect(system.status().tts.state).toEqual({ state: "ready" });
    expect(await codeOf(system.recognizer())).toBe("E_NET");
    await system.synthesizer();
  });

  test("a chosen provider that does not exist is a state, not an exception", async () => {
    const { system } = open({ options: { synthesizer: "nobody" } });
    await system.start();
    expect(system.status().tts.state).toMatchObject({ state: "not-installed" });
    expect(await codeOf(system.synthesizer())).toBe("E_NOT_FOUND");
  });
});

test("what a ready provider says of itself is part of its state, and an engine's word before that is not", async () => {
  let context: LoadContext | undefined;
  let duringLoad: string | undefined;
  const { system, recorder } = open({
    loadRecognizer: (given) => {
      context = given;
      given.emit({ ...own, reason: "too early" });
      duringLoad = system.status().asr.state.state;
      return Promise.resolve(createFakeRecognizer());
    },
  });
  const own = { type: "provider-state", kind: "asr", provider: "moonshine", state: "ready" } as const;
  await system.start();
  expect(duringLoad).toBe("loading");
  expect(system.status().asr.state).toEqual({ state: "ready" });
  context?.emit({ ...own, reason: "a faster model is being prepared" });
  context?.emit({ ...own, provider: "whisper", reason: "somebody else" });
  expect(system.status().asr.state).toEqual({ state: "ready", note: "a faster model is being prepared" });
  expect(recorder.ofType("provider-state").map(({ reason }) => reason)).toContain("somebody else");
  context?.emit(own);
  expect(system.status().asr.state).toEqual({ state: "ready" });
});

describe("asking for a part", () => {
  test("while it loads is E_BUSY at once, or after as long as one will wait", async () => {
    const loading = Promise.withResolvers<SpeechRecognizer>();
    const { system } = open({ loadRecognizer: () => loading.promise });
    const started = system.start();
    expect(await codeOf(system.recognizer())).toBe("E_BUSY");
    expect(await codeOf(system.recognizer({ timeoutMs: 5 }))).toBe("E_BUSY");
    expect(await codeOf(system.recognizer({ timeoutMs: 9000, signal: AbortSignal.abort() }))).toBe(
      "E_INTERRUPTED",
    );
    const patient = system.recognizer({ timeoutMs: Number.POSITIVE_INFINITY });
    const waiting = system.recognizer({ timeoutMs: 9000 });
    expect(await codeOf(system.recognizer({ timeoutMs: 20 }))).toBe("E_BUSY");
    loading.resolve(createFakeRecognizer());
    expect((await waiting).id).toBe("fake");
    expect((await patient).id).toBe("fake");
    await started;
  });

  test("loads it on first use, once for all who ask", async () => {
    let loads = 0;
    const { system } = open({
      loadRecognizer: () => {
        loads += 1;
        return Promise.resolve(createFakeRecognizer());
      },
    });
    const asked = { provider: "moonshine", timeoutMs: 1000 };
    const [first, second] = await Promise.all([system.recognizer(asked), system.recognizer(asked)]);
    expect(first).toBe(second);
    expect(loads).toBe(1);
    expect(await codeOf(system.recognizer({ provider: "nobody" }))).toBe("E_NOT_FOUND");
    expect(await codeOf(system.recognizer({ provider: "toString" }))).toBe("E_NOT_FOUND");
  });

  test("that failed gives its error, and after a while another try", async () => {
    let loads = 0;
    const { system, clock } = open({
      loadRecognizer: () => {
        loads += 1;
        return loads === 1
          ? Promise.reject(new AppError("E_NET", "no network"))
          : Promise.resolve(createFakeRecognizer());
      },
    });
    await system.start();
    expect(await codeOf(system.recognizer({ timeoutMs: 1000 }))).toBe("E_NET");
    expect(loads).toBe(1);
    clock.advance(6000);
    expect((await system.recognizer({ timeoutMs: 1000 })).id).toBe("fake");
    expect(system.status().asr.state).toEqual({ state: "ready" });
  });
});

describe("what a provider gets", () => {
  test("its settings parsed, its assets, its folders", async () => {
    let context: LoadContext | undefined;
    const { system } = open({
      loadRecognizer: (given) => {
        context = given;
        return Promise.resolve(createFakeRecognizer());
      },
      options: { settings: { asr: { moonshine: { enabled: true, size: 3 } } } },
    });
    await system.start();
    expect(context).toMatchObject({ settings: { size: 3 }, threads: 2, modelsRoot: "/models" });
    expect(await context?.getAssetPath("x")).toBe("/models/x");
  });

  test("wrong settings name the field, switched off is switched off", async () => {
    const wrong = open({ options: { settings: { asr: { moonshine: { size: "big" } } } } });
    await wrong.system.start();
    expect(wrong.system.status().asr.state).toMatchObject({
      state: "incompatible",
      reason: expect.stringContaining("size"),
    });
    const off = open({ options: { settings: { asr: { moonshine: { enabled: false } } } } });
    await off.system.start();
    expect(off.system.status().asr.state).toMatchObject({ state: "disabled" });
    expect(await codeOf(off.system.recognizer())).toBe("E_ARGS");
  });

  test("a probe that says no keeps it from loading", async () => {
    let loads = 0;
    const { system } = open({
      probe: () => Promise.resolve({ state: "incompatible", reason: "needs another processor" }),
      loadRecognizer: () => {
        loads += 1;
        return Promise.resolve(createFakeRecognizer());
      },
    });
    await system.start();
    expect(system.status().asr.state).toEqual({ state: "incompatible", reason: "needs another processor" });
    expect([await codeOf(system.recognizer()), loads]).toEqual(["E_COMPAT", 0]);
  });

  test("engines of a load that fails are ended", async () => {
    let pid: number | undefined;
    const { system } = open({
      loadRecognizer: async (context) => {
        const engine = context.createEngine({
          title: "the scripted engine",
          id: "scripted",
          entry: scriptedEngineEntry,
          loadParams: {},
        });
        await engine.start();
        pid = engine.pid;
        throw new AppError("E_VERIFY", "the model is damaged");
      },
    });
    await system.start();
    expect(pid).toBeGreaterThan(0);
    expect(() => process.kill(pid as number, 0)).toThrow();
  });
});

test("the list has every provider with its state, one that cannot even be imported too, and says which are in use", async () => {
  const { system } = open({ loadRecognizer: () => Promise.reject(new AppError("E_NET", "no network")) });
  await system.start();
  expect(await system.listProviders()).toEqual([
    { kind: "tts", id: "kokoro", title: "The kokoro", state: { state: "ready" }, isInUse: true },
    {
      kind: "tts",
      id: "broken",
      title: "broken",
      isInUse: false,
      state: { state: "incompatible", reason: "Cannot find module" },
    },
    {
      kind: "asr",
      id: "moonshine",
      title: "The moonshine",
      state: { state: "not-installed", reason: "no network" },
      isInUse: true,
    },
    { kind: "vad", id: "silero", title: "The silero", state: { state: "ready" }, isInUse: true },
  ]);
});

describe("stopping", () => {
  test("disposes what is loaded, and refuses from then on", async () => {
    let disposals = 0;
    const { system } = open({
      loadRecognizer: () =>
        Promise.resolve({
          ...createFakeRecognizer(),
          [Symbol.asyncDispose]: () => {
            disposals += 1;
            return Promise.resolve();
          },
        }),
    });
    await system.start();
    await system[Symbol.asyncDispose]();
    await system[Symbol.asyncDispose]();
    expect(disposals).toBe(1);
    expect(await codeOf(system.recognizer())).toBe("E_BUSY");
  });

  test("ends a load that waits for its engine", async () => {
    const { system, recorder } = open({
      loadRecognizer: async (context) => {
        const engine = context.createEngine({
          title: "the scripted engine",
          id: "scripted",
          entry: scriptedEngineEntry,
          loadParams: { hang: true },
        });
        await engine.start();
        return createFakeRecognizer();
      },
    });
    const started = system.start();
    await recorder.waitFor((event) => event.type === "engine-load-start");
    await system[Symbol.asyncDispose]();
    await started;
    expect(system.status().asr.state).toMatchObject({ state: "not-installed" });
  });
});

describe("what the project has for a provider", () => {
  const models = { folders: ["/models/moonshine"] } as unknown as ProviderModels;

  test("reaches its load", async () => {
    const seen: unknown[] = [];
    const { system } = open({
      suppliesOf: async () => ({ models, missingCredential: undefined }),
      loadRecognizer: async (context) => {
        seen.push(context.models);
        return createFakeRecognizer();
      },
    });
    await system.recognizer({ timeoutMs: 1000 });
    expect(seen).toEqual([models]);
  });

  test("without a credential it is listed with the variable, refused with E_PERM, and harms nobody else", async () => {
    const { system } = open({
      suppliesOf: async (kind) => ({
        models,
        missingCredential: kind === "asr" ? "EARS_KEY is not set; set it" : undefined,
      }),
    });
    await system.start();
    expect(system.status()).toMatchObject({
      asr: { state: { state: "missing-credentials", reason: "EARS_KEY is not set; set it" } },
      tts: { state: { state: "ready" } },
      vad: { state: { state: "ready" } },
    });
    expect(await codeOf(system.recognizer())).toBe("E_PERM");
    expect((await system.synthesizer()).id).toBeDefined();
    const { system: unstarted } = open({
      suppliesOf: async () => ({ models, missingCredential: "EARS_KEY is not set" }),
    });
    const listed = await unstarted.listProviders();
    expect(listed.find(({ id }) => id === "moonshine")?.state.state).toBe("missing-credentials");
  });
});
