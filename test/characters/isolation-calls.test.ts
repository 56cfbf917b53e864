// What a character does once it stands costs only that character: real files, real processes.
import { describe, expect, test } from "bun:test";
import type { HostLimits } from "../../src/characters/host/host-protocol.ts";
import type { Character, CharacterEvent, LoadProblem } from "../../src/characters/port.ts";
import {
  characterText,
  expectPromptAnswers,
  type CharacterText,
  openTestStage,
  type TestStage,
} from "../support/character-files.ts";

/** For those whose time is to run out; nobody else's is. */
const short = { promptTimeoutMs: 1000, toolTimeoutMs: 1000, replyTimeoutMs: 1000 };
const ample = { promptTimeoutMs: 20_000, toolTimeoutMs: 20_000, replyTimeoutMs: 20_000 };
const good = characterText({
  name: "Good",
  members: "async *reply() { for (let i = 0; i < 20; i++) { yield i + ' '; await Bun.sleep(20); } }",
});
const killOutright = `Bun.spawnSync(["kill", "-9", String(process.pid)]);`;
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

/** A prompt that names its process, and comes when the test has written a file `go`. */
const logsAndWaits = `const logsAndWaits = async (): Promise<string> => {
  console.log("pid", process.pid);
  while (!require("node:fs").existsSync(import.meta.dir + "/go")) await Bun.sleep(5);
  return "survived";
};`;
/** The process of such a prompt, other than those `known`. */
async function pidIn(cast: TestStage, known: readonly number[]): Promise<number> {
  const pidOf = (event: CharacterEvent): number =>
    event.type === "character-output" ? Number(/^pid (\d+)$/.exec(event.line)?.[1]) : Number.NaN;
  return pidOf(
    await cast.recorder.waitFor((event) => pidOf(event) > 0 && !known.includes(pidOf(event)), 30_000),
  );
}

/** A stage with `Bad` and `Good`. */
const openPair = (bad: CharacterText, options: Partial<HostLimits> = {}): Promise<TestStage> =>
  openTestStage(
    { "bad.ts": characterText({ name: "Bad", ...bad }), "good.ts": good },
    { ...ample, ...options },
  );

const call = (cast: TestStage, name: string, run: (character: Character) => Promise<unknown>) =>
  run(cast.stage.book.find(name)!).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
const prompt = (character: Character): Promise<unknown> => character.makeSystemPrompt({});
const reply = (character: Character): Promise<unknown> => Array.fromAsync(character.reply([], {}));
const tool = (character: Character): Promise<unknown> => character.callTool("act", {}, {});
const toolThat = (body: string): string =>
  `export const TOOLS = [{ name: "act", description: "", parameters: { type: "object" }, execute() { ${body} } }];`;

/** `good` answers within 500 ms all the while that `bad` is called. */
async function provoke(cast: TestStage, run: (character: Character) => Promise<unknown>) {
  await cast.promptOf("Good");
  let isOver = false;
  const offence = call(cast, "Bad", run).finally(() => {
    isOver = true;
  });
  const timesMs: number[] = [];
  do {
    const startMs = performance.now();
    expect(await cast.promptOf("Good")).toBe("I am Good");
    timesMs.push(performance.now() - startMs);
    await Promise.race([offence, Bun.sleep(2)]);
  } while (!isOver);
  expectPromptAnswers(timesMs);
  return offence;
}

const quarantining: Record<
  string,
  [CharacterText, (character: Character) => Promise<unknown>, Partial<LoadProblem>]
