// Regular expressions that cannot hang. A card may come from anyone, and the usual engine takes exponential time for some
// patterns. This one follows all ways through the pattern at once (Thompson, 1968): a text takes at most its length times
// the size of the pattern, and every step is counted.
import { type PatternNode, parsePattern } from "./parse-pattern.ts";

/** Steps that the patterns of one prompt may take together. */
export interface StepBudget {
  left: number;
}

/** True when the pattern occurs in the text; false when it does not, or the steps are used up. */
export type LinearPattern = (text: string, budget: StepBudget) => boolean;

type Instruction =
  | { kind: "test"; node: PatternNode & { kind: "character" | "place" } }
  | { kind: "fork"; to: readonly number[] };

const MAX_INSTRUCTIONS = 2000;

/** Undefined for a pattern that is broken, too large, or needs what this engine has not: look-around, back-references. */
export function compileLinearPattern(source: string, flags: string): LinearPattern | undefined {
  let root: PatternNode | undefined;
  try {
    RegExp(source, flags);
    root = /^[dgimsuy]*$/.test(flags) ? parsePattern(source, flags) : undefined;
  } catch {
    // Not a pattern at all.
  }
  const program = root && emitProgram(root);
  if (!program) return undefined;
  const split = (text: string): string[] => (flags.includes("u") ? Array.from(text) : text.split(""));
  return (text, budget) => run(program, split(text), budget);
}

/** Instructions in order; behind the last one is the match. */
function emitProgram(root: PatternNode): Instruction[] | undefined {
  const program: Instruction[] = [];
  const emitFork = (): number => program.push({ kind: "fork", to: [] }) - 1;
  const setFork = (index: number, ...to: number[]): void => {
    program[index] = { kind: "fork", to };
  };
  const emit = (node: PatternNode): void => {
    if (program.length > MAX_INSTRUCTIONS) return;
    if (node.kind === "sequence") {
      for (const one of node.nodes) emit(one);
    } else if (node.kind === "choice") {
      const fork = emitFork();
      const starts: number[] = [];
      const ends: number[] = [];
      for (const one of node.nodes) {
        starts.push(program.length);
        emit(one);
        ends.push(emitFork());
      }
      setFork(fork, ...starts);
      for (const end of ends) setFork(end, program.length);
    } else if (node.kind === "repeat") {
      for (let count = 0; count < node.least && program.length <= MAX_INSTRUCTIONS; count++) emit(node.node);
      if (node.most === Infinity) {
        const loop = emitFork();
        emit(node.node);
        setFork(emitFork(), loop);
        setFork(loop, loop + 1, program.length);
        return;
      }
      const forks: number[] = [];
      for (let count = node.least; count < node.most && program.length <= MAX_INSTRUCTIONS; count++) {
        forks.push(emitFork());
        emit(node.node);
      }
      for (const fork of forks) setFork(fork, fork + 1, program.length);
    } else {
      program.push({ kind: "test", node });
    }
  };
  emit(root);
  return program.length > MAX_INSTRUCTIONS ? undefined : program;
}

function run(program: readonly Instruction[], text: readonly string[], budget: StepBudget): boolean {
  /** At which position an instruction was last reached: each is followed once per position. */
  const reached = new Int32Array(program.length + 1).fill(-1);
  let waiting: number[] = [];
  for (let at = 0; at <= text.length; at++) {
    const [before = "", character = ""] = [text[at - 1], text[at]];
    const next: number[] = [];
    // A match may begin anywhere.
    const open = [0, ...waiting];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (reached[index] === at) continue;
      reached[index] = at;
      const instruction = program[index];
      if (!instruction) return true;
      if (--budget.left < 0) return false;
      if (instruction.kind === "fork") open.push(...instruction.to);
      else if (instruction.node.kind === "place") {
        if (instruction.node.test(before, character)) open.push(index + 1);
      } else if (at < text.length && instruction.node.test(character)) next.push(index + 1);
    }
    waiting = next;
  }
  return false;
}
