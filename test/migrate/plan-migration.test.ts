// Which entries become files, under which names, and what is said of the others.
import { describe, expect, test } from "bun:test";
import { loadParts } from "../../scripts/migrate/load-parts.ts";
import { planMigration } from "../../scripts/migrate/plan-migration.ts";
import { readEntries } from "../../scripts/migrate/read-entries.ts";

const parts = await loadParts();
const plan = (text: string) => planMigration(readEntries(new TextEncoder().encode(text), "v"), parts);
const source = "source: {source_type: file, path_on_server: a.wav}";
const namesOf = (text: string): string[] => plan(text).files.map(({ fileName }) => fileName);

describe("a planned migration", () => {
  test("names become file names: accents folded, odd characters replaced, clashes numbered", () => {
    const names = [
      "Quiz show",
      "quiz_SHOW",
      "Quiz  Show?",
      "Élodie Œuvré",
      "物語",
      "🎭",
      "Don't",
      "...",
      "nul",
    ];
    const text = names.map((name) => `- name: ${JSON.stringify(name)}\n  ${source}\n`).join("");
    expect(namesOf(text)).toEqual([
      "quiz-show.ts",
      "quiz-show-2.ts",
      "quiz-show-3.ts",
      "elodie-oeuvre.ts",
      "character-5.ts",
      "character-6.ts",
      "dont.ts",
      "character-8.ts",
      "nul-character.ts",
    ]);
  });

  test.each([
    ["no name", `- ${source}`, "has no name"],
    ["an empty name", `- name: "  "\n  ${source}`, "name"],
    ["a name that is no text", `- name: 7\n  ${source}`, "name"],
    ["a name of 81 letters", `- name: ${"x".repeat(81)}\n  ${source}`, "at most 80"],
    ["no source", "- name: A", "has no source"],
    ["an unknown source", "- name: A\n  source: {source_type: tape}", 'unknown source_type "tape"'],
    ["a source without its path", "- name: A\n  source: {source_type: file}", "source.path_on_server"],
    ["an unknown instruction type", `- name: A\n  instructions: {type: opera}\n  ${source}`, '"opera"'],
    ["instructions without a type", `- name: A\n  instructions: {text: x}\n  ${source}`, "no type"],
    ["instructions that are text", `- name: A\n  instructions: sing\n  ${source}`, "no type"],
    [
      "a constant without text",
      `- name: A\n  instructions: {type: constant}\n  ${source}`,
      "instructions.text",
    ],
    [
      "an unknown language",
      `- name: A\n  instructions: {type: news, language: de}\n  ${source}`,
      "instructions.language",
    ],
    ["a good that is neither true nor false", `- name: A\n  good: "yes"\n  ${source}`, "good"],
    [
      "nesting that no export may have",
      `- name: A\n  x: ${"[".repeat(60)}${"]".repeat(60)}\n  ${source}`,
      "nested",
    ],
    ["more text than a file may hold", `- name: A\n  x: ${"y".repeat(1 << 20)}\n  ${source}`, "bytes"],
  ])("%s makes the entry a fault, with its number and line; its neighbours stay", (_, entry, message) => {
    const { files, faults } = plan(`- name: First\n  ${source}\n${entry}\n- name: Last\n  ${source}\n`);
    expect(files.map(({ name }) => name)).toEqual(["First", "Last"]);
    expect(faults).toEqual([{ number: 2, line: 3, message: expect.stringContaining(message) }]);
  });

  test("of two entries with one name the second is the fault, also when only spaces or code points differ", () => {
    const { files, faults } = plan(
      `- name: "Zo\\u00e9"\n  ${source}\n- name: " Zoe\\u0301 "\n  ${source}\n- name: zoé\n  ${source}\n`,
    );
    expect(files.map(({ fileName }) => fileName)).toEqual(["zoe.ts", "zoe-2.ts"]);
    expect(faults).toEqual([
      { number: 2, line: 3, message: expect.stringContaining("as entry 1 (line 1) has") },
    ]);
  });

  test("what is unusual but kept is noted", () => {
    const { notes, faults } = plan(`- name: A\n  mood: calm\n  model: [1]\n  ${source}\n`);
    expect(faults).toEqual([]);
    expect(notes.map(({ message }) => message)).toEqual([
      'has the unknown key "mood", kept in METADATA',
      'has the unknown key "model", kept in METADATA.other_keys',
      "has no instructions, and becomes small talk",
    ]);
  });
});