> = {
  "an endless loop in the constructor": [
    { members: "x = (() => { while (true) {} })();" },
    prompt,
    { error_type: "Timeout" },
  ],
  "an endless loop in makeSystemPrompt": [{ prompt: "while (true) {}" }, prompt, { error_type: "Timeout" }],
  "a prompt that never comes": [
    { prompt: "return new Promise(() => {});" },
    prompt,
    { error_type: "Timeout" },
  ],
  "an endless loop in reply": [{ members: "reply() { while (true) {} }" }, reply, { error_type: "Timeout" }],
  "an endless loop in a tool": [{ exports: toolThat("while (true) {}") }, tool, { error_type: "Timeout" }],
  "process.exit in makeSystemPrompt": [{ prompt: "process.exit(1);" }, prompt, { error_type: "Crashed" }],
  "process.abort in reply": [{ members: "reply() { process.abort(); }" }, reply, { error_type: "Crashed" }],
  "a signal to its own process in a tool": [
    { exports: toolThat("process.kill(process.pid);") },
    tool,
    { error_type: "Crashed" },
  ],
  "a kill by another program in makeSystemPrompt": [
    { prompt: killOutright },
    prompt,
    { error_type: "Crashed" },
  ],
  "a storm of workers in makeSystemPrompt": [
    { prompt: "for (;;) new Worker('data:text/javascript,setInterval(()=>{},1)');" },
    prompt,
    { error_type: "Crashed" },
  ],
  "one worker, whose processor time nobody could tell from the others'": [
    { prompt: "new Worker('data:text/javascript,for(;;){}'); return '';" },
    prompt,
    { error_type: "Crashed", message: expect.stringContaining("started a worker") },
  ],
  "a catastrophic regular expression": [
    { prompt: "return 'a'.repeat(100000).replace(/(.*?,)*?(.*?;)*?$/g, '');" },
    prompt,
    { error_type: "Timeout" },
  ],
};

