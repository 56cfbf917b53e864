import { describe, expect, test } from "bun:test";
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AssetStatus } from "../../../../src/assets/port.ts";
import type { ProviderOverview } from "../../../../src/assets/provider/port.ts";
import { describeProviderAssets } from "../../../../src/assets/provider/provider-assets.ts";
import { AppError } from "../../../../src/base/errors.ts";
import type { StorageRoot } from "../../../../src/cli/app-port.ts";
import {
  checkAssets,
  checkHubModels,
  checkOldModels,
} from "../../../../src/cli/commands/doctor/check-assets.ts";
import { checkNetwork } from "../../../../src/cli/commands/doctor/check-network.ts";
import { checkCredentials, checkProviders } from "../../../../src/cli/commands/doctor/check-providers.ts";
import { checkRoots } from "../../../../src/cli/commands/doctor/check-roots.ts";
import { checkVoice } from "../../../../src/cli/commands/doctor/check-voice.ts";
import { createFakeAssets, createFakeSpeech } from "../../../support/fake-services.ts";
import { createTempFolder } from "../../../support/temp-folder.ts";

const rootAt = (path: string, more: Partial<StorageRoot> = {}): StorageRoot => ({
  name: "models",
  path,
  source: "environment TROUPE_MODELS_ROOT",
  cure: "choose another folder",
  ...more,
});
const checkOne = async (root: StorageRoot) => (await checkRoots({ roots: [root] }))[0];

const overview = (more: Partial<ProviderOverview>): ProviderOverview => ({
  kind: "asr",
  name: "whisper",
  title: "Whisper",
  state: "ready",
  assets: describeProviderAssets("whisper"),
  credentials: [],
  models: [],
  ...more,
});

describe("a root", () => {
  test("that is there is told with its origin, what is in it and what is free", async () => {
    await using folder = await createTempFolder();
    await folder.write("a/b.bin", new Uint8Array(3 * 1024 * 1024));
    const check = await checkOne(rootAt(folder.path));
    expect(check?.ok).toBe(true);
    expect(check?.detail).toMatch(
      /^\S+ \(environment TROUPE_MODELS_ROOT\): writable, 3\.0 MiB in it, [\d.]+ \wiB free$/,
    );
  });

  test("that is not there yet is tried out, and not left behind", async () => {
    await using folder = await createTempFolder();
    const check = await checkOne(rootAt(join(folder.path, "not/yet")));
    expect(check).toMatchObject({
      ok: true,
      detail: expect.stringContaining("not there yet, made on first need"),
    });
    expect(await stat(join(folder.path, "not")).catch(() => null)).toBeNull();
  });

  test("that cannot be made, or is no folder, is E_PERM with the cure", async () => {
    await using folder = await createTempFolder();
    const file = await folder.write("file", "x");
    for (const path of ["/proc/nowhere/models", file, join(file, "below")]) {
      expect(await checkOne(rootAt(path))).toMatchObject({
        ok: false,
        code: "E_PERM",
        remedy: "choose another folder",
      });
    }
  });

  test("of secrets that others may read says so", async () => {
    await using folder = await createTempFolder();
    const root = rootAt(folder.path, { name: "credentials", mode: 0o700 });
    await chmod(folder.path, 0o700);
    expect((await checkOne(root))?.remedy).toBeUndefined();
    await chmod(folder.path, 0o755);
    expect(await checkOne(root)).toMatchObject({ ok: true, remedy: `chmod 700 ${folder.path}` });
  });
});

