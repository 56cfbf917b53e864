// What a file does while it is loaded costs only that file: real files, real processes.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { LoadErrorType, LoadProblem } from "../../src/characters/port.ts";
import {
  characterText,
  expectPromptAnswers,
  namesOf,
  openTestStage,
  type TestStage,
} from "../support/character-files.ts";

const crashOrTimeout: LoadErrorType = expect.stringMatching(/^(Crashed|Timeout)$/);
const limits = { evaluateTimeoutMs: 2000, promptTimeoutMs: 1500, memoryLimitMb: 300 };
const good = characterText({ name: "Good" });

/** Ends the process in a way that cannot be caught inside. */
const killOutright = `Bun.spawnSync(["kill", "-9", String(process.pid)]);`;

/** Text of the bad file → what its record must say. */
const cases: Record<string, [text: string, expected: Partial<LoadProblem>]> = {
  "a syntax error": [
    "const a = 1;\nlet b = ;\n" + good,
    { stage: "build", error_type: "SyntaxError", line: 2, column: 9 },
  ],
  "a missing file import": [
    `\nimport { x } from "./nowhere.ts";\n${characterText({ prompt: "return x;" })}`,
    { stage: "build", error_type: "ImportError", line: 2 },
  ],
  "a missing import that nothing uses": [
    `import { x } from "./nowhere.ts";\n${good}`,
    { stage: "build", error_type: "ImportError", line: 1 },
  ],
  "a missing package": [
    `import x from "no-such-package-of-anyone";\n${characterText({ prompt: "return x;" })}`,
    { stage: "build", error_type: "ImportError", line: 1 },
  ],
  "an import of a name that is not exported": [
    `import { nothing } from "node:fs";\n${characterText({ prompt: "return nothing;" })}`,
    { stage: "build", error_type: "ImportError", line: 1 },
  ],
  "a throw at top level": [
    characterText({ top: "\n\nthrow new RangeError('too far');" }),
    { stage: "evaluate", error_type: "EvaluationError", line: 3, message: "RangeError: too far" },
  ],
  "a thrown value that cannot be shown": [
    characterText({ top: "throw { toString() { throw 1; }, get message() { throw 2; } };" }),
    { stage: "evaluate", error_type: "EvaluationError" },
  ],
  "a top-level await that never ends": [
    characterText({ top: "await new Promise(() => {});" }),
    { stage: "evaluate", error_type: "Timeout" },
  ],
  "an endless loop": [
    characterText({ top: "while (true) {}" }),
    { stage: "evaluate", error_type: "Timeout" },
  ],
  "process.exit": [
    characterText({ top: "process.exit(0);" }),
    { stage: "evaluate", error_type: "Crashed", line: 1 },
  ],
  "process.abort": [characterText({ top: "process.abort();" }), { stage: "evaluate", error_type: "Crashed" }],
  "a signal to its own process": [
    characterText({ top: "process.kill(process.pid, 'SIGKILL');" }),
    { stage: "evaluate", error_type: "Crashed" },
  ],
  "an import of process that kills": [
    characterText({ top: "import { kill, pid } from 'node:process';\nkill(pid, 9);" }),
    { stage: "evaluate", error_type: "Crashed" },
  ],
  "a kill by another program": [
    characterText({ top: killOutright }),
    { stage: "evaluate", error_type: "Crashed" },
  ],
  "a storm of workers": [
    characterText({ top: "for (;;) new Worker('data:text/javascript,setInterval(()=>{},1)');" }),
    { stage: "evaluate", error_type: "Crashed" },
  ],
  "a storm of worker threads": [
    characterText({
      top: "import { Worker } from 'node:worker_threads';\nfor (;;) new Worker('setInterval(()=>{},1)', { eval: true });",
    }),
    { stage: "evaluate", error_type: "Crashed" },
  ],
  "endless recursion": [
    characterText({ top: "const f = (): number => 1 + f();\nf();" }),
    { stage: "evaluate", error_type: "EvaluationError" },
  ],
  "a catastrophic regular expression that no signal stops": [
    characterText({ top: "'a'.repeat(100000).replace(/(.*?,)*?(.*?;)*?$/g, '');" }),
    { stage: "evaluate", error_type: "Timeout" },
  ],
  "recursion that no signal stops": [
    characterText({ top: "const f = (): void => { try { f(); } finally { f(); } };\nf();" }),
    { stage: "evaluate", error_type: "Timeout" },
  ],
  "memory without end": [
    characterText({ top: "const a: any[] = []; for (;;) a.push(new Array(10_000).fill(a.length));" }),
    // A slow machine meets the time limit before the memory is full.
    { stage: "evaluate", error_type: crashOrTimeout },
  ],
  "memory without end outside of the heap": [
    characterText({ top: "const a: any[] = []; for (;;) a.push(new Uint8Array(5_000_000).fill(1));" }),
    { stage: "evaluate", error_type: crashOrTimeout },
  ],
  "a missing export": [
    "export const CHARACTER_NAME = 'X';",
    {
      stage: "shape",
      error_type: "MissingExport",
      message: expect.stringContaining(
        "the file exports no VOICE_SOURCE, no INSTRUCTIONS, no PromptGenerator; it exports CHARACTER_NAME;",
      ),
    },
  ],
  "a PromptGenerator that is no class": [
    good.replace(
      "export class PromptGenerator",
      "export const PromptGenerator = { makeSystemPrompt() { return ''; } };\nclass Other",
    ),
    { stage: "shape", error_type: "MissingMethod" },
  ],
  "a PromptGenerator without its method": [
    good.replace("makeSystemPrompt", "makePrompt"),
    { stage: "shape", error_type: "MissingMethod" },
  ],
  "a name that is no string": [
    good.replace('"Good"', "42"),
    { stage: "schema", error_type: "ValidationError", line: 2 },
  ],
  "a name that is too long": [
    good.replace('"Good"', "'x'.repeat(81)"),
    { stage: "schema", error_type: "ValidationError" },
  ],
  "an unknown kind of instructions": [
    good.replace('"smalltalk"', '"opera"'),
    { stage: "schema", error_type: "ValidationError", line: 4 },
  ],
  "an export with a getter that throws": [
    good.replace('source_type: "kokoro"', 'get source_type() { throw new Error("no"); }'),
    {
      stage: "schema",
      error_type: "ValidationError",
      message: "VOICE_SOURCE.source_type cannot be read: Error: no",
    },
  ],
  "a definition with a getter that throws": [
    `export default { get CHARACTER_NAME() { throw new Error("no"); } };`,
    { stage: "schema", error_type: "ValidationError", message: "CHARACTER_NAME cannot be read: Error: no" },
  ],
  "a proxy for a definition": [
    "export default new Proxy({}, { get() { throw new Error('no'); } });",
    { stage: "schema", error_type: "ValidationError" },
  ],
  "instructions that are plain text": [
    good.replace('{ type: "smalltalk", language: "en" }', "'Be kind.'"),
    {
      stage: "schema",
      error_type: "ValidationError",
      line: 4,
      message: expect.stringContaining('; write { type: "constant", text: "…" }'),
    },
  ],
  "a throw in what it imports": [
    `import { word } from "./_lib/throws.ts";\n${characterText({ prompt: "return word;" })}`,
    {
      stage: "evaluate",
      error_type: "EvaluationError",
      message: expect.stringMatching(/^_lib\/throws\.ts:2:\d+: RangeError: too far$/),
    },
  ],
  "a proxy that throws": [
    good.replace(
      /export const VOICE_SOURCE = .*/,
      "export const VOICE_SOURCE = new Proxy({}, { ownKeys() { throw new Error('no'); } });",
    ),
    { stage: "schema", error_type: "ValidationError" },
  ],
  "an export that contains itself": [
    good.replace("export class", "export const METADATA: any = {}; METADATA.self = METADATA;\nexport class"),
    { stage: "schema", error_type: "ValidationError" },
  ],
  "a huge export": [
    good.replace(
      "export class",
      "export const METADATA = { comment: 'x'.repeat(50_000_000) };\nexport class",
    ),
    { stage: "schema", error_type: "ValidationError" },
  ],
  "tools that are no array": [
    characterText({ exports: "export const TOOLS = {};" }),
    { stage: "schema", error_type: "InvalidTools" },
  ],
  "a tool without execute": [
    characterText({ exports: "export const TOOLS = [{ name: 'a', description: 'b', parameters: {} }];" }),
    { stage: "schema", error_type: "InvalidTools" },
  ],
  "a tool whose name no model can call": [
    characterText({
      exports: "export const TOOLS = [{ name: 'a-b', description: 'b', parameters: {}, execute() {} }];",
    }),
    { stage: "schema", error_type: "InvalidTools" },
  ],
  "more than ten tools": [
    characterText({
      exports:
        "export const TOOLS = Array.from({ length: 11 }, (_, i) => ({ name: 't' + i, description: '', parameters: {}, execute() {} }));",
    }),
    { stage: "schema", error_type: "InvalidTools" },
  ],
};

