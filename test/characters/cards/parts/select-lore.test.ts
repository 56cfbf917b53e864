// Which lore enters the prompt, where, and at what price.
import { describe, expect, test } from "bun:test";
import type { LoreBook, LoreEntry } from "../../../../src/characters/cards/parts/card.ts";
import { selectLore } from "../../../../src/characters/cards/parts/select-lore.ts";
import type { Message } from "../../../../src/characters/cards/parts/talk.ts";
import { cpuMs } from "../../../support/cpu-time.ts";

const fill = (text: string): string => text.replaceAll("{{user}}", "Eve");
const said = (...contents: string[]): Message[] =>
  contents.map((content, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content }));

function loreOf(
  entries: LoreEntry[],
  messages: Message[],
  book: Partial<LoreBook> = {},
): { before: string[]; after: string[] } {
  return selectLore({ entries, ...book }, messages, fill);
}

const isFound = (entry: LoreEntry, ...contents: string[]): boolean =>
  loreOf([{ content: "lore", ...entry }], said(...contents)).after.length === 1;

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe("lore", () => {
  test.each<[string, LoreEntry, string, boolean]>([
    ["a key that is said", { keys: ["lamp"] }, "Is the LAMP lit?", true],
    ["a key that is not", { keys: ["lamp"] }, "Is it dark?", false],
    ["any of several keys", { keys: ["oil", "lamp"] }, "the lamp", true],
    ["the beginning of a word", { keys: ["elf"] }, "two elfs, elfish", true],
    ["the end of a word", { keys: ["elf"] }, "I did it myself", false],
    ["a key of several words", { keys: [" grey point "] }, "at Grey Point?", true],
    ["a key in a script without spaces", { keys: ["灯台"] }, "あの灯台は", true],
    ["a key with marks", { keys: ["c++"] }, "I write C++.", true],
    ["a key with a macro", { keys: ["{{user}}"] }, "I am Eve", true],
    ["an empty key", { keys: ["", " "] }, "anything", false],
    ["no keys", { keys: null }, "anything", false],
    ["exact case, right", { keys: ["May"], case_sensitive: true }, "in May", true],
    ["exact case, wrong", { keys: ["May"], case_sensitive: true }, "I may", false],
    ["a constant", { keys: ["never"], constant: true }, "", true],
    ["a disabled constant", { constant: true, enabled: false }, "", false],
    ["both keys", { keys: ["a"], selective: true, secondary_keys: ["b"] }, "a b", true],
    ["only the first key", { keys: ["a"], selective: true, secondary_keys: ["b"] }, "a", false],
    ["a second key that is not asked for", { keys: ["a"], secondary_keys: ["b"] }, "a", true],
    ["an empty second list", { keys: ["a"], selective: true, secondary_keys: [] }, "a", true],
    ["second keys as text", { keys: ["a"], selective: true, secondary_keys: "x, b" }, "a b", true],
    ["a pattern", { keys: ["/ser(pent|um)/"], use_regex: true }, "a serum", true],
    ["a pattern's own flags", { keys: ["/SERUM/"], use_regex: true }, "a serum", false],
    ["a pattern without slashes", { keys: ["ser.m$"], use_regex: true }, "a SERUM", true],
    ["plain words where patterns may stand", { keys: ["serum"], use_regex: true }, "a serum", true],
    ["a quoted pattern without the flag", { keys: ["/ser.m/i"] }, "a SERUM", true],
    ["a broken pattern", { keys: ["/(/"], use_regex: true }, "(", false],
    ["a pattern that looks ahead", { keys: ["/a(?=b)/", "ok"], use_regex: true }, "ab", false],
    ["a path, which is no pattern", { keys: ["/home/eve/"] }, "in /home/eve/x", true],
  ])("%s", (_, entry, text, is) => {
    expect(isFound(entry, text)).toBe(is);
  });

  test("only the last messages count: four, or as many as the book says", () => {
    const talk = said("the lamp", "yes", "b", "c", "d");
    expect(isFound({ keys: ["lamp"] }, "the lamp", "b", "c", "d")).toBe(true);
    expect(loreOf([{ keys: ["lamp"], content: "x" }], talk).after).toEqual([]);
    expect(loreOf([{ keys: ["lamp"], content: "x" }], talk, { scan_depth: 5 }).after).toEqual(["x"]);
    expect(loreOf([{ keys: ["d"], content: "x" }], talk, { scan_depth: 0 }).after).toEqual([]);
    expect(
      loreOf([{ keys: ["lamp"], content: "x" }], [{ role: "system", content: "the lamp" }]).after,
    ).toEqual([]);
  });

  test("stands before or after the character, in its order, with macros filled", () => {
    const lore = loreOf(
      [
        { constant: true, content: "third", insertion_order: 30 },
        { constant: true, content: "first for {{user}}", insertion_order: 1 },
        { constant: true, content: "ahead", insertion_order: 99, position: "before_char" },
        { constant: true, content: "second", insertion_order: 2, position: "after_char" },
        { constant: true, content: "  " },
      ],
      [],
    );
    expect(lore).toEqual({ before: ["ahead"], after: ["first for Eve", "second", "third"] });
  });

  test("what does not fit the budget goes, the least important first", () => {
    const entries = [
      { constant: true, content: "a".repeat(300), priority: 1, insertion_order: 1 },
      { constant: true, content: "b".repeat(300), priority: 9, insertion_order: 2 },
      { constant: true, content: "c".repeat(90), priority: 0, insertion_order: 3 },
    ];
    const lore = loreOf(entries, [], { token_budget: 100 });
    expect(lore.after.map((text) => text[0])).toEqual(["b", "c"]);
  });

  test("found lore brings in more only where the book says so, and comes to an end", () => {
    const entries = [
      { keys: ["lamp"], content: "It burns oil." },
      { keys: ["oil"], content: "Oil comes from whales and lamps." },
      { keys: ["whales"], content: "Whales sing." },
    ];
    expect(loreOf(entries, said("the lamp")).after).toHaveLength(1);
    expect(loreOf(entries, said("the lamp"), { recursive_scanning: true }).after).toHaveLength(3);
  });

  test.each<[string, string, Message[], boolean]>([
    ["dont_activate", "@@dont_activate", said("key"), false],
    ["activate against all", "@@activate\n@@dont_activate", said("nothing"), true],
    ["activate_only_after, too early", "@@activate_only_after 2", said("key"), false],
    ["activate_only_after, in time", "@@activate_only_after 2", said("a", "b", "c", "d", "key"), true],
    ["activate_only_every, off", "@@activate_only_every 2", said("a", "b", "key"), false],
    ["activate_only_every, on", "@@activate_only_every 2", said("a", "b", "c", "d", "key"), true],
    ["scan_depth", "@@scan_depth 1", said("key", "b"), false],
    ["additional_keys, missing", "@@additional_keys oil, gas", said("key"), false],
    ["additional_keys, there", "@@additional_keys oil, gas", said("key and gas"), true],
    ["exclude_keys", "@@exclude_keys gas,oil", said("key and oil"), false],
    ["one that is not known", "@@depth 4\n@@role user", said("key"), true],
    ["a value that is no number", "@@activate_only_after soon", said("key"), true],
    ["a fallback for what is not known", "@@new_thing 4\n@@@dont_activate", said("key"), false],
    ["a fallback for what is known", "@@scan_depth 2\n@@@dont_activate", said("key"), true],
    ["a second fallback", "@@new 1\n@@@newer 2\n@@@dont_activate", said("key"), false],
  ])("decorator: %s", (_, head, messages, is) => {
    const lore = loreOf([{ keys: ["key"], content: `${head}\n\nThe text.` }], messages);
    expect(lore.after).toEqual(is ? ["The text."] : []);
  });

  test("a position among the decorators counts", () => {
    const lore = loreOf([{ constant: true, content: "@@position before_desc\nThe text." }], []);
    expect(lore.before).toEqual(["The text."]);
  });

  test.each<[string, LoreEntry[]]>([
    ["patterns that hang other engines", times(500, { keys: ["/(a+)+$/"], content: "x", use_regex: true })],
    ["patterns of the greatest size", times(5000, { keys: ["/(.|..){90}b/s"], content: "x" })],
    ["patterns that are too large", times(20_000, { keys: ["/(.{999}){999}/s"], content: "x" })],
    ["a hundred thousand keys", [{ keys: times(100_000, "zebra"), content: "x" }]],
    ["a key that is nearly everywhere", times(2000, { keys: times(20, "a"), content: "x" })],
    ["entries that bring in each other", times(3000, { keys: ["b"], content: "b ".repeat(100) })],
  ])("%s cost no more than a fraction of a prompt's time", (_, entries) => {
    const messages = said("b", "a".repeat(20_000), `b${"a".repeat(20_000)}!`, "a".repeat(20_000));
    const startMs = cpuMs();
    loreOf(entries, messages, { recursive_scanning: true });
    expect(cpuMs() - startMs).toBeLessThan(1000);
  });
});
