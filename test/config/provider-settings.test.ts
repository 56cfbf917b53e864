import { expect, test } from "bun:test";
import { AppError } from "../../src/base/errors.ts";
import { readProjectFile } from "../../src/config/project-file.ts";
import { readProviderSettings } from "../../src/config/provider-settings.ts";
import { createTempFolder } from "../support/temp-folder.ts";

async function readFrom(text: string) {
  await using folder = await createTempFolder();
  return readProviderSettings(readProjectFile(await folder.write("troupe.toml", text)));
}

test("each provider's table reaches it as it stands", async () => {
  const text = '[providers.tts.kokoro]\nphonemizer = "phonemize"\n[providers.asr.whisper]\nmodel = "base"\n';
  expect(await readFrom(text)).toEqual({
    tts: { kokoro: { phonemizer: "phonemize" } },
    asr: { whisper: { model: "base" } },
    vad: {},
  });
});

test("no project file and no such section are no settings", async () => {
  expect(readProviderSettings(undefined)).toEqual({});
  expect(await readFrom("[server]\nport = 1\n")).toEqual({});
});

test("what is no table is E_SCHEMA with its field", async () => {
  const error = await readFrom("[providers.tts]\nkokoro = 3\n").catch((e: unknown) => e);
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ code: "E_SCHEMA", details: { field: "providers.tts.kokoro", line: 2 } });
});
