import { describe, expect, test } from "bun:test";
import { createKeyParser, type Key } from "../../../src/cli/browse/keys.ts";

const describeKey = (key: Key): string => (key.name === "text" ? `"${key.text}"` : key.name);
const parse = (...pieces: string[]): string[] => {
  const parser = createKeyParser();
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.flush()].map(describeKey);
};

describe("keys", () => {
  test.each([
    ["\u001b[A\u001b[B\u001b[C\u001b[D", ["up", "down", "right", "left"]],
    ["\u001bOA\u001bOB\u001bOH\u001bOF", ["up", "down", "home", "end"]],
    [
      "\u001b[5~\u001b[6~\u001b[1~\u001b[4~\u001b[H\u001b[F",
      ["page-up", "page-down", "home", "end", "home", "end"],
    ],
    ["\r\n\u007f\b", ["enter", "enter", "backspace", "backspace"]],
    ["\u0003\u0004", ["interrupt", "interrupt"]],
    ["a/7é👋", ['"a"', '"/"', '"7"', '"é"', '"👋"']],
    ["\u001b", ["escape"]],
    ["\u001b\u001b[A", ["escape", "up"]],
    ["\u001b[15~x", ['"x"']],
    ["\u001b[1;5Ax", ['"x"']],
    ["\u0001\u0002x", ['"x"']],
  ])("%j are %j", (input, keys) => {
    expect(parse(input)).toEqual(keys);
  });

  test("may come in pieces", () => {
    expect(parse("\u001b", "[", "A", "\u001b[5", "~")).toEqual(["up", "page-up"]);
  });

  test("an escape that nothing follows is the key of that name", () => {
    const parser = createKeyParser();
    expect(parser.push("\u001b")).toEqual([]);
    expect(parser.flush()).toEqual([{ name: "escape" }]);
    expect(parser.push("[A").map(describeKey)).toEqual(['"["', '"A"']);
  });
});
