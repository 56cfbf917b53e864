import { describe, expect, test } from "bun:test";
import { decodeAudio } from "../../../src/audio/codecs/decoder.ts";
import type { PhonemeSpeech, SpeechSynthesizer } from "../../../src/speech/ports.ts";
import { createFakeServices } from "../../support/fake-services.ts";
import { createFakeSynthesizer } from "../../support/fake-engines/fake-speech.ts";
import { postJson, startTestServer } from "../../support/http-server.ts";

/** Reads a text backwards, and says what it is given. */
function start(hasPhonemes = true) {
  const languages: (string | undefined)[] = [];
  const synthesizer = createFakeSynthesizer();
  const phonemes: PhonemeSpeech = {
    phonemize(text, { language } = {}) {
      languages.push(language);
      return Promise.resolve({ phonemes: [...text].reverse().join(""), ids: [0, 7, 0] });
    },
    synthesize: (said, options) => synthesizer.synthesize(said, options),
  };
  const speaking: SpeechSynthesizer = hasPhonemes ? { ...synthesizer, phonemes } : synthesizer;
  const services = createFakeServices();
  const speech = { ...services.speech, synthesizer: () => Promise.resolve(speaking) };
  const server = startTestServer({ ...services, speech });
  return { ...server, languages, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe("phonemes", () => {
  test("of a text come with the model's ids, by Kokoro's letter for the language or by a tag", async () => {
    await using server = start();
    const ask = (body: object) => postJson(`${server.url}/dev/phonemize`, { text: "abc", ...body });
    expect(await (await ask({})).json()).toEqual({ phonemes: "cba", tokens: [0, 7, 0] });
    for (const language of ["b", "fr-FR", "constructor"]) await ask({ language });
    expect(server.languages).toEqual(["en-US", "en-GB", "fr-FR", "constructor"]);
  });

  test("are said, as a WAV file, by a voice or one of OpenAI's names", async () => {
    await using server = start();
    for (const voice of ["tone-low", "alloy", null]) {
      const response = await postJson(`${server.url}/dev/generate_from_phonemes`, { phonemes: "abc", voice });
      expect([response.status, response.headers.get("content-type")]).toEqual([200, "audio/wav"]);
      expect((await decodeAudio(await response.bytes())).pcm.length).toBeGreaterThan(100);
    }
  });

  test("what is wrong is refused with its field, and an engine without phonemes says so", async () => {
    await using server = start();
    await using other = start(false);
    const refusals: [string, object, number, string][] = [
      [`${server.url}/dev/phonemize`, {}, 400, "text"],
      [`${server.url}/dev/generate_from_phonemes`, { phonemes: 5 }, 400, "phonemes"],
      [`${server.url}/dev/generate_from_phonemes`, { phonemes: "abc", voice: "nobody" }, 400, "voice"],
      [`${other.url}/dev/phonemize`, { text: "abc" }, 409, "fake"],
      [`${other.url}/dev/generate_from_phonemes`, { phonemes: "abc" }, 409, "fake"],
    ];
    for (const [url, body, status, beginning] of refusals) {
      const response = await postJson(url, body);
      const { message } = (await response.json()) as { message: string };
      expect([response.status, message.startsWith(beginning)]).toEqual([status, true]);
    }
  });
});
