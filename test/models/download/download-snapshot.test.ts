import { describe, expect, test } from "bun:test";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../../src/base/errors.ts";
import { makeBytes, readBytes, sha256 } from "../../assets/store-fixture.ts";
import { failureOf } from "../../support/failure-of.ts";
import { createLibraryFixture, someRepositories, text } from "../library-fixture.ts";

describe("a download", () => {
  test("brings a snapshot at one commit, under its library's folder, and says so in the registry", async () => {
    await using w = await createLibraryFixture();
    const outcome = await w.library.download({ modelId: "ann/talker" });
    const installPath = join(w.modelsRoot, "transformers/ann/talker");
    expect(outcome).toMatchObject({
      modelId: "ann/talker",
      installPath,
      library: "transformers",
      revision: "main",
      fileCount: 4,
      resumedBytes: 0,
      isUnchecked: false,
    });
    expect(outcome.commit).toMatch(/^[0-9a-f]{40}$/);
    const record = (await w.registry.load()).get("ann/talker");
    expect(record).toMatchObject({
      kind: "hub",
      commit: outcome.commit ?? "",
      total_size: outcome.totalBytes,
    });
    expect(record?.files?.map((file) => file.path)).toEqual([
      "README.md",
      "config.json",
      "model.safetensors",
      "onnx/model_q4.onnx",
    ]);
    expect(sha256(await readBytes(join(installPath, "model.safetensors")))).toBe(
      record?.files?.[2]?.sha256 as string,
    );
    const fetched = w.server.requests.filter(({ path }) => path.includes("/resolve/"));
    expect(fetched.every(({ path }) => path.includes(outcome.commit ?? "none"))).toBe(true);
  });

  test("of a repository with .gguf in any case goes to llama-cpp, or where --library says", async () => {
    await using w = await createLibraryFixture();
    const one = await w.library.download({ modelId: "bob/small-GGUF", include: ["*.GGUF"] });
    expect(one.installPath).toBe(join(w.modelsRoot, "llama-cpp/bob/small-GGUF"));
    expect(await readdir(one.installPath)).toEqual(["small-q8.GGUF"]);
    const two = await w.library.download({ modelId: "ann/talker", library: "llama-cpp" });
    expect(two.installPath).toBe(join(w.modelsRoot, "llama-cpp/ann/talker"));
    const failure = await failureOf(w.library.download({ modelId: "ann/talker", library: "keras" }));
    expect(failure.code).toBe("E_ARGS");
  });

  test("of distilbert lands at the place that its old users know, and a plain id in a folder of its own", async () => {
    const files = { "model.bin": makeBytes(2000) };
    await using w = await createLibraryFixture({ "distilbert-base-uncased": { files }, gpt2: { files } });
    const one = await w.library.download({ modelId: "distilbert-base-uncased" });
    expect(one.installPath).toBe(join(w.modelsRoot, "distilbert-base-uncased"));
    const two = await w.library.download({ modelId: "gpt2" });
    expect(two.installPath).toBe(join(w.modelsRoot, "transformers/gpt2"));
  });

  test("with filters takes what they let through, and another one of the same commit adds to it", async () => {
    await using w = await createLibraryFixture();
    const one = await w.library.download({ modelId: "ann/talker", include: ["*.json", "onnx/"] });
    expect(one.fileCount).toBe(2);
    const before = w.server.sentBytes;
    const two = await w.library.download({ modelId: "ann/talker", include: ["*.md"], exclude: ["x*"] });
    expect(two.fileCount).toBe(3);
    expect(w.server.sentBytes - before).toBeLessThan(9000);
    expect(two.files.map((file) => file.path)).toEqual(["README.md", "config.json", "onnx/model_q4.onnx"]);
    expect((await w.library.verify())[0]?.status).toBe("ok");
    const failure = await failureOf(w.library.download({ modelId: "ann/talker", include: ["*.MD"] }));
    expect([failure.code, failure.message]).toEqual(["E_NOT_FOUND", expect.stringContaining("models info")]);
  }, 60_000);

  test("again asks for the branch's commit; a new one fetches what differs and replaces the record", async () => {
    await using w = await createLibraryFixture();
    const one = await w.library.download({ modelId: "ann/talker" });
    const talker = w.repositories["ann/talker"];
    if (talker) talker.files = { ...talker.files, "README.md": text("new words") };
    const two = await w.library.download({ modelId: "ann/talker" });
    expect(two.commit).not.toBe(one.commit);
    expect(two.downloadedBytes).toBe("new words".length);
    expect((await w.registry.load()).size).toBe(1);
    expect((await w.registry.load()).get("ann/talker")?.commit).toBe(two.commit);
    expect(await Bun.file(join(two.installPath, "README.md")).text()).toBe("new words");
  });

  test("into --dest puts the files there, and the registry says where", async () => {
    await using w = await createLibraryFixture();
    const dest = join(w.home, "my-models");
    await Bun.write(join(dest, "mine.txt"), "mine");
    const { installPath } = await w.library.download({ modelId: "eve/strict", dest, ...(await accept(w)) });
    expect(installPath).toBe(dest);
    expect((await readdir(dest)).sort()).toEqual(["mine.txt", "model.bin"]);
    const record = (await w.registry.load()).get("eve/strict");
    expect([record?.install_path, record?.relative_path]).toEqual([dest, undefined]);
    // Again without a wish: it goes on where it is.
    expect((await w.library.download({ modelId: "eve/strict" })).installPath).toBe(dest);
  }, 60_000);

  test("into a folder that is another model's, or holds one, or is the root's own, is E_ARGS", async () => {
    await using w = await createLibraryFixture();
    await w.library.download({ modelId: "ann/talker" });
    const within = ["", "transformers", "configs", "transformers/ann", "transformers/ann/talker/onnx"];
    for (const path of [...within, "transformers/ann/talker"]) {
      const dest = join(w.modelsRoot, path);
      expect((await failureOf(w.library.download({ modelId: "bob/small-GGUF", dest }))).code).toBe("E_ARGS");
    }
    expect((await w.library.verify()).map(({ status }) => status)).toEqual(["ok"]);
  });

  test("of another name of the same commit fetches nothing, and the registry knows the new name", async () => {
    await using w = await createLibraryFixture();
    const { commit } = await w.library.download({ modelId: "ann/talker" });
    const again = await w.library.download({ modelId: "ann/talker", revision: commit ?? "" });
    expect(again.downloadedBytes).toBe(0);
    expect((await w.registry.load()).get("ann/talker")?.revision).toBe(commit);
  });

  test("tried without doing it says what the real one then does, and touches nothing", async () => {
    await using w = await createLibraryFixture();
    const dry = await w.library.download({ modelId: "ann/talker", dryRun: true });
    expect(await readdir(w.home)).toEqual([]);
    const real = await w.library.download({ modelId: "ann/talker" });
    expect(dry.missingBytes).toBe(real.downloadedBytes);
    const common = ({ installPath, library, commit, totalBytes, fileCount, files }: typeof dry) => ({
      installPath,
      library,
      commit,
      totalBytes,
      fileCount,
      files,
    });
    expect(common(dry)).toEqual(common(real));
    const again = await w.library.download({ modelId: "ann/talker", dryRun: true });
    expect([again.missingBytes, again.files.every((file) => file.isHere)]).toEqual([0, true]);
  });

  test("mirrors config.json, and tells two owners of one name apart", async () => {
    await using w = await createLibraryFixture({
      "ann/talker": { files: { "config.json": text("ann"), "m.bin": makeBytes(2000) } },
      "bob/talker": { files: { "config.json": text("bob"), "m.bin": makeBytes(2000) } },
    });
    await w.library.download({ modelId: "ann/talker" });
    expect(await readdir(join(w.modelsRoot, "configs"))).toEqual(["talker.json"]);
    await w.library.download({ modelId: "bob/talker" });
    expect((await readdir(join(w.modelsRoot, "configs"))).sort()).toEqual([
      "ann--talker.json",
      "bob--talker.json",
      "talker.json",
    ]);
    expect(await Bun.file(join(w.modelsRoot, "configs/bob--talker.json")).text()).toBe("bob");
  });

  test("fetches several files at once, as many as --max-workers says", async () => {
    const files = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`f${i}.txt`, makeBytes(900, i)]));
    await using w = await createLibraryFixture({ "ann/many": { files } });
    w.server.bytesPerSecond = 20_000;
    await w.library.download({ modelId: "ann/many", maxWorkers: 3 });
    expect(w.server.peakConcurrency).toBeGreaterThan(1);
    expect(w.server.peakConcurrency).toBeLessThanOrEqual(3);
  }, 60_000);
});

