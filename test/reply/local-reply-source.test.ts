import { afterEach, describe, expect, test } from "bun:test";
import type { EngineEvent, EngineState } from "../../src/base/engine.ts";
import { AppError } from "../../src/base/errors.ts";
import type { LocalModelContext, LocalModelProvider } from "../../src/reply/local-model.ts";
import { lookAtLocalModels } from "../../src/reply/local-model-state.ts";
import { createLocalReplySource } from "../../src/reply/local-reply-source.ts";
import type { ReplySourceEvent } from "../../src/reply/source.ts";
import { createEventRecorder } from "../support/event-recorder.ts";
import { eventually } from "../support/eventually.ts";
import { type ScriptedLoadParams, scriptedEngineEntry } from "../support/fake-engines/scripted-engine.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { collect, failureOf, hello, textOf } from "./reply-model-contract.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

interface Script {
  /** What looking for the model throws. */
  missing?: AppError | undefined;
  load?: ScriptedLoadParams | undefined;
  idleUnloadMs?: number;
}

/** A provider whose engine is a real process without a model: it counts aloud to 3. */
function createScriptedProvider(script: Script) {
  const seen = { found: 0, opened: 0 };
  const provider: LocalModelProvider = {
    kind: "llm",
    id: "local",
    title: "scripted",
    async find(_context, model) {
      seen.found += 1;
      if (script.missing) throw script.missing;
      return model ?? "acme/only";
    },
    async open(context: LocalModelContext, options) {
      seen.opened += 1;
      if (script.missing) throw script.missing;
      const engine = context.createEngine({
        title: "the scripted engine",
        id: "local",
        entry: scriptedEngineEntry,
        loadParams: script.load ?? { detail: "three words" },
        idleUnloadMs: script.idleUnloadMs,
      });
      return {
        id: "local",
        model: options.model ?? "acme/only",
        get state(): EngineState {
          return engine.state;
        },
        start: () => engine.start(),
        async *streamRound({ signal }) {
          const counted: number[] = [];
          await engine.run("count", { to: 3 }, { signal, onChunk: (n) => counted.push(n as number) });
          for (const n of counted) yield { type: "text-delta", text: `${n} ` };
          yield { type: "finish", reason: "stop", usage: { inputTokens: 1, outputTokens: 3 } };
        },
        [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
      };
    },
  };
  return { provider, seen };
}

function open(script: Script = {}, wanted: string | null = "acme/tiny") {
  const model = wanted ?? undefined;
  const { provider, seen } = createScriptedProvider(script);
  const clock = createManualClock();
  const recorder = createEventRecorder<ReplySourceEvent | EngineEvent>();
  const local = {
    loadProvider: () => Promise.resolve(provider),
    modelsRoot: "/nowhere",
    threads: 1,
    contextTokens: 4096,
    settings: undefined,
    holdModel: () => Promise.reject(new Error("nothing is to be held")),
  };
  const source = stack.use(createLocalReplySource({ ...local, clock, emit: recorder.emit }, { model }));
  const say = async (): Promise<string> => {
    const current = source.current();
    if (!current) throw new Error("a configured model is always in force");
    return textOf(await collect(current.reply(hello)));
  };
  return { source, seen, clock, recorder, local, say };
}
const missing = new AppError("E_NOT_FOUND", "not installed: troupe models download --model acme/tiny");

describe("a model that runs here", () => {
  test("is looked for with the first probe, loaded, and then up", async () => {
    const { source, seen, recorder, say } = open();
    expect(seen).toEqual({ found: 0, opened: 0 });
    expect(source.status()).toMatchObject({ isUp: false, source: "local", model: "acme/tiny" });
    const up = { isUp: true, source: "local", model: "acme/tiny", detail: "three words" };
    expect(await source.probe()).toEqual(up);
    expect(source.status()).toEqual(up);
    expect(await say()).toBe("1 2 3 ");
    const changes = recorder.ofType("reply-source-change").map(({ status }) => [status.isUp, status.detail]);
    expect(changes).toEqual([
      [false, "loading acme/tiny"],
      [true, "three words"],
    ]);
  });

  test("is opened and loaded once for all who ask at the same time", async () => {
    const { source, seen, recorder, say } = open();
    expect(await Promise.all([say(), source.probe(), say(), source.probe()])).toMatchObject([
      "1 2 3 ",
      {},
      "1 2 3 ",
      {},
    ]);
    expect(seen.opened).toBe(1);
    expect(recorder.ofType("engine-load-start")).toHaveLength(1);
  });

  test("takes the name of the only one that is installed", async () => {
    const { source } = open({}, null);
    expect(await source.probe()).toMatchObject({ isUp: true, model: "acme/only" });
    expect(source.current()?.model).toBe("acme/only");
  });

  test("that was unloaded is still up, and no look loads it again", async () => {
    const { source, clock, recorder, say } = open({ idleUnloadMs: 1000 });
    await source.probe();
    clock.advance(1000);
    expect(recorder.ofType("engine-unload")).toHaveLength(1);
    expect(await source.probe()).toMatchObject({ isUp: true });
    expect(recorder.ofType("engine-load-start")).toHaveLength(1);
    expect(await say()).toBe("1 2 3 ");
  });

  test("whose process dies is up again without being asked", async () => {
    const { source, recorder, say } = open();
    await source.probe();
    // What it prints comes beside what it answers.
    const { line } = await eventually("its number", () => recorder.ofType("engine-output")[0]);
    process.kill(Number(line.replace("process ", "")), "SIGKILL");
    await eventually("a second load", () => recorder.ofType("engine-load-end").length === 2);
    expect(source.status()).toMatchObject({ isUp: true });
    expect(await say()).toBe("1 2 3 ");
  });
});

describe("what is missing", () => {
  test("is told by the status and by every reply, and found when it has come", async () => {
    const script: Script = { missing };
    const { source, clock, say } = open(script);
    const status = await source.probe();
    expect(status).toMatchObject({ isUp: false, isFailed: true, detail: missing.message });
    expect(await failureOf(say())).toBe(missing);
    script.missing = undefined;
    // Nobody needs to ask: it looks again by itself.
    clock.advance(15_000);
    await eventually("the model to be up", () => source.status().isUp);
    expect(source.status()).not.toHaveProperty("isFailed");
    expect(await say()).toBe("1 2 3 ");
  });

  test("is found by the very next reply", async () => {
    const script: Script = { missing };
    const { source, say } = open(script);
    await source.probe();
    script.missing = undefined;
    expect(await say()).toBe("1 2 3 ");
    expect(source.status().isUp).toBe(true);
  });

  test("a model that does not load is not loaded for every reply, and ever more rarely by itself", async () => {
    const load = { failWith: { code: "E_VERIFY", message: "damaged; troupe models verify" } } as const;
    const { source, clock, recorder, say } = open({ load });
    const loads = (): number => recorder.ofType("engine-load-start").length;
    expect(await source.probe()).toMatchObject({ isUp: false, detail: "damaged; troupe models verify" });
    for (let i = 0; i < 3; i++) expect((await failureOf(say())).code).toBe("E_VERIFY");
    expect(loads()).toBe(1);
    clock.advance(5000);
    expect((await failureOf(say())).code).toBe("E_VERIFY");
    expect(loads()).toBe(2);
    clock.advance(10_000);
    await eventually("a third load", () => recorder.ofType("engine-load-fail").length === 3);
    await source.probe();
    const before = loads();
    clock.advance(15_000);
    expect(loads()).toBe(before);
  });

  test("a repaired one is taken up", async () => {
    const script: Script = { load: { failWith: { code: "E_VERIFY", message: "damaged" } } };
    const { source, say } = open(script);
    await source.probe();
    script.load = undefined;
    expect(await source.probe()).toMatchObject({ isUp: true });
    expect(await say()).toBe("1 2 3 ");
  });
});

describe("the end", () => {
  test("a look can be left, and goes on for the others", async () => {
    const { source } = open();
    const abort = new AbortController();
    const left = failureOf(source.probe(abort.signal));
    const other = source.probe();
    abort.abort();
    expect((await left).code).toBe("E_INTERRUPTED");
    expect(await other).toMatchObject({ isUp: true });
  });

  test("closing in the middle of a load leaves no process and no timer", async () => {
    const { source, clock, recorder, say } = open({ load: { hang: true } });
    const probe = source.probe();
    await recorder.waitFor((event) => event.type === "engine-output");
    await source[Symbol.asyncDispose]();
    expect((await probe).isUp).toBe(false);
    expect(clock.scheduledCount).toBe(0);
    const [line] = recorder.ofType("engine-output");
    expect(() => process.kill(Number(line?.line.replace("process ", "")), 0)).toThrow();
    expect((await failureOf(say())).code).toBe("E_BUSY");
  });
});

describe("in the list of providers", () => {
  const other = { isUp: true, source: "ollama" };

  test("the chosen one is as its source says", async () => {
    const { source, local, recorder } = open();
    expect(await lookAtLocalModels(local, source.status())).toEqual({ state: "ready" });
    const probe = source.probe();
    const { status } = (await recorder.waitFor((event) => event.type === "reply-source-change")) as Extract<
      ReplySourceEvent,
      { type: "reply-source-change" }
    >;
    expect(await lookAtLocalModels(local, status)).toEqual({ state: "loading", detail: "loading acme/tiny" });
    await probe;
    expect(await lookAtLocalModels(local, source.status())).toEqual({ state: "ready" });
    const broken = open({ load: { failWith: { code: "E_VERIFY", message: "damaged" } } });
    await broken.source.probe();
    expect(await lookAtLocalModels(broken.local, broken.source.status())).toEqual({
      state: "incompatible",
      reason: "damaged",
    });
  });

  test("one that is not chosen says what it lacks, if anything", async () => {
    const states = await Promise.all(
      [undefined, missing, new AppError("E_ARGS", "several"), new AppError("E_SCHEMA", "no")].map((error) =>
        lookAtLocalModels(open({ missing: error }).local, other),
      ),
    );
    expect(states).toEqual([
      { state: "ready" },
      { state: "not-installed", reason: missing.message },
      { state: "ready" },
      { state: "incompatible", reason: "no" },
    ]);
  });
});
