// What a character may do to the house it lives in, one by one: every case of "Isolation", as files, with what provokes it
// and what the cast then says of it.
import type { LoadErrorType, LoadStage } from "../../src/characters/port.ts";
import { type CharacterText, characterText } from "../support/character-files.ts";

export interface Offence {
  text: string;
  /** How it comes to misbehave; default: by being saved. */
  provoke?: "prompt" | "reply" | "tool";
  /** What the list of errors says of the file; undefined: nothing at all. */
  problem?: { stage: LoadStage; error_type: LoadErrorType | readonly LoadErrorType[] };
  /** Of the character, if it is on stage at all. */
  status?: "ready" | "quarantined";
  /** What it answers to `provoke`; default: it fails. */
  answers?: string;
  /** A line that the log has of it. */
  logged?: RegExp;
}

export const offenderName = "Offender";
const bad = (parts: CharacterText): string => characterText({ name: offenderName, ...parts });
const scripted = `export const METADATA = { replies: "scripted" };`;
const replying = (body: string, kind = "reply()"): string =>
  bad({ exports: scripted, members: `${kind} { ${body} }` });
const tooling = (body: string): string =>
  bad({
    exports: `export const TOOLS = [{ name: "act", description: "acts", parameters: { type: "object" }, execute() { ${body} } }];`,
  });
const loop = "while (true) {}";
const hoard = "const all: unknown[] = []; for (;;) all.push(new Array(10_000).fill(all.length));";
const regex = "'a'.repeat(100_000).replace(/(.*?,)*?(.*?;)*?$/g, '')";
const storm = "for (;;) new Worker('data:text/javascript,setInterval(()=>{},1)');";
const recursion = "const dive = (): number => 1 + dive();";

const timeout = { error_type: "Timeout" } as const;
const crash = { error_type: "Crashed" } as const;
const evaluating = { stage: "evaluate" } as const;
const running = { stage: "run" } as const;