async function accept(w: Awaited<ReturnType<typeof createLibraryFixture>>): Promise<object> {
  await w.library.acceptLicense({ modelId: "eve/strict", userId: "me", licenseType: "llama3.2" });
  return {};
}

describe("a refused download", () => {
  const unsafeNames = [
    "",
    ".",
    "..",
    "a/../b",
    "a\\..\\b",
    "/etc/passwd",
    "C:/x",
    "C:x",
    "\\\\host\\share",
    "//host/share",
    "\\x",
    "a\0b",
    "a\nb",
  ];
  for (const name of unsafeNames) {
    test(`for a file called ${JSON.stringify(name)} is E_VERIFY, and nothing is written`, async () => {
      await using w = await createLibraryFixture({
        "ann/evil": { files: { "ok.bin": makeBytes(2000), [name]: makeBytes(2000) } },
      });
      const failure = await failureOf(w.library.download({ modelId: "ann/evil" }));
      expect([failure.code, failure["details"]]).toEqual(["E_VERIFY", { model_id: "ann/evil", path: name }]);
      expect(await readdir(w.home)).toEqual([]);
    });
  }

  test("for a licence that nobody has accepted is E_LICENSE, in a dry run too, until somebody has", async () => {
    await using w = await createLibraryFixture();
    for (const dryRun of [true, false]) {
      const failure = await failureOf(w.library.download({ modelId: "eve/strict", dryRun }));
      expect([failure.code, failure.message]).toEqual(["E_LICENSE", expect.stringContaining("--accept")]);
    }
    expect(await w.listModels()).toEqual([]);
    await accept(w);
    await w.library.download({ modelId: "eve/strict" });
    expect((await w.registry.load()).get("eve/strict")).toMatchObject({
      license_accepted: { user_id: "me", license_type: "llama3.2" },
      total_size: 3000,
    });
  });

  test("comes in one order: licence, compatibility, quota, disk", async () => {
    await using w = await createLibraryFixture();
    const verdict = { compatibility: "no" as const, warnings: ["too large"], recommendations: ["take q4"] };
    const judgeFit = () => Promise.resolve(verdict);
    const full = { judgeFit, getFreeBytes: () => Promise.resolve(0) };
    const library = w.open({ quotaBytes: 1000 }, full);
    const codeOf = async (more: object = {}): Promise<unknown> =>
      (await failureOf(library.download({ modelId: "eve/strict", forceCompat: true, dryRun: true, ...more })))
        .code;
    expect(await codeOf()).toBe("E_LICENSE");
    await accept(w);
    expect(await codeOf()).toBe("E_COMPAT");
    expect(await codeOf({ forceCompat: false })).toBe("E_QUOTA");
    expect(await codeOf({ forceCompat: false, maxQuotaBytes: 1e6 })).toBe("E_DISK");
  });

  test("over the quota is E_QUOTA before the first byte; only what the filters let through counts", async () => {
    await using w = await createLibraryFixture();
    const library = w.open({ quotaBytes: 20_000 });
    for (const dryRun of [true, false]) {
      expect((await failureOf(library.download({ modelId: "ann/talker", dryRun }))).code).toBe("E_QUOTA");
    }
    expect(w.server.requests.filter(({ path }) => path.includes("/resolve/"))).toEqual([]);
    expect(await w.listModels()).toEqual([]);
    await library.download({ modelId: "ann/talker", include: ["onnx/"] });
    // What is there already counts as there: the rest fits or not, by itself.
    expect((await library.download({ modelId: "ann/talker", include: ["*.json"] })).fileCount).toBe(2);
    const failure = await failureOf(library.download({ modelId: "ann/talker", include: ["*.safetensors"] }));
    expect(failure.code).toBe("E_QUOTA");
    await library.download({ modelId: "ann/talker", maxQuotaBytes: 1e6 });
  }, 60_000);

  test("warnings are handed to who asked; a refusal there stops it before anything is fetched", async () => {
    await using w = await createLibraryFixture();
    const verdict = { compatibility: "warn" as const, warnings: ["slow"], recommendations: [] };
    const library = w.open({}, { judgeFit: () => Promise.resolve(verdict) });
    const onWarnings = (): Promise<void> => Promise.reject(new AppError("E_INTERRUPTED", "no"));
    const failure = await failureOf(library.download({ modelId: "ann/talker", onWarnings }));
    expect(failure.code).toBe("E_INTERRUPTED");
    expect(await w.listModels()).toEqual([]);
    expect((await library.download({ modelId: "ann/talker" })).warnings).toEqual(["slow"]);
  });

  test("of a gated model whose token is not admitted is E_LICENSE, and of a bad name E_ARGS", async () => {
    await using w = await createLibraryFixture({
      "meta/gated": { files: { "m.bin": makeBytes(2000) }, isGated: true },
    });
    expect((await failureOf(w.library.download({ modelId: "meta/gated" }))).code).toBe("E_LICENSE");
    expect((await failureOf(w.library.download({ modelId: "../x" }))).code).toBe("E_ARGS");
    expect((await failureOf(w.library.download({ modelId: "no/one" }))).code).toBe("E_NOT_FOUND");
    expect((await w.registry.load()).size).toBe(0);
  });
});

