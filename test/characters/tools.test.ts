// Tools run in the character's cell: validated before, bounded after, timed all the while.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { characterText, openTestStage, type TestStage } from "../support/character-files.ts";

const openTools = (tools: string, top = ""): Promise<TestStage> =>
  openTestStage(
    { "a.ts": characterText({ top, exports: `export const TOOLS: any[] = [${tools}];` }) },
    { toolTimeoutMs: 20_000 },
  );
const act = async (cast: TestStage, args: unknown, name = "act"): Promise<unknown> => {
  try {
    return await cast.stage.book
      .find("Ada")!
      .callTool(name, args, { now: "2026-01-02T03:04:05.000Z", seed: 7 });
  } catch (error) {
    return error;
  }
};
const schema = `{ type: "object", properties: { sides: { type: "integer", minimum: 2 } }, required: ["sides"], additionalProperties: false }`;

describe("a tool with a JSON Schema", () => {
  const dice = `{ name: "act", description: "Rolls a die.", parameters: ${schema}, timeout_ms: 15_000,
    execute({ sides }: any, { random, now, signal }: any) { return { sides, now: now.toISOString(), roll: 1 + Math.floor(random() * sides), live: !signal.aborted }; } }`;

  test("is described to the model, and gives its JSON value", async () => {
    await using cast = await openTools(dice);
    expect(cast.stage.book.find("Ada")!.tools).toMatchObject([
      { name: "act", description: "Rolls a die.", timeoutMs: 15_000, parameters: { required: ["sides"] } },
    ]);
    const result = await act(cast, { sides: 6 });
    expect(result).toMatchObject({ sides: 6, now: "2026-01-02T03:04:05.000Z", live: true });
    expect(await act(cast, { sides: 6 })).toEqual(result);
    expect(cast.recorder.ofType("character-tool-call")).toMatchObject([
      { character: "Ada", tool: "act", outcome: "ok" },
      { outcome: "ok" },
    ]);
  });

  test("never sees arguments that do not fit", async () => {
    await using cast = await openTools(dice);
    for (const args of [{}, { sides: 1 }, { sides: "6" }, { sides: 6, more: true }, null, "six", [6]]) {
      const error = await act(cast, args);
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ code: "E_ARGS" });
    }
    expect(String(await act(cast, { sides: 1 }))).toContain("sides");
    expect(cast.stage.book.problems).toEqual([]);
  });

  test("that zod cannot read is refused when the file is loaded", async () => {
    await using cast = await openTools(
      `{ name: "act", description: "", parameters: { type: "object", if: {}, then: {} }, execute() {} }`,
    );
    expect(cast.stage.book.problems).toMatchObject([
      { stage: "schema", error_type: "InvalidTools", message: expect.stringContaining("act.parameters") },
    ]);
  });
});

describe("a tool with a zod object", () => {
  const zodTool = `{ name: "act", description: "", parameters: z.object({ word: z.string().trim().min(1), times: z.number().int().default(2) }),
    execute: ({ word, times }: any) => word.repeat(times) }`;

  test("gets parsed arguments with defaults, and the model its JSON Schema", async () => {
    await using cast = await openTools(zodTool, `import { z } from "zod";`);
    const [tool] = cast.stage.book.find("Ada")!.tools;
    expect(tool!.parameters).toMatchObject({ type: "object", required: ["word"] });
    expect(await act(cast, { word: " ho " })).toBe("hoho");
    expect(await act(cast, { word: " " })).toMatchObject({ code: "E_ARGS" });
  });
});

describe("a tool call", () => {
  const withBody = (body: string): string =>
    `{ name: "act", description: "", parameters: { type: "object" }, async execute() { ${body} } }`;

  test("that throws fails that call alone", async () => {
    await using cast = await openTools(withBody("throw new Error('no dice');"));
    const error = await act(cast, {});
    expect(error).toMatchObject({ code: "E_CHARACTER", message: expect.stringContaining("no dice") });
    expect(cast.stage.book.problems).toEqual([]);
    expect(cast.recorder.ofType("character-tool-call")).toMatchObject([{ outcome: "error" }]);
  });

  test("that returns nothing gives null", async () => {
    await using cast = await openTools(withBody(""));
    expect(await act(cast, {})).toBeNull();
  });

  test("that returns what is no JSON, or too much of it, fails", async () => {
    for (const body of [
      "return () => 1;",
      "return 10n;",
      "const a: any = {}; a.a = a; return a;",
      "return 'x'.repeat(70_000);",
    ]) {
      await using cast = await openTools(withBody(body));
      expect(await act(cast, {})).toMatchObject({ code: "E_CHARACTER" });
    }
  });

  test("of a tool that is not there is E_NOT_FOUND", async () => {
    await using cast = await openTools(withBody(""));
    expect(await act(cast, {}, "nothing")).toMatchObject({ code: "E_NOT_FOUND" });
    expect(await act(cast, {}, "constructor")).toMatchObject({ code: "E_NOT_FOUND" });
  });

  test("ends when its caller does", async () => {
    await using cast = await openTools(withBody("await new Promise(() => {});"));
    const abort = new AbortController();
    const call = cast.stage.book.find("Ada")!.callTool("act", {}, {}, { signal: abort.signal });
    abort.abort();
    expect(await call.catch((error: unknown) => error)).toMatchObject({ code: "E_INTERRUPTED" });
  });
});