describe("assets", () => {
  test("that the voice or the project needs are each looked at once, with the way to get them", async () => {
    const assets = createFakeAssets(() => undefined);
    const row = assets.rows[0] as AssetStatus;
    assets.rows.push({ ...row, name: "half", status: "partial", partialFraction: 0.431 });
    assets.rows.push({ ...row, name: "here", status: "cached", path: "/here" });
    const app = { assets, defaultAssets: ["here", "half"], projectAssets: ["kokoro", "here"] };
    expect(await checkAssets(app)).toEqual([
      { name: "asset here", ok: true, detail: "/here" },
      {
        name: "asset half",
        ok: false,
        detail: "partial 43%",
        code: "E_NOT_FOUND",
        remedy: "troupe assets download half",
      },
      {
        name: "asset kokoro",
        ok: false,
        detail: "not cached",
        code: "E_NOT_FOUND",
        remedy: "troupe assets download kokoro",
      },
    ]);
  });

  test("of the hub are named, those that are gone too, and a registry that cannot be read fails", async () => {
    const library = (list: () => Promise<unknown[]>) =>
      ({ library: { list } }) as unknown as Parameters<typeof checkHubModels>[0];
    const models = [
      { modelId: "ann/a", path: "/m/a" },
      { modelId: "ann/b", path: null },
    ];
    expect(await checkHubModels(library(async () => models))).toMatchObject({
      ok: true,
      detail: "ann/a, ann/b (its files are gone)",
      remedy: expect.stringContaining("gc"),
    });
    expect((await checkHubModels(library(async () => []))).detail).toBe("none of the hub's");
    const damaged = () => Promise.reject(new AppError("E_SCHEMA", "the registry was damaged"));
    expect(await checkHubModels(library(damaged))).toMatchObject({ ok: false, code: "E_SCHEMA" });
  });

  test("in old places are named with the verb that moves them", async () => {
    const model = {
      kind: "asr",
      provider: "whisper",
      id: "base",
      path: "/h/.cache/whisper/base.pt",
      target: "",
    };
    expect(await checkOldModels({ findOldModels: async () => [model] })).toMatchObject([
      {
        ok: true,
        detail: "/h/.cache/whisper/base.pt (asr.whisper)",
        remedy: expect.stringContaining("migrate"),
      },
    ]);
    expect(await checkOldModels({ findOldModels: async () => [] })).toEqual([]);
  });
});

describe("providers", () => {
  const openai = overview({
    kind: "llm",
    name: "openai",
    credentials: [
      { variable: "OPENAI_API_KEY", isSet: true },
      { variable: "OPENAI_ORG", isSet: false },
    ],
  });

  test("of this machine are listed with their models, services with their credentials", () => {
    const models = [
      { id: "tiny", path: "/m/tiny", isInstalled: true, isAsset: false },
      { id: "base", path: "/m/base", isInstalled: false, isAsset: false },
    ];
    const silent = overview({ name: "vosk", state: "incompatible", reason: "no library" });
    expect(checkProviders([overview({ models }), silent, openai])).toEqual([
      { name: "provider asr.whisper", ok: true, detail: "ready; models here: tiny; not here: base" },
      { name: "provider asr.vosk", ok: true, detail: "incompatible: no library" },
    ]);
    const assets = [
      { variable: "HF_TOKEN", isSet: false },
      { variable: "OPENAI_API_KEY", isSet: true },
    ];
    const roots = { credentialsRoot: "/secrets", assets };
    expect(checkCredentials([overview({}), openai], roots)).toMatchObject([
      {
        ok: true,
        detail: "OPENAI_API_KEY set, OPENAI_ORG not set, HF_TOKEN not set",
        remedy: expect.stringContaining("/secrets/"),
      },
    ]);
  });

  test("whose model in use is missing fail the voice, and nothing is loaded to find out", async () => {
    const speech = createFakeSpeech();
    let isStarted = false;
    const app = {
      assets: createFakeAssets(() => undefined),
      defaultAssets: [],
      speech: { ...speech, start: async () => void (isStarted = true) },
    };
    const provider = overview({
      name: speech.status().asr.provider,
      modelInUse: "tiny",
      models: [{ id: "tiny", path: "/m/tiny", isInstalled: false, isAsset: false }],
    });
    expect(await checkVoice(app, [provider], new AbortController().signal)).toMatchObject([
      { ok: false, code: "E_NOT_FOUND", remedy: expect.stringContaining("troupe models ensure") },
    ]);
    expect(isStarted).toBe(false);
  });
});

describe("the hub", () => {
  const hub = (listModels: () => Promise<never[]>, isOffline = false) =>
    ({ hub: { endpoint: "https://hub.example", isOffline, listModels } }) as unknown as Parameters<
      typeof checkNetwork
    >[0];
  const signal = new AbortController().signal;

  test("is told to answer, not to be reached, or not to be asked; none of it fails the voice", async () => {
    expect(
      await checkNetwork(
        hub(async () => []),
        signal,
      ),
    ).toEqual({
      name: "model hub",
      ok: true,
      detail: "https://hub.example answers",
    });
    const down = () => Promise.reject(new AppError("E_NET", "the hub cannot be reached"));
    expect(await checkNetwork(hub(down), signal)).toMatchObject({
      ok: true,
      detail: "the hub cannot be reached",
      remedy: expect.stringContaining("mirror"),
    });
    const unasked = () => Promise.reject(new Error("asked"));
    expect((await checkNetwork(hub(unasked, true), signal)).detail).toBe("offline: nothing is fetched");
  });
});
