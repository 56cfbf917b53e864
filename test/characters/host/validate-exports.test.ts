// From the data that a cell read to a record, or the first thing that is wrong with it.
import { describe, expect, test } from "bun:test";
import { validateExports } from "../../../src/characters/host/validate-exports.ts";

const source = {
  versionId: "a.ts@1",
  file: "a.ts",
  path: "/cast/a.ts",
  text: "export const CHARACTER_NAME = 1;\nexport const VOICE_SOURCE = 2;\nexport const TOOLS = [];",
  companions: {},
};
const declared = {
  CHARACTER_NAME: " Ada ",
  VOICE_SOURCE: { source_type: "kokoro", voice: "af_heart", extra: 1 },
  INSTRUCTIONS: { type: "constant", text: "Hello", mood: "calm" },
  TOOLS: [],
  hasReply: true,
  zodTools: [],
};
const validate = (changes: Readonly<Record<string, unknown>>) =>
  validateExports(JSON.stringify({ ...declared, ...changes }), source, 2000);
const problemOf = (changes: Readonly<Record<string, unknown>>): string => {
  const result = validate(changes);
  return "problem" in result
    ? `${result.problem.error_type} ${result.problem.line}: ${result.problem.message}`
    : "";
};

describe("exports", () => {
  test("make a record: names trimmed, unknown keys kept, defaults filled in", () => {
    expect(validate({})).toEqual({
      record: {
        name: "Ada",
        voiceSource: { source_type: "kokoro", voice: "af_heart", extra: 1 },
        instructions: { type: "constant", text: "Hello", mood: "calm" },
        metadata: {},
        tools: [],
        hasReply: true,
      },
    } as never);
    expect(validate({ METADATA: null })).toMatchObject({ record: { metadata: {} } });
    expect(validate({ METADATA: { good: null, comment: null, tag: [1] } })).toMatchObject({
      record: { metadata: { good: null, comment: null, tag: [1] } },
    });
  });

  test("names are composed, and counted in code points", () => {
    expect(validate({ CHARACTER_NAME: "Zoe\u0308" })).toMatchObject({ record: { name: "Zo\u00eb" } });
    expect(validate({ CHARACTER_NAME: "🦊".repeat(80) })).toMatchObject({
      record: { name: "🦊".repeat(80) },
    });
    expect(problemOf({ CHARACTER_NAME: "🦊".repeat(81) })).toContain("CHARACTER_NAME: must have at most 80");
    expect(problemOf({ CHARACTER_NAME: "   " })).toContain("CHARACTER_NAME: must not be empty");
    expect(problemOf({ CHARACTER_NAME: 5 })).toContain("ValidationError 1: CHARACTER_NAME");
  });

  test("every kind of voice and of instructions is known, and no other", () => {
    const voices = [
      { source_type: "asset", asset: "x", speaker: 2 },
      { source_type: "provider", provider: "p", voice: "v", temperature: 1 },
      { source_type: "file", path_on_server: "x.wav", description: null },
      {
        source_type: "freesound",
        url: "https://example.org/1",
        path_on_server: "x.wav",
        sound_instance: { id: 1, name: "n", username: "u", license: "l" },
      },
    ];
    for (const voice of voices)
      expect(validate({ VOICE_SOURCE: voice })).toMatchObject({ record: { voiceSource: voice } });
    for (const type of ["smalltalk", "quiz_show", "guess_animal", "news"]) {
      const instructions = { type, language: "en/fr" };
      expect(validate({ INSTRUCTIONS: instructions })).toMatchObject({ record: { instructions } });
    }
    expect(validate({ INSTRUCTIONS: { type: "unmute_explanation" } })).toHaveProperty("record");
    expect(problemOf({ VOICE_SOURCE: { source_type: "parrot" } })).toContain(
      "ValidationError 2: VOICE_SOURCE",
    );
    expect(problemOf({ VOICE_SOURCE: { source_type: "kokoro", voice: "v", speed: 9 } })).toContain(
      "VOICE_SOURCE.speed",
    );
    expect(problemOf({ INSTRUCTIONS: { type: "smalltalk", language: "de" } })).toContain(
      "INSTRUCTIONS.language",
    );
    expect(problemOf({ INSTRUCTIONS: { type: "constant" } })).toContain("INSTRUCTIONS.text");
  });

  const tool = { name: "act", description: "d", parameters: { type: "object" } };

  test("tools get their deadline, and a schema without a type is one of an object", () => {
    expect(
      validate({
        TOOLS: [
          { ...tool, parameters: { properties: {} } },
          { ...tool, name: "b", timeout_ms: 5 },
        ],
      }),
    ).toMatchObject({
      record: {
        tools: [
          { name: "act", parameters: { type: "object", properties: {} }, timeoutMs: 2000 },
          { name: "b", timeoutMs: 5 },
        ],
      },
    });
  });

  test("tools that cannot be called are refused", () => {
    expect(problemOf({ TOOLS: [tool, tool] })).toBe("InvalidTools 3: TOOLS: two tools are named act");
    expect(problemOf({ TOOLS: [{ ...tool, name: "1st" }] })).toContain("TOOLS.0.name");
    expect(problemOf({ TOOLS: [{ ...tool, parameters: { type: "string" } }] })).toContain(
      "TOOLS.0.parameters",
    );
    expect(problemOf({ TOOLS: [{ ...tool, description: 1 }] })).toContain("TOOLS.0.description");
    expect(problemOf({ TOOLS: [{ ...tool, timeout_ms: 0 }] })).toContain("TOOLS.0.timeout_ms");
    const external = { type: "object", properties: { a: { $ref: "https://example.org/s" } } };
    expect(problemOf({ TOOLS: [{ ...tool, parameters: external }] })).toContain("act.parameters");
    // What zod wrote itself is not read back.
    expect(validate({ TOOLS: [{ ...tool, parameters: external }], zodTools: ["act"] })).toHaveProperty(
      "record",
    );
  });

  test("what is no JSON at all is a problem, too", () => {
    expect(validateExports("patched", source, 2000)).toMatchObject({
      problem: { error_type: "ValidationError" },
    });
  });
});