describe("a character that misbehaves when it is called", () => {
  for (const [what, [bad, run, expected]] of Object.entries(quarantining)) {
    test(`${what} costs that character alone, which is quarantined`, async () => {
      await using cast = await openPair(bad, short);
      const { error } = (await provoke(cast, run)) as { error: unknown };
      expect(codeOf(error)).toBe("E_CHARACTER");
      const book = await cast.untilBook((next) => next.find("Bad")?.status === "quarantined");
      expect(book.problems).toMatchObject([{ file: "bad.ts", stage: "run", ...expected }]);
      expect(book.find("Bad")?.error).toEqual(book.problems[0] as never);
      expect(book.find("Good")?.status).toBe("ready");
      // It is not called again, and says so at once.
      const again = (await call(cast, "Bad", prompt)) as { error: unknown };
      expect(codeOf(again.error)).toBe("E_CHARACTER");
      expect(cast.recorder.ofType("character-quarantine")).toMatchObject([{ name: "Bad", file: "bad.ts" }]);
    });
  }

  const faulty: Record<string, CharacterText> = {
    "a throw in makeSystemPrompt": { prompt: "throw new Error('not today');" },
    "a rejection in makeSystemPrompt": { prompt: "return Promise.reject(new Error('not today'));" },
    "a throw in the constructor": { members: "x = (() => { throw new Error('not today'); })();" },
    "a prompt that is no string": { prompt: "return { toString() { return 'x'; } };" },
    "a prompt of more than 256 KiB": { prompt: "return 'é'.repeat(131_073);" },
    "a prompt of 100 MB": { prompt: "return 'x'.repeat(100_000_000);" },
    "endless recursion": { prompt: "const f = (): number => 1 + f(); return String(f());" },
  };
  for (const [what, bad] of Object.entries(faulty)) {
    test(`${what} fails that call and is recorded, without quarantine`, async () => {
      await using cast = await openPair(bad);
      const { error } = (await provoke(cast, prompt)) as { error: unknown };
      expect(codeOf(error)).toBe("E_CHARACTER");
      const { find, problems, generation } = cast.stage.book;
      expect(find("Bad")?.status).toBe("ready");
      expect(problems).toMatchObject([{ file: "bad.ts", stage: "run", error_type: "BadPrompt" }]);
      // Failing again makes no new generation.
      await call(cast, "Bad", prompt);
      expect(cast.stage.book.generation).toBe(generation);
    });
  }

  test("a prompt of exactly 256 KiB is good", async () => {
    await using cast = await openPair({ prompt: "return 'é'.repeat(131_072);" });
    expect((await cast.promptOf("Bad")).length).toBe(131_072);
  });

  test("the place of a failure in the file is told", async () => {
    await using cast = await openTestStage({
      "bad.ts": characterText({ name: "Bad", prompt: "\n\nthrow new Error('here');" }),
    });
    await call(cast, "Bad", prompt);
    expect(cast.stage.book.problems).toMatchObject([
      { line: 11, message: "makeSystemPrompt threw Error: here" },
    ]);
  });

  test("a slow tool fails its call by its deadline, and the character goes on", async () => {
    await using cast = await openPair(
      { exports: toolThat("return new Promise(() => {});") },
      { toolTimeoutMs: short.toolTimeoutMs },
    );
    const { error } = (await provoke(cast, tool)) as { error: unknown };
    expect(codeOf(error)).toBe("E_CHARACTER");
    expect(cast.recorder.ofType("character-tool-call")).toMatchObject([
      { character: "Bad", tool: "act", outcome: "timeout" },
    ]);
    expect(await cast.promptOf("Bad")).toBe("I am Bad");
    expect(cast.stage.book.problems).toEqual([]);
  });

  test("late failures are found while nobody calls the character", async () => {
    await using cast = await openTestStage(
      {
        "rejected.ts": characterText({
          name: "Rejected",
          top: "setTimeout(() => Promise.reject(new Error('late')), 300);",
        }),
        "thrown.ts": characterText({
          name: "Thrown",
          top: "\nsetTimeout(() => { throw new Error('late'); }, 300);",
        }),
        "exit.ts": characterText({ name: "Exit", top: "setTimeout(() => process.exit(3), 300);" }),
        "good.ts": good,
      },
      ample,
    );
    const book = await cast.untilBook(({ characters }) =>
      characters.every(({ name, status }) => (name === "Good") === (status === "ready")),
    );
    expect(book.problems).toMatchObject([
      { file: "exit.ts", error_type: "Crashed", stage: "run" },
      { file: "rejected.ts", error_type: "Crashed", stage: "run" },
      { file: "thrown.ts", error_type: "Crashed", stage: "run", line: 2 },
    ]);
    expect(await cast.promptOf("Good")).toBe("I am Good");
  });

  test("a loop in a timer is found by its silence", async () => {
    await using cast = await openPair({ top: "setTimeout(() => { while (true) {} }, 300);" }, short);
    const book = await cast.untilBook((next) => next.find("Bad")?.status === "quarantined");
    expect(book.problems).toMatchObject([{ file: "bad.ts", error_type: "Timeout" }]);
  });

  test("a loop that lets others in is found by the processor time it takes while nobody calls", async () => {
    const top = `const spin = () => { const end = performance.now() + 50; while (performance.now() < end) {} setTimeout(spin); };
      spin();`;
    await using cast = await openPair({ top }, { idle: { windowMs: 1000, maxShare: 0.02 } });
    expect(await cast.promptOf("Bad")).toBe("I am Bad");
    const book = await cast.untilBook((next) => next.find("Bad")?.status === "quarantined", 60_000);
    expect(book.problems).toMatchObject([
      { file: "bad.ts", error_type: "Timeout", message: expect.stringContaining("of a processor busy") },
    ]);
    expect(book.find("Good")?.status).toBe("ready");
  }, 70_000);

  test("what it posts past the guard ends nobody's process", async () => {
    await using cast = await openPair({
      top: "import { parentPort } from 'node:worker_threads';",
      prompt:
        "for (const odd of [null, 0, 'x', {}, [], { id: 'x', result: 1 }]) parentPort!.postMessage(odd); return String(process.pid);",
    });
    const pid = await cast.promptOf("Bad");
    expect(await cast.promptOf("Good")).toBe("I am Good");
    expect(await cast.promptOf("Bad")).toBe(pid);
    expect(cast.stage.book.problems).toEqual([]);
  });

  test("a process that somebody else kills, twice, is not laid at the door of the character it was busy with", async () => {
    await using cast = await openPair({ top: logsAndWaits, prompt: "return logsAndWaits();" });
    const pids: number[] = [];
    const killing = (async () => {
      for (let kills = 0; kills < 2; kills++) {
        const pid = await pidIn(cast, pids);
        pids.push(pid);
        process.kill(pid, "SIGKILL");
      }
      await cast.folder.write("go", "");
    })();
    expect(await cast.promptOf("Bad")).toBe("survived");
    await killing;
    expect(pids.length).toBe(2);
    expect(cast.stage.book.find("Bad")?.status).toBe("ready");
    expect(cast.stage.book.problems).toEqual([]);
  });

  test("a process that stands still for a while has every character's time stand still", async () => {
    await using cast = await openTestStage(
      { "a.ts": characterText({ top: logsAndWaits, prompt: "return logsAndWaits();" }) },
      { promptTimeoutMs: 2000 },
    );
    const prompting = cast.promptOf("Ada");
    const pid = await pidIn(cast, []);
    process.kill(pid, "SIGSTOP");
    await Bun.sleep(2500);
    await cast.folder.write("go", "");
    process.kill(pid, "SIGCONT");
    expect(await prompting).toBe("survived");
    expect(cast.stage.book.find("Ada")?.status).toBe("ready");
  });

  test("an innocent reply goes on where it was when another character kills the process", async () => {
    await using cast = await openPair({ prompt: killOutright });
    let said = "";
    let offence: Promise<unknown> | undefined;
    for await (const piece of cast.stage.book.find("Good")!.reply([], {})) {
      said += piece;
      offence ??= call(cast, "Bad", prompt);
    }
    expect(said).toBe(Array.from({ length: 20 }, (_, i) => `${i} `).join(""));
    expect(codeOf(((await offence) as { error: unknown }).error)).toBe("E_CHARACTER");
    await cast.untilBook((next) => next.find("Bad")?.status === "quarantined");
    expect(cast.stage.book.find("Good")?.status).toBe("ready");
  });

  test("memory without end costs that character alone, and comes back", async () => {
    await using cast = await openTestStage(
      {
        "bad.ts": characterText({
          name: "Bad",
          prompt: "const a: any[] = []; for (;;) a.push(new Array(10_000).fill(a.length));",
        }),
        "good.ts": good,
      },
      { ...ample, memoryLimitMb: 200 },
    );
    const { error } = (await provoke(cast, prompt)) as { error: unknown };
    expect(codeOf(error)).toBe("E_CHARACTER");
    const book = await cast.untilBook((next) => next.find("Bad")?.status === "quarantined");
    expect(book.problems).toMatchObject([{ file: "bad.ts", error_type: "Crashed" }]);
  });

  test("memory that grows in a timer, after the call, is laid at its door at the next one", async () => {
    await using cast = await openTestStage(
      {
        "bad.ts": characterText({
          name: "Bad",
          prompt: `setTimeout(() => { const a: any[] = []; for (;;) a.push(new Array(10_000).fill(a.length)); }, 20); return "armed";`,
        }),
        "good.ts": good,
      },
      { ...ample, memoryLimitMb: 200 },
    );
    await cast.promptOf("Good");
    // Between two calls it is stopped in silence, and the next is in a process of its own, where it shows.
    const quarantined = cast.untilBook((next) => next.find("Bad")?.status === "quarantined", 30_000);
    let isOver = false;
    void quarantined.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await Promise.race([call(cast, "Bad", prompt), quarantined]);
      expect(await cast.promptOf("Good")).toBe("I am Good");
      await Promise.race([quarantined, Bun.sleep(100)]);
    }
    expect((await quarantined).problems).toMatchObject([{ file: "bad.ts", error_type: "Crashed" }]);
  }, 40_000);

  test("patched built-ins stay with the one that patched them", async () => {
    await using cast = await openPair({
      top: `Array.prototype.join = () => "patched"; globalThis.fetch = (() => "patched") as never; JSON.stringify = () => "patched";`,
      prompt: `return [1].join() + fetch("");`,
    });
    expect(await cast.promptOf("Good")).toBe("I am Good");
    expect(await cast.promptOf("Bad")).toBe("patchedpatched");
    expect(cast.stage.book.problems).toEqual([]);
  });

  test("a million lines of output are counted, not kept", async () => {
    await using cast = await openPair({
      prompt: `for (let i = 0; i < 1_000_000; i++) console.log("line", i); return "done";`,
    });
    const { value } = (await call(cast, "Bad", prompt)) as { value: unknown };
    expect(value).toBe("done");
    await cast.recorder.waitFor(
      (event) => event.type === "character-output" && / more lines/.test(event.line),
    );
    const lines = cast.recorder.ofType("character-output");
    expect(lines.length).toBeLessThan(200);
    expect(lines[0]).toMatchObject({ file: "bad.ts", line: "line 0" });
  });

  test("an endless reply ends with its reader, or at 256 KiB", async () => {
    await using cast = await openPair({ members: "*reply() { for (;;) yield 'again and '; }" });
    const bad = cast.stage.book.find("Bad")!;
    let pieces = 0;
    for await (const _ of bad.reply([], {})) if (++pieces === 100) break;
    let chars = 0;
    const error = await (async () => {
      for await (const piece of bad.reply([], {})) chars += piece.length;
    })().catch((e: unknown) => e);
    expect(codeOf(error)).toBe("E_CHARACTER");
    expect(chars).toBeWithin(256 * 1024 - 20, 256 * 1024 + 1);
    expect(bad.status).toBe("ready");
  });
});
