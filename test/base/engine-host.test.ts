import { afterEach, describe, expect, test } from "bun:test";
import type { Clock } from "../../src/base/clock.ts";
import { AppError } from "../../src/base/errors.ts";
import type { EngineOptions, EngineEvent } from "../../src/base/engine.ts";
import { createEngine } from "../../src/base/engine-host.ts";
import { createEventRecorder } from "../support/event-recorder.ts";
import { type ScriptedLoadParams, scriptedEngineEntry } from "../support/fake-engines/scripted-engine.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createTempFolder } from "../support/temp-folder.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

function open(loadParams: ScriptedLoadParams = {}, options: Partial<EngineOptions> = {}, clock?: Clock) {
  const recorder = createEventRecorder<EngineEvent>();
  const engine = stack.use(
    createEngine(
      { emit: recorder.emit, clock },
      { title: "the scripted engine", id: "scripted", entry: scriptedEngineEntry, loadParams, ...options },
    ),
  );
  return { engine, recorder };
}
const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : String(error));
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch(codeOf);
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
type Opened = ReturnType<typeof open>;
/** Gives the engine work in blocking pieces and resolves once it is at it. */
async function occupy({ engine, recorder }: Opened, count: number, pieceMs: number, signal?: AbortSignal) {
  const done = outcome(engine.run("pieces", { count, pieceMs }, { signal }));
  await recorder.waitFor((e) => e.type === "engine-output" && e.line === "at work");
  return { done };
}
/** As `occupy`, for as long as the test wants: what is handed in meanwhile has to wait, however slow the test is. */
async function hold({ engine, recorder }: Opened) {
  const folder = stack.use(await createTempFolder());
  const done = outcome(engine.run("pieces", { count: 10_000, pieceMs: 10, until: `${folder.path}/enough` }));
  await recorder.waitFor((e) => e.type === "engine-output" && e.line === "at work");
  return { done, release: () => folder.write("enough", "") };
}

describe("loading", () => {
  test("nothing runs before the first job, and overlapping starts share one load", async () => {
    const { engine, recorder } = open({ detail: "two threads" });
    expect([engine.state, engine.pid]).toEqual(["unloaded", undefined]);
    await Promise.all([engine.start(), engine.start(), engine.run("echo", 1)]);
    expect(engine.state).toBe("ready");
    expect(recorder.ofType("engine-load-start")).toHaveLength(1);
    expect(recorder.ofType("engine-load-end")).toMatchObject([{ engine: "scripted", detail: "two threads" }]);
  });

  test("a load that throws rejects start and the jobs that wait, with its own error", async () => {
    const { engine, recorder } = open({ failWith: { code: "E_COMPAT", message: "no such instruction" } });
    const job = outcome(engine.run("echo", 1));
    expect(await outcome(engine.start())).toBe("E_COMPAT");
    expect(await job).toBe("E_COMPAT");
    expect([engine.state, engine.pid]).toEqual(["failed", undefined]);
    const [line] = recorder.ofType("engine-output");
    expect(isAlive(Number(line?.line.replace("process ", "")))).toBe(false);
    expect(recorder.ofType("engine-load-fail")).toMatchObject([
      { error: { message: "no such instruction" } },
    ]);
  });

  test("a failed engine loads when it is started again and the cause is gone", async () => {
    await using folder = await createTempFolder();
    const failWhile = await folder.write("flag", "");
    const { engine } = open({ failWhile });
    expect(await outcome(engine.start())).toBe("E_VERIFY");
    await Bun.file(failWhile).delete();
    await engine.start();
    expect(await engine.run("echo", "back")).toBe("back");
  });

  test("an engine that fails again and again is not spawned for every job", async () => {
    const clock = createManualClock();
    const params = { failWith: { code: "E_VERIFY", message: "the model is damaged" } } as const;
    const { engine, recorder } = open(params, {}, clock);
    const loads = () => recorder.ofType("engine-load-start").length;
    for (let i = 0; i < 4; i++) expect(await outcome(engine.run("echo", 1))).toBe("E_VERIFY");
    expect(loads()).toBe(2);
    clock.advance(300);
    expect(await outcome(engine.run("echo", 1))).toBe("E_VERIFY");
    expect(loads()).toBe(3);
    expect(await outcome(engine.start())).toBe("E_VERIFY");
    expect(loads()).toBe(4);
  });

  test("a process that dies while it loads is tried again, three times at most", async () => {
    await using folder = await createTempFolder();
    const { engine, recorder } = open({ crashUntil: { file: `${folder.path}/tries`, bytes: 2 } });
    expect(await engine.run("echo", "third time lucky")).toBe("third time lucky");
    expect(recorder.ofType("engine-exit")).toHaveLength(2);
    const hopeless = open({ crashUntil: { file: `${folder.path}/more-tries`, bytes: 99 } });
    expect(await outcome(hopeless.engine.start())).toBe("E_BUSY");
    expect(hopeless.engine.state).toBe("failed");
    expect(hopeless.recorder.ofType("engine-load-start")).toHaveLength(3);
  });

  test("a load that hangs is ended at its deadline", async () => {
    const { engine } = open({ hang: true }, { loadTimeoutMs: 300 });
    expect(await outcome(engine.start())).toBe("E_BUSY");
    expect([engine.state, engine.pid]).toEqual(["failed", undefined]);
  });
});

