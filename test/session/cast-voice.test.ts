import { describe, expect, test } from "bun:test";
import type { VoiceSource } from "../../src/characters/module-contract.ts";
import { type Castable, castVoice, type CastVoiceContext } from "../../src/session/cast-voice.ts";

const voices = [
  { id: "af_heart", name: "Heart", language: "en-US" },
  { id: "bf_emma", name: "Emma", language: "en-GB" },
  { id: "am_adam", name: "Adam", language: "en-US" },
  { id: "ff_siwis", name: "Siwis", language: "fr-FR" },
];
const synthesizer = (id: string) => ({
  id,
  voices: () => voices,
  hasVoice: (voice: string) => voices.some((known) => voice.startsWith(known.id)),
});
const ready: CastVoiceContext = {
  status: { provider: "kokoro", state: { state: "ready" } },
  synthesizers: [synthesizer("kokoro")],
};
const loading: CastVoiceContext = {
  status: { provider: "kokoro", state: { state: "loading", detail: "downloading" } },
  synthesizers: [],
};
const character = (
  voiceSource: VoiceSource,
  name = "Gertrude",
  language: "en" | "fr" | "en/fr" | "fr/en" | null = "en",
): Castable => ({ name, voiceSource, instructions: { type: "smalltalk", language } });
const recorded: VoiceSource = { source_type: "file", path_on_server: "voices/g.wav" };

describe("casting a voice", () => {
  test("a character speaks with its own voice and at its own speed", () => {
    expect(castVoice(character({ source_type: "kokoro", voice: "bf_emma", speed: 1.2 }), ready)).toEqual({
      provider: "kokoro",
      voice: "bf_emma",
      speed: 1.2,
      status: "ready",
    });
  });

  test("a blend is a voice", () => {
    const cast = castVoice(character({ source_type: "kokoro", voice: "af_heart(2)+bf_emma(1)" }), ready);
    expect(cast).toMatchObject({ voice: "af_heart(2)+bf_emma(1)", status: "ready" });
  });

  test("a voice that is not there becomes a stand-in, with the reason", () => {
    const cast = castVoice(character({ source_type: "kokoro", voice: "zz_nobody" }), ready);
    expect(cast.status).toBe("stand-in");
    expect(cast.reason).toContain('kokoro has no voice "zz_nobody"');
    expect(cast.voice).toBeOneOf(["af_heart", "bf_emma", "am_adam"]);
  });

  test("the stand-in is always the same for one name, and not the same for all", () => {
    const names = Array.from({ length: 20 }, (_, i) => `Character ${i}`);
    const cast = names.map((name) => castVoice(character(recorded, name), ready).voice);
    expect(names.map((name) => castVoice(character(recorded, name), ready).voice)).toEqual(cast);
    expect(new Set(cast).size).toBe(3);
  });

  test("the stand-in speaks the character's first language", () => {
    expect(castVoice(character(recorded, "Odile", "fr"), ready).voice).toBe("ff_siwis");
    expect(castVoice(character(recorded, "Odile", "fr/en"), ready).voice).toBe("ff_siwis");
    expect(castVoice(character(recorded, "Odile", "en/fr"), ready).voice).not.toBe("ff_siwis");
    expect(castVoice(character(recorded, "Odile", null), ready).voice).not.toBe("ff_siwis");
  });

  test("recordings and voice files say why they cannot be used", () => {
    expect(castVoice(character(recorded), ready).reason).toContain("cannot clone the recorded voice");
    const asset: VoiceSource = { source_type: "asset", asset: "piper-amy" };
    expect(castVoice(character(asset), ready).reason).toContain('voice file "piper-amy"');
  });

  test("while the voices load the wish is shown, and a stand-in is not guessed", () => {
    expect(castVoice(character({ source_type: "kokoro", voice: "bf_emma" }), loading)).toEqual({
      provider: "kokoro",
      voice: "bf_emma",
      speed: 1,
      status: "loading",
      reason: "downloading",
    });
    expect(castVoice(character(recorded), loading)).toMatchObject({ voice: null, status: "loading" });
  });

  test("a synthesizer that cannot be had says why", () => {
    const status = { provider: "kokoro", state: { state: "not-installed", reason: "no weights" } } as const;
    const cast = castVoice(character(recorded), { status, synthesizers: [] });
    expect(cast).toMatchObject({ status: "loading", reason: "no weights" });
  });

  test("a character may name another provider, and has its voice once that is loaded", () => {
    const source: VoiceSource = { source_type: "provider", provider: "console", voice: "am_adam" };
    const both = { ...ready, synthesizers: [...ready.synthesizers, synthesizer("console")] };
    expect(castVoice(character(source), both)).toMatchObject({ provider: "console", status: "ready" });
    expect(castVoice(character(source), ready)).toMatchObject({
      provider: "kokoro",
      status: "stand-in",
      reason: "the voice is one of console, which is not loaded",
    });
  });

  test("where another synthesizer was chosen, its voices stand in for Kokoro's", () => {
    const other: CastVoiceContext = {
      status: { provider: "piper", state: { state: "ready" } },
      synthesizers: [synthesizer("piper")],
    };
    const cast = castVoice(character({ source_type: "kokoro", voice: "af_heart" }), other);
    expect(cast).toMatchObject({ provider: "piper", status: "stand-in" });
  });
});
