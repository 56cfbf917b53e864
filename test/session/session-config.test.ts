import { describe, expect, test } from "bun:test";
import {
  defaultConfig,
  defaultSemanticVad,
  defaultServerVad,
  mergeConfig,
  type SessionPatch,
} from "../../src/session/session-config.ts";

const merge = (...patches: SessionPatch[]) => patches.reduce(mergeConfig, defaultConfig);

describe("an update of the session", () => {
  test("changes what it names and nothing else", () => {
    const merged = merge({ instructions: "Be brief.", speed: undefined, outputModality: "text" });
    expect(merged).toEqual({ ...defaultConfig, instructions: "Be brief.", outputModality: "text" });
  });

  test("merges turn detection field by field", () => {
    const merged = merge({ turnDetection: { threshold: 0.7 } }, { turnDetection: { createResponse: false } });
    expect(merged.turnDetection).toEqual({ ...defaultServerVad, threshold: 0.7, createResponse: false });
  });

  test("another type of turn detection begins from its own defaults, and null switches it off", () => {
    const merged = merge({ turnDetection: { threshold: 0.7 } }, { turnDetection: { type: "semantic-vad" } });
    expect(merged.turnDetection).toEqual(defaultSemanticVad);
    expect(merge({ turnDetection: null }).turnDetection).toBeNull();
    expect(merge({ turnDetection: null }, { turnDetection: { threshold: 0.6 } }).turnDetection).toEqual({
      ...defaultServerVad,
      threshold: 0.6,
    });
  });

  test("merges transcription, and null switches its events off", () => {
    const merged = merge({ transcription: { language: "fr" } }, { transcription: { prompt: "names" } });
    expect(merged.transcription).toEqual({ model: "default", language: "fr", prompt: "names" });
    expect(merge({ transcription: null }).transcription).toBeNull();
    expect(merge({ transcription: null }, { transcription: { model: "tiny" } }).transcription).toEqual({
      model: "tiny",
    });
  });

  test("null gives back what is the character's own", () => {
    expect(merge({ instructions: "x", voice: "y" }, { instructions: null, voice: null })).toEqual(
      defaultConfig,
    );
  });

  test("fields that mean nothing here are kept to be shown", () => {
    const merged = merge({ extra: { tracing: "auto" } }, { extra: { truncation: "disabled" } });
    expect(merged.extra).toEqual({ tracing: "auto", truncation: "disabled" });
  });

  test("extensions are asked for one by one", () => {
    const merged = merge({ extensions: { words: true } }, { extensions: { tools: true } });
    expect(merged.extensions).toEqual({ words: true, tools: true, characterChanges: false, partials: false });
  });
});
