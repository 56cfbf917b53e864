// What a file does while it is loaded costs only that file: real files, real processes.
import { describe, expect, test } from "bun:test";
import type { LoadProblem } from "../../src/characters/port.ts";
import { characterText, namesOf, openTestStage } from "../support/character-files.ts";

const limits = { evaluateTimeoutMs: 700, promptTimeoutMs: 500, toolTimeoutMs: 500, replyTimeoutMs: 700 };
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
  "a missing export": [
    "export const CHARACTER_NAME = 'X';",
    {
      stage: "shape",
      error_type: "MissingExport",
      message: "the file exports no VOICE_SOURCE, no INSTRUCTIONS, no PromptGenerator",
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

describe("a file that misbehaves while it is loaded", () => {
  for (const [what, [text, expected]] of Object.entries(cases)) {
    test(`${what} costs that file alone`, async () => {
      await using cast = await openTestStage({ "bad.ts": text, "good.ts": good }, limits);
      await cast.untilBook((book) => book.find("Good") !== undefined);
      expect(await cast.promptOf("Good")).toBe("I am Good");
      await cast.stage.settled();
      expect(namesOf(cast.stage.book)).toEqual(["Good"]);
      expect(cast.stage.book.problems).toMatchObject([{ file: "bad.ts", ...expected }]);
    });
  }
});
