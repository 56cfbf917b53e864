import { describe, expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { findOldModels } from "../../../src/assets/provider/old-places.ts";
import { sha256 } from "../../assets/store-fixture.ts";
import { buildGguf } from "../../support/gguf-writer.ts";
import { createLibraryFixture, type LibraryFixture, text } from "../library-fixture.ts";

const gguf = (metadata: Record<string, string>): Uint8Array =>
  buildGguf({
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => [key, { type: "string" as const, value }]),
    ),
  });

/** Every kind of disorder at once. */
async function createWorld(): Promise<LibraryFixture> {
  const w = await createLibraryFixture();
  const files: Record<string, string | Uint8Array> = {
    "told.gguf": gguf({ "general.source.huggingface.repository": "ann/told" }),
    "llama-cpp/paged.GGUF": gguf({ "general.repo_url": "https://huggingface.co/bob/paged" }),
    "llama-cpp/loose/nobody.Q4.gguf": gguf({ "general.name": "Nobody's" }),
    "no-gguf-at-all.gguf": "nonsense",
    "llama-cpp/tidy/one/x.gguf": gguf({}),
    "transformers/a/b/broken.bin.corrupt": "x",
    "old.gguf.corrupt": "x",
    "transformers/a/b/model.bin": "abc",
    "transformers/a/b/config.json": "{}",
  };
  for (const [path, content] of Object.entries(files)) await Bun.write(join(w.modelsRoot, path), content);
  await w.registry.update((records) => {
    records.set("a/b", {
      install_path: join(w.modelsRoot, "transformers/a/b"),
      files: [{ path: "model.bin" }, { path: "config.json" }],
    });
  });
  return w;
}

const within = (w: LibraryFixture, paths: readonly string[]): string[] =>
  paths.map((path) => path.slice(w.modelsRoot.length + 1));

