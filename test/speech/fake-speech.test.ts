// The fakes pass the same suites as the real ones: what is tested with them is tested for both.
import { expect, test } from "bun:test";
import { concatPcm } from "../../src/audio/pcm.ts";
import { describeDetectorContract } from "../support/detector-contract.ts";
import {
  createFakeDetector,
  createFakeRecognizer,
  createFakeSynthesizer,
} from "../support/fake-engines/fake-speech.ts";
import { hearTones, speakTones } from "../support/fake-engines/tone-language.ts";
import { describeRecognizerContract } from "../support/recognizer-contract.ts";
import { collectSpeech, describeSynthesizerContract } from "../support/synthesizer-contract.ts";

const text = "the quick brown fox jumps over 2 lazy dogs and doesn't sleep at all";

test("what is said in tones is heard", () => {
  expect(hearTones(speakTones(text)).join(" ")).toBe(text);
});

test("what the fake synthesizer says the fake recognizer hears", async () => {
  const chunks = await collectSpeech(createFakeSynthesizer(), "Hello there, how are you?");
  await using session = createFakeRecognizer().open();
  session.push(concatPcm(chunks.map((chunk) => chunk.pcm)));
  expect((await session.finish()).text).toBe("hello there how are you");
});

describeSynthesizerContract("the fake", () => Promise.resolve(createFakeSynthesizer()));
describeRecognizerContract("the fake", () => Promise.resolve(createFakeRecognizer()), {
  speech: { pcm: speakTones(text), text },
  foreignLanguage: "xx",
});
describeRecognizerContract(
  "the fake without prefixes",
  () => Promise.resolve(createFakeRecognizer({ keepsPrefix: false })),
  { speech: { pcm: speakTones(text), text }, foreignLanguage: "xx" },
);
describeDetectorContract("the fake", () => Promise.resolve(createFakeDetector()), {
  speech: speakTones(text),
});