describe("an unfinished download", () => {
  test("that was interrupted keeps its part, leaves no record, and is resumed", async () => {
    const files = { "big.bin": makeBytes(3_000_000, 9) };
    await using w = await createLibraryFixture({ "ann/big": { files } });
    w.server.bytesPerSecond = 2_000_000;
    const interrupt = new AbortController();
    const running = w.library.download({
      modelId: "ann/big",
      signal: interrupt.signal,
      onProgress: ({ phase, doneBytes }) => {
        if (phase === "download" && doneBytes > 500_000) {
          interrupt.abort(new AppError("E_INTERRUPTED", "stopped by SIGINT"));
        }
      },
    });
    expect((await failureOf(running)).code).toBe("E_INTERRUPTED");
    expect((await w.registry.load()).size).toBe(0);
    expect(await w.listModels()).toEqual([]);
    w.server.bytesPerSecond = null;
    const outcome = await w.library.download({ modelId: "ann/big" });
    expect(outcome.resumedBytes).toBeGreaterThan(0);
    expect(outcome.resumedBytes + outcome.downloadedBytes).toBe(3_000_000);
    expect(await readBytes(join(outcome.installPath, "big.bin"))).toEqual(files["big.bin"]);
  }, 60_000);

  test("is thrown away with --no-resume", async () => {
    const files = { "big.bin": makeBytes(3_000_000, 9) };
    await using w = await createLibraryFixture({ "ann/big": { files } });
    w.server.bytesPerSecond = 2_000_000;
    const interrupt = new AbortController();
    const running = w.library.download({
      modelId: "ann/big",
      signal: interrupt.signal,
      onProgress: ({ phase, doneBytes }) => {
        if (phase === "download" && doneBytes > 500_000) interrupt.abort();
      },
    });
    await failureOf(running);
    w.server.bytesPerSecond = null;
    const outcome = await w.library.download({ modelId: "ann/big", resume: false });
    expect([outcome.resumedBytes, outcome.downloadedBytes]).toEqual([0, 3_000_000]);
  }, 60_000);
});

