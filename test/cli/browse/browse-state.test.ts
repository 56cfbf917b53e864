import { describe, expect, test } from "bun:test";
import {
  type BrowseState,
  listVisible,
  reduceBrowse,
  startBrowsing,
} from "../../../src/cli/browse/browse-state.ts";
import { browsed, file, press, summary } from "./browse-samples.ts";

const models = Array.from({ length: 25 }, (_, i) =>
  summary(`ada/model-${i + 1}`, i === 3 ? { license: "apache-2.0", libraryName: "onnx" } : {}),
);
const start = startBrowsing(models);
const model = browsed("ada/model-1", [
  file("m.Q2_K.gguf", 3),
  file("m.Q4_K_M.gguf", 5),
  file("m.Q8_0.gguf", 12),
  file("README.md", 0.001),
]);
const opened = (): BrowseState =>
  reduceBrowse(press(start, "enter").state, { type: "described", model }).state;

describe("the list", () => {
  test.each([
    ["down down up", 1],
    ["up", 0],
    ["j j k", 1],
    ["page-down", 10],
    ["page-down page-down page-down", 24],
    ["end page-up", 14],
    ["end home", 0],
    ["7", 6],
    ["1 2", 11],
    ["12", 11],
    ["2 9", 8],
    ["99", 8],
    ["0", 0],
    ["1 down 2", 1],
  ])("after %j stands at row %i", (keys, cursor) => {
    expect(press(start, keys).state.cursor).toBe(cursor);
  });

  test("opens the model under the cursor", () => {
    const { state, effects } = press(start, "down enter");
    expect(effects).toEqual([{ type: "describe", modelId: "ada/model-2" }]);
    expect(state.stage).toBe("loading");
  });

  test("is narrowed as one types, by every word, and widened again", () => {
    const typing = press(start, "down /MODEL-2");
    expect(listVisible(typing.state).length).toBe(7);
    expect(typing.state.cursor).toBe(0);
    const erased = press(typing.state, "backspace backspace");
    expect(listVisible(erased.state).length).toBe(25);
    const some = press(start, "/ apache").state;
    expect(listVisible({ ...some, filter: "onnx apache" }).map((m) => m.modelId)).toEqual(["ada/model-4"]);
    expect(listVisible({ ...some, filter: "onnx mit" })).toEqual([]);
    expect(press(typing.state, "escape").state).toMatchObject({ filter: "", isFiltering: false });
  });

  test("letters that mean something else are letters in the filter", () => {
    const { state, effects } = press(start, "/ qjk3/");
    expect([state.filter, effects]).toEqual(["qjk3/", []]);
  });

  test("the narrowed list is walked and opened like the whole", () => {
    const { effects } = press(start, "/model-2 enter down enter");
    expect(effects).toEqual([{ type: "describe", modelId: "ada/model-20" }]);
    expect(press(start, "/zzz enter enter").effects).toEqual([]);
  });

  test("is left with q and escape, which first widens it", () => {
    expect(press(start, "q").effects).toEqual([{ type: "leave" }]);
    expect(press(start, "escape").effects).toEqual([{ type: "leave" }]);
    expect(press(start, "/x enter escape").effects).toEqual([]);
  });
});

describe("a model", () => {
  test("begins at the choice that fits this machine", () => {
    const state = opened();
    expect(state.stage).toBe("model");
    expect(model.choices.map(({ name, fit, isRecommended }) => [name, fit, isRecommended])).toEqual([
      ["Q2_K", "ok", false],
      ["Q4_K_M", "ok", true],
      ["Q8_0", "no", false],
      ["everything", "no", false],
    ]);
    expect(model.choices[state.choice]?.name).toBe("Q4_K_M");
  });

  test("is downloaded after a question that wants a y", () => {
    const { state, effects } = press(opened(), "enter");
    expect([state.stage, effects]).toEqual(["confirm", []]);
    expect(press(state, "y").effects).toEqual([{ type: "download", model, choice: model.choices[1]! }]);
    for (const no of ["n", "enter", "escape", "q", "down"]) {
      const refused = press(state, no);
      expect([refused.state.stage, refused.effects]).toEqual(["model", []]);
    }
  });

  test("another choice may be taken, with its files and what goes with them", () => {
    const { effects } = press(opened(), "1 enter y");
    expect(effects).toMatchObject([{ choice: { name: "Q2_K", include: ["m.Q2_K.gguf", "README.md"] } }]);
    const everything = press(opened(), "end enter y");
    expect(everything.effects).toMatchObject([{ choice: { name: "everything", include: null } }]);
    expect(press(opened(), "9 down down down").state.choice).toBe(3);
  });

  test("is left for the list where one was, or for good", () => {
    expect(press(opened(), "escape").state).toMatchObject({ stage: "list", model: null, cursor: 0 });
    expect(press(opened(), "left").state.stage).toBe("list");
    expect(press(opened(), "q").effects).toEqual([{ type: "leave" }]);
  });

  test("that cannot be asked for is said in the list, until the next key", () => {
    const failed = reduceBrowse(press(start, "down enter").state, { type: "failed", message: "gone" }).state;
    expect(failed).toMatchObject({ stage: "list", problem: "gone", cursor: 1 });
    expect(press(failed, "down").state.problem).toBeNull();
  });

  test("that was given up is not shown when it comes after all", () => {
    const { state, effects } = press(start, "enter escape");
    expect([state.stage, effects.at(-1)]).toEqual(["list", { type: "give-up" }]);
    expect(reduceBrowse(state, { type: "described", model }).state.stage).toBe("list");
    expect(reduceBrowse(state, { type: "failed", message: "x" }).state.problem).toBeNull();
  });

  test("without any file has nothing to choose", () => {
    const empty = reduceBrowse(press(start, "enter").state, {
      type: "described",
      model: browsed("ada/empty", []),
    }).state;
    expect(press(empty, "enter y d").effects).toEqual([]);
  });
});

test("Ctrl-C interrupts everywhere", () => {
  const states = [
    start,
    press(start, "/x").state,
    press(start, "enter").state,
    opened(),
    press(opened(), "enter").state,
  ];
  for (const state of states) expect(press(state, "interrupt").effects).toEqual([{ type: "interrupt" }]);
});