describe("migrate", () => {
  test("puts loose GGUF files where they belong, clears broken ones and mirrors configs", async () => {
    await using w = await createWorld();
    const outcome = await w.library.migrate({ findOldModels: null });
    expect(outcome.moved.map(({ from, to }) => within(w, [from, to]))).toEqual([
      ["llama-cpp/loose/nobody.Q4.gguf", "llama-cpp/unknown/nobody.Q4/nobody.Q4.gguf"],
      ["llama-cpp/paged.GGUF", "llama-cpp/bob/paged/paged.GGUF"],
      ["no-gguf-at-all.gguf", "llama-cpp/unknown/no-gguf-at-all/no-gguf-at-all.gguf"],
      ["told.gguf", "llama-cpp/ann/told/told.gguf"],
    ]);
    expect(within(w, outcome.removed)).toEqual(["old.gguf.corrupt", "transformers/a/b/broken.bin.corrupt"]);
    expect(within(w, outcome.mirrored)).toEqual(["configs/b.json"]);
    expect(outcome.conflicts).toEqual([]);
    expect(await w.listModels()).toEqual([
      "configs/b.json",
      "llama-cpp/ann/told/told.gguf",
      "llama-cpp/bob/paged/paged.GGUF",
      "llama-cpp/tidy/one/x.gguf",
      "llama-cpp/unknown/no-gguf-at-all/no-gguf-at-all.gguf",
      "llama-cpp/unknown/nobody.Q4/nobody.Q4.gguf",
      "model_registry.json",
      "transformers/a/b/config.json",
      "transformers/a/b/model.bin",
    ]);
    expect([...(await w.registry.load()).keys()].sort()).toEqual([
      "a/b",
      "ann/told",
      "bob/paged",
      "tidy/one",
      "unknown/no-gguf-at-all",
      "unknown/nobody.Q4",
    ]);
    expect((await w.library.verify()).filter(({ status }) => status !== "ok")).toEqual([]);
  }, 60_000);

  test("changes nothing the second time, not even the registry's bytes", async () => {
    await using w = await createWorld();
    await w.library.migrate({ findOldModels: null });
    const before = [await Bun.file(w.registry.path).text(), await w.listModels()];
    const again = await w.library.migrate({ findOldModels: null });
    expect(again).toEqual({ moved: [], removed: [], mirrored: [], conflicts: [], isDryRun: false });
    expect([await Bun.file(w.registry.path).text(), await w.listModels()]).toEqual(before);
  }, 60_000);

  test("tried without doing it prints what the real run does, and touches nothing", async () => {
    await using w = await createWorld();
    const before = await w.listModels();
    const dry = await w.library.migrate({ findOldModels: null, dryRun: true });
    expect(await w.listModels()).toEqual(before);
    expect({ ...dry, isDryRun: false }).toEqual(await w.library.migrate({ findOldModels: null }));
  });

  test("keeps both where something stands already, and says so each time", async () => {
    await using w = await createWorld();
    await Bun.write(join(w.modelsRoot, "llama-cpp/ann/told/told.gguf"), "another one");
    for (let run = 0; run < 2; run++) {
      const { conflicts } = await w.library.migrate({ findOldModels: null });
      expect(conflicts.map(({ from, to }) => within(w, [from, to]))).toEqual([
        ["told.gguf", "llama-cpp/ann/told/told.gguf"],
      ]);
      expect(await Bun.file(join(w.modelsRoot, "llama-cpp/ann/told/told.gguf")).text()).toBe("another one");
      expect(await Bun.file(join(w.modelsRoot, "told.gguf")).exists()).toBe(true);
    }
  });

  test("takes the owner from the registry, and keeps the model's pin", async () => {
    await using w = await createLibraryFixture();
    const path = join(w.modelsRoot, "mine.gguf");
    await Bun.write(path, gguf({ "general.source.huggingface.repository": "not/this" }));
    await w.registry.update((records) => {
      records.set("me/mine-GGUF", {
        install_path: w.modelsRoot,
        files: [{ path: "mine.gguf" }],
        pinned: true,
      });
    });
    const { moved } = await w.library.migrate({ findOldModels: null });
    expect(
      within(
        w,
        moved.map(({ to }) => to),
      ),
    ).toEqual(["llama-cpp/me/mine-GGUF/mine.gguf"]);
    expect((await w.registry.load()).get("me/mine-GGUF")).toMatchObject({
      pinned: true,
      install_path: join(w.modelsRoot, "llama-cpp/me/mine-GGUF"),
      relative_path: "llama-cpp/me/mine-GGUF",
      files: [{ path: "mine.gguf", sha256: sha256(await Bun.file(moved[0]?.to ?? "").bytes()) }],
    });
  });

  test("brings models from where they lay before there was a models root", async () => {
    await using w = await createLibraryFixture();
    const home = join(w.home, "home");
    const projectFolder = join(w.home, "project");
    const find = () => findOldModels({ home, projectFolder });
    await Bun.write(join(home, ".cache/whisper/base.pt"), text("whisper"));
    await Bun.write(join(home, ".cache/irene/models/silero_v4_ru.pt"), text("silero"));
    await Bun.write(join(projectFolder, "models/vosk-model-small-en-us-0.15/am/final.mdl"), text("vosk"));
    await Bun.write(join(projectFolder, "models/other/x"), text("not ours"));
    const { moved } = await w.library.migrate({ findOldModels: find });
    expect(
      within(
        w,
        moved.map(({ to }) => to),
      ).sort(),
    ).toEqual(["silero_v4/silero_v4_ru.pt", "vosk/vosk-model-small-en-us-0.15", "whisper/base.pt"]);
    expect(await Bun.file(join(w.modelsRoot, "vosk/vosk-model-small-en-us-0.15/am/final.mdl")).text()).toBe(
      "vosk",
    );
    expect(await readdir(join(projectFolder, "models"))).toEqual(["other"]);
    expect((await w.library.migrate({ findOldModels: find })).moved).toEqual([]);
  });

  test("of an empty home has nothing to do, and makes no models root", async () => {
    await using w = await createLibraryFixture();
    const outcome = await w.library.migrate({ findOldModels: null, dryRun: true });
    expect([outcome.moved, outcome.removed, outcome.mirrored]).toEqual([[], [], []]);
    expect(await readdir(w.home)).toEqual([]);
    await mkdir(w.modelsRoot);
  });

  test("leaves llm_registry.json and a damaged registry that was set aside where they are", async () => {
    await using w = await createLibraryFixture();
    await Bun.write(join(w.modelsRoot, "llm_registry.json"), "{}");
    await Bun.write(join(w.modelsRoot, "model_registry.json.corrupt-2026-01-01"), "{");
    await w.library.migrate({ findOldModels: null });
    expect(await w.listModels()).toEqual(["llm_registry.json", "model_registry.json.corrupt-2026-01-01"]);
  });
});