export const offences: Record<string, Offence> = {
  "a syntax error": {
    text: bad({ top: "let b = ;" }),
    problem: { stage: "build", error_type: "SyntaxError" },
  },
  "a missing import": {
    text: `import { x } from "./nowhere.ts";\n${bad({ prompt: "return x;" })}`,
    problem: { stage: "build", error_type: "ImportError" },
  },
  "a throw at top level": {
    text: bad({ top: "throw new RangeError('too far');" }),
    problem: { ...evaluating, error_type: "EvaluationError" },
  },
  "a top-level await that never ends": {
    text: bad({ top: "await new Promise(() => {});" }),
    problem: { ...evaluating, ...timeout },
  },
  "an endless loop at top level": { text: bad({ top: loop }), problem: { ...evaluating, ...timeout } },
  "an endless loop in the constructor": {
    text: bad({ members: `x = (() => { ${loop} })();` }),
    provoke: "prompt",
    problem: { ...running, ...timeout },
    status: "quarantined",
  },
  "an endless loop in makeSystemPrompt": {
    text: bad({ prompt: loop }),
    provoke: "prompt",
    problem: { ...running, ...timeout },
    status: "quarantined",
  },
  "an endless loop in reply": {
    text: replying(loop),
    provoke: "reply",
    problem: { ...running, ...timeout },
    status: "quarantined",
  },
  "a reply that never ends": {
    text: replying("for (;;) yield 'again and ';", "*reply()"),
    provoke: "reply",
    problem: { ...running, error_type: "BadPrompt" },
    status: "ready",
  },
  "a reply that never comes to its first word": {
    text: replying("for (;;) yield '';", "*reply()"),
    provoke: "reply",
    problem: { ...running, error_type: "BadPrompt" },
    status: "ready",
  },
  "an endless loop in a tool": {
    text: tooling(loop),
    provoke: "tool",
    problem: { ...running, ...timeout },
    status: "quarantined",
    answers: "The tool has failed.",
  },
  "a throw in a timer": {
    text: bad({ top: "setTimeout(() => { throw new Error('late'); }, 50);" }),
    problem: { ...running, ...crash },
    status: "quarantined",
  },
  "an endless loop in a timer": {
    text: bad({ top: `setTimeout(() => { ${loop} }, 50);` }),
    problem: { ...running, ...timeout },
    status: "quarantined",
  },
  "a promise that is rejected later": {
    text: bad({ top: "setTimeout(() => Promise.reject(new Error('late')), 50);" }),
    problem: { ...running, ...crash },
    status: "quarantined",
  },
  "process.exit": {
    text: bad({ prompt: "process.exit(0);" }),
    provoke: "prompt",
    problem: { ...running, ...crash },
    status: "quarantined",
  },
  "process.abort": {
    text: replying("process.abort();"),
    provoke: "reply",
    problem: { ...running, ...crash },
    status: "quarantined",
  },
  "a signal to its own process": {
    text: tooling("process.kill(process.pid, 'SIGKILL');"),
    provoke: "tool",
    problem: { ...running, ...crash },
    status: "quarantined",
    answers: "The tool has failed.",
  },
  "the end of the whole host, by another program": {
    text: bad({ prompt: `Bun.spawnSync(["kill", "-9", String(process.pid)]); return "";` }),
    provoke: "prompt",
    problem: { ...running, ...crash },
    status: "quarantined",
  },
  "a storm of workers at top level": { text: bad({ top: storm }), problem: { ...evaluating, ...crash } },
  "a storm of workers in makeSystemPrompt": {
    text: bad({ prompt: storm }),
    provoke: "prompt",
    problem: { ...running, ...crash },
    status: "quarantined",
  },
  "endless recursion": {
    text: bad({ prompt: `${recursion} return String(dive());` }),
    provoke: "prompt",
    problem: { ...running, error_type: "BadPrompt" },
    status: "ready",
  },
  "a catastrophic regular expression": {
    text: bad({ prompt: `return ${regex};` }),
    provoke: "prompt",
    problem: { ...running, ...timeout },
    status: "quarantined",
  },
  "memory growth at top level": { text: bad({ top: hoard }), problem: { ...evaluating, ...crash } },
  "memory growth in reply": {
    text: replying(hoard),
    provoke: "reply",
    problem: { ...running, ...crash },
    status: "quarantined",
  },
  "patched built-ins": {
    text: bad({
      top: `Array.prototype.join = () => "patched"; globalThis.fetch = (() => "patched") as never; JSON.stringify = () => "patched"; Promise.prototype.then = () => { throw new Error("patched"); };`,
      prompt: `return [1].join() + fetch("");`,
    }),
    provoke: "prompt",
    answers: "patchedpatched",
    status: "ready",
  },
  "a getter that throws on an export": {
    text: bad({}).replace('source_type: "kokoro"', 'get source_type() { throw new Error("no"); }'),
    problem: { stage: "schema", error_type: "ValidationError" },
  },
  "a proxy as an export": {
    text: bad({}).replace(
      /export const VOICE_SOURCE = .*/,
      "export const VOICE_SOURCE = new Proxy({}, { ownKeys() { for (;;); } });",
    ),
    problem: { ...evaluating, ...timeout },
  },
  "a prompt that is no string": {
    text: bad({ prompt: "return { toString() { return 'x'; } };" }),
    provoke: "prompt",
    problem: { ...running, error_type: "BadPrompt" },
    status: "ready",
  },
  "a prompt of 100 MB": {
    text: bad({ prompt: "return 'x'.repeat(100_000_000);" }),
    provoke: "prompt",
    problem: { ...running, error_type: "BadPrompt" },
    status: "ready",
  },
  "a million lines of output": {
    text: bad({ prompt: `for (let i = 0; i < 1_000_000; i++) console.log("line", i); return "said";` }),
    provoke: "prompt",
    answers: "said",
    status: "ready",
    logged: /\d+ more lines/,
  },
};
