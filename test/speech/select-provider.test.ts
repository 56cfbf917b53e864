import { expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { selectProviders } from "../../src/speech/select-provider.ts";

const known = { tts: ["kokoro", "cloud"], asr: ["moonshine", "whisper", "cloud"], vad: ["silero"] };
const local = { tts: "kokoro", asr: "moonshine", vad: "silero" };

test("nothing said means the local engines, and so does `local`", () => {
  expect(selectProviders({}, known)).toEqual(local);
  expect(selectProviders({ provider: "local" }, known)).toEqual(local);
});

test("one name counts for every port that has it", () => {
  expect(selectProviders({ provider: "cloud" }, known)).toEqual({
    tts: "cloud",
    asr: "cloud",
    vad: "silero",
  });
  expect(selectProviders({ provider: "whisper" }, known)).toEqual({ ...local, asr: "whisper" });
});

test("a port's own setting goes before", () => {
  expect(selectProviders({ provider: "cloud", recognizer: "whisper", detector: "silero" }, known)).toEqual({
    tts: "cloud",
    asr: "whisper",
    vad: "silero",
  });
});

test("a name that nobody has is E_ARGS and lists the names", () => {
  for (const choice of [{ provider: "claud" }, { synthesizer: "whisper" }, { recognizer: "" }]) {
    const select = () => selectProviders(choice, known);
    expect(select).toThrow(AppError);
    expect(select).toThrow(/kokoro|moonshine/);
  }
});