describe("jobs", () => {
  test("typed arrays cross both ways, errors keep their code, an unknown job is E_ARGS", async () => {
    const { engine } = open();
    const pcm = Float32Array.from({ length: 1000 }, (_, i) => i / 1000);
    expect(await engine.run("echo", { pcm })).toEqual({ pcm });
    expect(await outcome(engine.run("fail", "bad text"))).toBe("E_ARGS");
    for (const name of ["nothing", "toString"]) expect(await outcome(engine.run(name, null))).toBe("E_ARGS");
  });

  test("one at a time, heads first, sessions in turns", async () => {
    const opened = open();
    const { engine } = opened;
    const order: string[] = [];
    const work = await hold(opened);
    const run = (name: string, sessionId: string, priority?: "head") =>
      engine.run("echo", name, { sessionId, priority }).then((answer) => order.push(answer as string));
    const jobs = [
      run("a1", "a"),
      run("a2", "a"),
      run("a3", "a"),
      run("b1", "b"),
      run("b2", "b"),
      run("c-head", "c", "head"),
    ];
    await work.release();
    expect(await work.done).toBeNumber();
    await Promise.all(jobs);
    expect(order).toEqual(["c-head", "a1", "b1", "a2", "b2", "a3"]);
  });

  test("a full queue refuses with E_BUSY and serves whoever waited", async () => {
    const opened = open({}, { queueLimit: 2 });
    const { engine } = opened;
    const work = await hold(opened);
    const answers = [1, 2, 3].map((n) => outcome(engine.run("echo", n)));
    expect(await answers[2]).toBe("E_BUSY");
    await work.release();
    expect(await Promise.all(answers)).toEqual([1, 2, "E_BUSY"]);
  });

  test("a cancelled job that waits leaves at once and frees its place", async () => {
    const opened = open({}, { queueLimit: 1 });
    const { engine, recorder } = opened;
    const work = await hold(opened);
    const abort = new AbortController();
    const cancelled = outcome(engine.run("echo", "never", { signal: abort.signal }));
    abort.abort();
    expect(await cancelled).toBe("E_INTERRUPTED");
    const next = engine.run("echo", "next");
    await work.release();
    expect(await work.done).toBeNumber();
    expect(await next).toBe("next");
    expect(recorder.ofType("engine-job-end").map((e) => e.outcome)).toEqual(["cancelled", "ok", "ok"]);
  });

  test("a cancelled job that runs rejects at once and stops at its next checkpoint", async () => {
    const opened = open();
    const { engine, recorder } = opened;
    const abort = new AbortController();
    const work = await occupy(opened, 1000, 10, abort.signal);
    abort.abort();
    // The caller hears of it before the engine can have.
    expect(await Promise.race([work.done, new Promise((next) => setImmediate(next))])).toBe("E_INTERRUPTED");
    expect((await engine.run("doneCount", null)) as number).toBeLessThan(1000);
    expect(recorder.ofType("engine-job-end").map((e) => e.outcome)).toEqual(["cancelled", "ok"]);
    expect(recorder.ofType("engine-exit")).toEqual([]);
  });

  test("a signal that has aborted before asks for nothing", async () => {
    const { engine } = open();
    expect(await outcome(engine.run("echo", 1, { signal: AbortSignal.abort() }))).toBe("E_INTERRUPTED");
    expect(engine.state).toBe("unloaded");
  });
});

