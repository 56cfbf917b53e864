// Speech providers that need no models: they speak and hear the tone language under the names of the usual ones.
import { z } from "zod";
import type { ProviderCatalogue } from "../../src/speech/provider.ts";
import {
  createFakeDetector,
  createFakeRecognizer,
  createFakeSynthesizer,
} from "./fake-engines/fake-speech.ts";

const describe = (id: string) => ({
  id,
  title: `${id}, in tones`,
  languages: ["en"],
  licence: "Apache-2.0",
  homepage: "https://example.org",
  settingsSchema: z.object({}),
  assets: { file_extension: ".bin", directory_name: id, credential_patterns: [], cache_types: [] },
  assetNames: () => [],
  probe: () => Promise.resolve({ state: "ready" } as const),
});

export const toneProviders: ProviderCatalogue = {
  tts: {
    kokoro: () =>
      Promise.resolve({
        ...describe("kokoro"),
        kind: "tts",
        load: () => Promise.resolve({ ...createFakeSynthesizer(), id: "kokoro" }),
      }),
  },
  asr: {
    moonshine: () =>
      Promise.resolve({
        ...describe("moonshine"),
        kind: "asr",
        load: () => Promise.resolve(createFakeRecognizer()),
      }),
  },
  vad: {
    silero: () =>
      Promise.resolve({
        ...describe("silero"),
        kind: "vad",
        load: () => Promise.resolve(createFakeDetector()),
      }),
  },
};
