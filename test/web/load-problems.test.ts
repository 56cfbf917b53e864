import { describe, expect, test } from "bun:test";
import { describeLoadError, describeWhere, listProblems } from "../../src/web/load-problems.tsx";
import type { CharacterRecord, LoadError } from "../../src/web/server-state.ts";

const record = (name: string, error?: LoadError): CharacterRecord => ({
  name,
  file: `${name.toLowerCase()}.ts`,
  status: error ? "stale" : "ready",
  voice: { provider: "kokoro", voice: "af_heart", status: "ready" },
  instructions: { type: "smalltalk", language: "en" },
  metadata: {},
  tools: [],
  ...(error && { error }),
});

describe("what is wrong with a file", () => {
  test("is said with its kind, the loader's words and a cure", () => {
    const error = { file: "ada.ts", error_type: "SyntaxError", message: 'Expected ")"' };
    expect(describeLoadError(error)).toEqual({
      what: "It is not valid TypeScript.",
      message: 'Expected ")"',
      cure: "Correct that place and save.",
    });
  });

  test("of a kind that is not known has a cure all the same", () => {
    expect(describeLoadError({ file: "ada.ts", message: "odd", error_type: "Newfangled" })).toEqual({
      what: "",
      message: "odd",
      cure: "Correct it and save: it is on stage again at once.",
    });
  });

  test("every kind that the loader has names a cure of its own", () => {
    // src/characters/port.ts, LoadErrorType
    const types =
      "ReadError SyntaxError ImportError EvaluationError Timeout MissingExport ValidationError MissingMethod " +
      "InvalidTools DuplicateName BadPrompt Crashed";
    const cures = types
      .split(" ")
      .map((error_type) => describeLoadError({ file: "x.ts", message: "", error_type }).cure);
    expect(new Set(cures).size).toBe(types.split(" ").length);
  });

  test("is placed as far as it is known, in the form that editors open", () => {
    const error = { file: "ada.ts", message: "odd" };
    expect(describeWhere(error)).toBe("ada.ts");
    expect(describeWhere({ ...error, line: 7 })).toBe("ada.ts:7");
    expect(describeWhere({ ...error, line: 7, column: 3 })).toBe("ada.ts:7:3");
    expect(describeWhere({ ...error, column: 3 })).toBe("ada.ts");
  });
});

test("a file is listed once, with the newest word on it, and not any more when it is right", () => {
  const old = { file: "ada.ts", message: "old" };
  const fresh = { file: "ada.ts", message: "new" };
  const other = { file: "bo.ts", message: "other" };
  expect(listProblems({ characters: [record("Ada", old)], errors: [fresh, other] })).toEqual([fresh, other]);
  expect(listProblems({ characters: [record("Ada", old)], errors: [] })).toEqual([old]);
  expect(listProblems({ characters: [record("Ada")], errors: [] })).toEqual([]);
});