describe("answers in pieces", () => {
  test("every piece arrives, in order, before the answer", async () => {
    const { engine } = open();
    const heard: unknown[] = [];
    await engine.run("count", { to: 200 }, { onChunk: (chunk) => heard.push(chunk) });
    expect(heard).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  test("after a cancel nothing more is heard, and the job stops", async () => {
    const { engine } = open();
    const abort = new AbortController();
    const heard: unknown[] = [];
    const job = engine.run(
      "count",
      { to: 1_000_000 },
      {
        signal: abort.signal,
        onChunk(chunk) {
          heard.push(chunk);
          if (heard.length === 5) abort.abort();
        },
      },
    );
    expect(await outcome(job)).toBe("E_INTERRUPTED");
    expect(heard).toEqual([1, 2, 3, 4, 5]);
    expect((await engine.run("doneCount", null)) as number).toBeLessThan(1_000_000);
    expect(heard).toHaveLength(5);
  });

  test("a process that dies in the middle ends the job after the pieces that were said", async () => {
    const { engine } = open();
    const heard: unknown[] = [];
    const job = engine.run("count", { to: 9, crashAt: 4 }, { onChunk: (chunk) => heard.push(chunk) });
    expect(await outcome(job)).toBe("E_BUSY");
    expect(heard).toEqual([1, 2, 3].slice(0, heard.length));
    expect(await engine.run("echo", "back")).toBe("back");
  });
});

describe("crashes", () => {
  test("SIGKILL in mid-job costs that job alone, and the engine is back within 2 s", async () => {
    const opened = open();
    const { engine, recorder } = opened;
    const work = await occupy(opened, 1000, 10);
    const waiting = engine.run("echo", "still served");
    const pid = engine.pid as number;
    const killedAt = performance.now();
    process.kill(pid, "SIGKILL");
    expect(await work.done).toBe("E_BUSY");
    expect(await waiting).toBe("still served");
    expect(performance.now() - killedAt).toBeLessThan(2000);
    expect(engine.pid).not.toBe(pid);
    expect(recorder.ofType("engine-exit")).toEqual([
      { type: "engine-exit", engine: "scripted", reason: "SIGKILL", wasBusy: true },
    ]);
  });

  test("an idle engine that dies is replaced before anyone asks", async () => {
    const { engine, recorder } = open();
    await engine.start();
    const pid = engine.pid as number;
    process.kill(pid, "SIGKILL");
    await recorder.waitFor((e) => e.type === "engine-load-end" && engine.pid !== pid);
    expect(engine.state).toBe("ready");
    expect(recorder.ofType("engine-exit")).toMatchObject([{ wasBusy: false }]);
  });

  test("a job that aborts its process again and again harms nobody else", async () => {
    const { engine } = open();
    for (let i = 0; i < 3; i++) {
      expect(await outcome(engine.run("crash", null))).toBe("E_BUSY");
      expect(await engine.run("echo", i)).toBe(i);
    }
  });

  test("a hung engine is killed at the job's deadline and replaced", async () => {
    const { engine, recorder } = open();
    await engine.start();
    const pid = engine.pid;
    const hung = outcome(engine.run("hang", null, { timeoutMs: 200 }));
    const next = engine.run("echo", "after");
    expect(await hung).toBe("E_BUSY");
    expect(await next).toBe("after");
    expect(engine.pid).not.toBe(pid);
    expect(recorder.ofType("engine-job-end").map((e) => e.outcome)).toEqual(["error", "ok"]);
  });

  test("a silent engine is replaced, however long its job may take; one that speaks is left alone", async () => {
    const clock = createManualClock();
    const { engine, recorder } = open({}, {}, clock);
    await engine.start();
    const spoken: unknown[] = [];
    const limits = { timeoutMs: 60_000, silenceTimeoutMs: 2000 };
    const onChunk = (chunk: unknown): void => {
      spoken.push(chunk);
      clock.advance(1900);
    };
    // In all it takes longer than one silence may.
    await engine.run("count", { to: 25 }, { ...limits, onChunk });
    expect(spoken).toHaveLength(25);
    expect(recorder.ofType("engine-exit")).toEqual([]);
    const hung = engine.run("hang", null, { ...limits, onChunk }).catch((error: unknown) => error);
    clock.advance(1999);
    expect(engine.pid).toBeDefined();
    clock.advance(1);
    const next = engine.run("echo", "after");
    const error = (await hung) as AppError;
    expect(error).toMatchObject({ code: "E_BUSY" });
    expect(error.message).toContain("no sign of life within 2000 ms");
    expect(await next).toBe("after");
  });

  test("a cancelled job that hangs in silence is ended as well", async () => {
    const { engine } = open();
    await engine.start();
    const abort = new AbortController();
    const limits = { timeoutMs: 60_000, silenceTimeoutMs: 200 };
    const hung = outcome(
      engine.run("hang", null, { ...limits, signal: abort.signal, onChunk: () => undefined }),
    );
    abort.abort();
    expect(await hung).toBe("E_INTERRUPTED");
    expect(await engine.run("echo", "after")).toBe("after");
  });

  test("who has waited too long for their turn leaves the queue, and hears what helps", async () => {
    const opened = open({}, { cure: "take a smaller one" });
    const { engine, recorder } = opened;
    const work = await occupy(opened, 1000, 10);
    const waited = await engine.run("echo", 1, { waitTimeoutMs: 50 }).catch((error: unknown) => error);
    expect(waited).toMatchObject({
      code: "E_BUSY",
      message: "the scripted engine was not free within 50 ms; take a smaller one",
    });
    expect(recorder.ofType("engine-job-end")).toMatchObject([{ method: "echo", outcome: "cancelled" }]);
    // Whoever is at work is not waiting.
    expect(await engine[Symbol.asyncDispose]().then(() => work.done)).toBe("E_BUSY");
  });

  test("a cancelled job that never stops is still ended by its deadline", async () => {
    const { engine } = open();
    await engine.start();
    const abort = new AbortController();
    const hung = outcome(engine.run("hang", null, { timeoutMs: 200, signal: abort.signal }));
    abort.abort();
    expect(await hung).toBe("E_INTERRUPTED");
    expect(await engine.run("echo", "after")).toBe("after");
  });
});

describe("the process", () => {
  test("gets a small environment and yields to the serving process", async () => {
    const { engine } = open();
    const names = (await engine.run("environment", null)) as string[];
    // The inference library would call its maker otherwise.
    expect(names).toContain("ORT_DISABLE_TELEMETRY");
    const allowed = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "LANG", "LD_LIBRARY_PATH", "NODE_CHANNEL_FD"];
    allowed.push("ORT_DISABLE_TELEMETRY");
    expect(names.filter((name) => !allowed.includes(name) && !name.startsWith("NODE_CHANNEL"))).toEqual([]);
    expect(await engine.run("niceness", null)).toBe(5);
  });

  test("what it prints becomes events", async () => {
    const { engine, recorder } = open();
    await engine.run("print", "a native library complains");
    const line = "a native library complains";
    await recorder.waitFor((event) => event.type === "engine-output" && event.line === line);
  });

  test("is unloaded after its idle time and loaded again on demand", async () => {
    const { engine, recorder } = open({}, { idleUnloadMs: 50 });
    await engine.run("echo", 1);
    const pid = engine.pid as number;
    await recorder.waitFor((e) => e.type === "engine-unload");
    expect([engine.state, engine.pid]).toEqual(["unloaded", undefined]);
    expect(await engine.run("echo", 2)).toBe(2);
    expect(engine.pid).not.toBe(pid);
    expect(recorder.ofType("engine-exit")).toEqual([]);
  });

  test("is gone once the engine is disposed, with everything that waited rejected", async () => {
    const opened = open();
    const { engine } = opened;
    const work = await occupy(opened, 1000, 10);
    const waiting = outcome(engine.run("echo", 1));
    const pid = engine.pid as number;
    await engine[Symbol.asyncDispose]();
    expect([await work.done, await waiting]).toEqual(["E_BUSY", "E_BUSY"]);
    expect(isAlive(pid)).toBe(false);
    expect(await outcome(engine.run("echo", 1))).toBe("E_BUSY");
    expect(await outcome(engine.start())).toBe("E_BUSY");
  });

  test("disposing while it loads leaves no process behind", async () => {
    const { engine, recorder } = open({ hang: true });
    const start = outcome(engine.start());
    await recorder.waitFor((e) => e.type === "engine-load-start");
    const pid = engine.pid as number;
    await engine[Symbol.asyncDispose]();
    expect(await start).toBe("E_BUSY");
    expect(isAlive(pid)).toBe(false);
  });
});
