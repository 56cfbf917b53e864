// Small modules become one text that stands alone.
import { describe, expect, test } from "bun:test";
import { joinParts } from "../../../src/characters/cards/join-parts.ts";

describe("joined parts", () => {
  const parts = {
    "top.ts": `// The head
// goes.
import { b } from "./b.ts";
import {
  a,
  type A,
} from "./a.ts";

/** Stays. */
export const top = a + b;

export class PromptGenerator {}
`,
    "a.ts": `// Head.
import { b } from "./b.ts";

export interface A {}
// A comment of the code stays, and so does "export const" in a text.
export const a = b + "export const";
`,
    "b.ts": `export const b = 1;\nexport default b;\n`,
    "unused.ts": "export const unused = 1;\n",
  };

  test("what is needed comes first and once, and only the class is exported", () => {
    expect(joinParts("top.ts", parts)).toBe(`const b = 1;
export default b;

interface A {}
// A comment of the code stays, and so does "export const" in a text.
const a = b + "export const";

/** Stays. */
const top = a + b;

export class PromptGenerator {}
`);
  });

  test("a part that is not there is a mistake of the program", () => {
    expect(() => joinParts("c.ts", parts)).toThrow("there is no part c.ts");
  });
});
