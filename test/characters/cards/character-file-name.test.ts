// Names of files from names of characters.
import { describe, expect, test } from "bun:test";
import { selectFileName } from "../../../src/characters/cards/character-file-name.ts";

const nameOf = (name: string, ...taken: string[]): string =>
  selectFileName(name, "character-1", new Set(taken));

describe("a character's file name", () => {
  test.each([
    ["Quiz show", "quiz-show.ts"],
    ["  Dev (news)  ", "dev-news.ts"],
    ["Développeuse", "developpeuse.ts"],
    ["Œdipe & Ægir Straße Łódź Ðør þing ıx", "oedipe-aegir-strasse-lodz-dor-thing-ix.ts"],
    ["İstanbul ＦＵＬＬ ﬁne ①", "istanbul-full-fine-1.ts"],
    ["O'Brien’s", "obriens.ts"],
    ["../../etc/passwd", "etc-passwd.ts"],
    ["x.test", "x-test.ts"],
    ["_hidden", "hidden.ts"],
    ["COM1", "com1-character.ts"],
    ["物語", "character-1.ts"],
    ["", "character-1.ts"],
    ["long ".repeat(40), `${"long-".repeat(12).slice(0, 59)}.ts`],
  ])("%p becomes %p", (name, fileName) => {
    expect(nameOf(name)).toBe(fileName);
  });

  test("always fits the pattern", () => {
    for (let code = 0; code < 0x3000; code++) {
      const fileName = nameOf(`${String.fromCodePoint(code)}-${String.fromCodePoint(code)}x`);
      if (!/^[a-z0-9][a-z0-9-]*\.ts$/.test(fileName)) throw new Error(`U+${code.toString(16)}: ${fileName}`);
    }
  });

  test("a taken name gets the first free number", () => {
    expect(nameOf("Ada", "ada.ts")).toBe("ada-2.ts");
    expect(nameOf("Ada", "ada.ts", "ada-2.ts", "ada-4.ts")).toBe("ada-3.ts");
    expect(nameOf("物語", "character-1.ts")).toBe("character-1-2.ts");
  });
});