describe("without the hub", () => {
  test("what is installed is used and said to be unchecked; what is not is E_NET", async () => {
    await using w = await createLibraryFixture();
    await w.library.download({ modelId: "ann/talker" });
    for (const options of [{ isOffline: true }, { endpoint: "http://127.0.0.1:1" }]) {
      const library = w.open(options);
      const outcome = await library.download({ modelId: "ann/talker" });
      expect(outcome).toMatchObject({ isUnchecked: true, fileCount: 4, downloadedBytes: 0 });
      expect((await failureOf(library.download({ modelId: "bob/small-GGUF" }))).code).toBe("E_NET");
      expect((await failureOf(library.download({ modelId: "ann/talker", revision: "v2" }))).code).toBe(
        "E_NET",
      );
      const missing = library.download({ modelId: "ann/talker", include: ["*.gguf"] });
      expect((await failureOf(missing)).code).toBe("E_NET");
    }
  }, 60_000);

  test("a model whose files are gone is not taken for installed", async () => {
    await using w = await createLibraryFixture(someRepositories());
    const { installPath } = await w.library.download({ modelId: "ann/talker" });
    await rm(installPath, { recursive: true });
    const failure = await failureOf(w.open({ isOffline: true }).download({ modelId: "ann/talker" }));
    expect(failure.code).toBe("E_NET");
  });
});
