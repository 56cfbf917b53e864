import { expect, test } from "bun:test";
import { join } from "node:path";
import { findOldModels, listOldFolders } from "../../../src/assets/provider/old-places.ts";
import { createTempFolder } from "../../support/temp-folder.ts";

test("models in every old place are found, with the place where they belong today", async () => {
  await using folder = await createTempFolder();
  const [home, projectFolder] = [join(folder.path, "home"), join(folder.path, "project")];
  for (const name of [
    "home/.cache/whisper/base.pt",
    "home/.cache/whisper/.tmp",
    "project/models/vosk-model-small-ru-0.22/conf/model.conf",
    "project/models/vosk-tts-ru-0.7.zip",
    "project/models/other.bin",
    "home/.cache/irene/models/silero_v3_ru.pt",
    "home/.cache/irene/models/silero_v4/v4_ru.pt",
    "home/.cache/irene/models/else.pt",
  ]) {
    await folder.write(name, "x");
  }
  expect(await findOldModels({ home, projectFolder })).toEqual([
    {
      kind: "asr",
      provider: "whisper",
      id: "base",
      path: join(home, ".cache/whisper/base.pt"),
      target: "whisper/base.pt",
    },
    {
      kind: "asr",
      provider: "vosk",
      id: "vosk-model-small-ru-0.22",
      path: join(projectFolder, "models/vosk-model-small-ru-0.22"),
      target: "vosk/vosk-model-small-ru-0.22",
    },
    {
      kind: "tts",
      provider: "vosk",
      id: "vosk-tts-ru-0.7",
      path: join(projectFolder, "models/vosk-tts-ru-0.7.zip"),
      target: "vosk/vosk-tts-ru-0.7.zip",
    },
    {
      kind: "tts",
      provider: "silero_v4",
      id: "silero_v4",
      path: join(home, ".cache/irene/models/silero_v4"),
      target: "silero_v4/silero_v4",
    },
    {
      kind: "tts",
      provider: "silero_v3",
      id: "silero_v3_ru",
      path: join(home, ".cache/irene/models/silero_v3_ru.pt"),
      target: "silero/silero_v3_ru.pt",
    },
  ]);
});

test("places that are not there have none", async () => {
  expect(await findOldModels({ home: "/nowhere", projectFolder: "/nowhere" })).toEqual([]);
  expect(listOldFolders("asr", "whisper", { home: "/h", projectFolder: "/p" })).toEqual([
    "/h/.cache/whisper",
  ]);
  expect(listOldFolders("vad", "silero", { home: "/h", projectFolder: "/p" })).toEqual([]);
});