describe("files that misbehave while they are loaded", () => {
  const files = Object.keys(cases).map((what) => `${what.replace(/\W+/g, "-")}.ts`);
  let cast: TestStage;
  const promptTimesMs: number[] = [];

  // All in one folder and at once: each must be told apart from all the others.
  beforeAll(async () => {
    const texts = Object.values(cases).map(([text]) => text);
    const bad = files.map((file, index) => [file, texts[index] ?? ""] as const);
    cast = await openTestStage(
      {
        ...Object.fromEntries(bad),
        "good.ts": good,
        "_lib/throws.ts": "export const word = 'x';\nthrow new RangeError('too far');\n",
      },
      { ...limits, opened: "first" },
    );
    await cast.untilBook((book) => book.find("Good") !== undefined, 60_000);
    let isSettled = false;
    const settled = cast.stage.settled().then(() => {
      isSettled = true;
    });
    while (!isSettled) {
      const startMs = performance.now();
      expect(await cast.promptOf("Good")).toBe("I am Good");
      promptTimesMs.push(performance.now() - startMs);
      // Prompts are to be asked for again and again, not without a pause.
      await Promise.race([settled, Bun.sleep(5)]);
    }
  }, 120_000);
  afterAll(() => cast[Symbol.asyncDispose]());

  for (const [index, [what, [, expected]]] of Object.entries(cases).entries()) {
    test(`${what} costs that file alone`, () => {
      const file = files[index] ?? "";
      expect(cast.stage.book.problems.filter((problem) => problem.file === file)).toMatchObject([expected]);
    });
  }

  test("nobody but the good one stands, and it has answered within 500 ms all the while", () => {
    expect(namesOf(cast.stage.book)).toEqual(["Good"]);
    expect(cast.stage.book.problems.length).toBe(files.length);
    expectPromptAnswers(promptTimesMs);
  });

  test("each one that hung or crashed is named as quarantined", () => {
    const named = cast.recorder.ofType("character-quarantine").map(({ file }) => file);
    const expected = files.filter((_, index) => {
      const type: unknown = Object.values(cases)[index]?.[1].error_type;
      // What may be either is one of the two.
      return type === "Timeout" || type === "Crashed" || type === crashOrTimeout;
    });
    expect(named.toSorted()).toEqual(expected.toSorted());
  });
});

describe("a file that is odd, but does no harm", () => {
  const stands = async (text: string): Promise<void> => {
    await using cast = await openTestStage({ "a.ts": text }, limits);
    await cast.stage.settled();
    expect(cast.stage.book.problems).toEqual([]);
    expect(namesOf(cast.stage.book)).toEqual(["Good"]);
    expect(await cast.promptOf("Good")).toBe("I am Good");
  };

  test("a proxy as an export is read like any object", () =>
    stands(good.replace(/(export const VOICE_SOURCE = )(.*);/, "$1new Proxy($2, {});")));

  test("a method as a class field counts as a method", () =>
    stands(
      good.replace("makeSystemPrompt(context: any): any {", "makeSystemPrompt = (context: any): any => {"),
    ));

  test("a method may be inherited", () =>
    stands(
      good.replace("export class PromptGenerator", "class Base") +
        "\nexport class PromptGenerator extends Base {}",
    ));
});
