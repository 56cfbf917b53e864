import { describe, expect, test } from "bun:test";
import { describeModel, getModelFiles } from "../../src/models/describe-model.ts";
import { listModelsForOwner } from "../../src/models/list-models.ts";
import { failureOf } from "../support/failure-of.ts";
import { buildGguf, buildModelGguf } from "../support/gguf-writer.ts";
import type { HubRepository } from "../support/hub-repository.ts";
import { buildSafetensors } from "../support/safetensors-writer.ts";
import { createHubFixture, textBytes } from "./hub/hub-fixture.ts";

const json = (value: unknown): Uint8Array => textBytes(JSON.stringify(value));

/** What is found out of one repository, and how many bytes of large files it took. */
async function describeFiles(files: HubRepository["files"]) {
  await using f = await createHubFixture({ "ada/one": { files } });
  const dependencies = { hub: f.client, findInstallation: async () => null };
  const description = await describeModel(dependencies, "ada/one");
  const readBytes = f.server.requests
    .filter(({ origin }) => origin === "other")
    .reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  return { ...description, readBytes };
}

describe("a model's weights", () => {
  test("in GGUF are known by their header, without the weights", async () => {
    const size = 1024 * 1024;
    const gguf = buildModelGguf({}, [{ name: "w", shape: [1024, 1024], type: 0, sizeBytes: 4 * size }]);
    const { header, readBytes, warnings } = await describeFiles({ "m.Q4_K_M.gguf": gguf });
    expect(header).toEqual({
      path: "m.Q4_K_M.gguf",
      parameters: size,
      quantization: "Q4_K_M",
      contextLength: 2048,
      architecture: "llama",
    });
    expect(warnings).toEqual([]);
    expect(readBytes).toBeLessThan(gguf.length / 4);
  });

  test("in parts are counted over all of them", async () => {
    const part = (no: number, elements: number) =>
      buildModelGguf({ "split.no": { type: "u16", value: no }, "split.count": { type: "u16", value: 2 } }, [
        { name: `w${no}`, shape: [elements], type: 0, sizeBytes: 4 * elements },
      ]);
    const whole = { "m-00001-of-00002.gguf": part(0, 1000), "m-00002-of-00002.gguf": part(1, 500) };
    expect((await describeFiles(whole)).header).toMatchObject({
      path: "m-00001-of-00002.gguf",
      parameters: 1500,
    });
    const { header } = await describeFiles({ "m-00001-of-00002.gguf": part(0, 1000) });
    expect(header?.parameters).toBeNull();
  });

  test("in safetensors are counted, with the context of the configuration", async () => {
    const { header, readBytes } = await describeFiles({
      "model.safetensors": buildSafetensors({ a: { dtype: "BF16", shape: [1000, 1000] } }),
      "onnx/other.safetensors": buildSafetensors({ b: { dtype: "F32", shape: [5] } }),
      "config.json": json({ model_type: "qwen2", max_position_embeddings: 32_768 }),
    });
    expect(header).toEqual({
      path: "model.safetensors",
      parameters: 1_000_000,
      quantization: "BF16",
      contextLength: 32_768,
      architecture: "qwen2",
    });
    expect(readBytes).toBeLessThan(1000);
  });

  test("in parts of safetensors are counted over all of them", async () => {
    const part = (rows: number) => buildSafetensors({ a: { dtype: "F16", shape: [rows, 10] } });
    const { header } = await describeFiles({
      "model-00001-of-00002.safetensors": part(100),
      "model-00002-of-00002.safetensors": part(50),
      "config.json": json({ text_config: { max_position_embeddings: 8192 } }),
    });
    expect(header).toMatchObject({ parameters: 1500, quantization: "F16", contextLength: 8192 });
  });

  test("that are quantised are called so", async () => {
    const { header } = await describeFiles({
      "model.safetensors": buildSafetensors({ "a.qweight": { dtype: "I32", shape: [100, 10] } }),
      "config.json": json({ n_positions: 1024, quantization_config: { quant_method: "gptq", bits: 4 } }),
    });
    expect(header).toMatchObject({ parameters: 8000, quantization: "gptq 4-bit", contextLength: 1024 });
  });

  test("with a configuration that is no JSON are counted all the same", async () => {
    const { header, warnings } = await describeFiles({
      "model.safetensors": buildSafetensors({ a: { dtype: "F32", shape: [7] } }),
      "config.json": textBytes("{ nope"),
    });
    expect([header?.parameters, header?.contextLength, warnings]).toEqual([7, null, []]);
  });

  test("in a form without a header are not known, and that is no failure", async () => {
    const { header, warnings, variants } = await describeFiles({ "model.bin": new Uint8Array(2000) });
    expect([header, warnings, variants]).toEqual([null, [], []]);
  });

  test.each([
    ["rubbish", new Uint8Array(5000)],
    ["a header that lies", buildGguf({ tensorCount: 2n ** 60n })],
  ])("that are %s spoil nothing else", async (_, bytes) => {
    const { model, header, warnings } = await describeFiles({ "m.Q8_0.gguf": bytes });
    expect([model.files.length, header]).toEqual([1, null]);
    expect(warnings).toEqual([expect.stringContaining("m.Q8_0.gguf is no sound GGUF file")]);
  });

  test("are not waited for by one who leaves", async () => {
    await using f = await createHubFixture({ "ada/one": { files: { "m.gguf": buildModelGguf() } } });
    const stop = new AbortController();
    f.server.respond(() => null);
    f.server.failAlways("/ada/one/resolve/" + (await f.client.getModel("ada/one")).commit + "/m.gguf", {
      kind: "silence",
    });
    const dependencies = { hub: f.client, findInstallation: async () => null };
    const failure = failureOf(describeModel(dependencies, "ada/one", { signal: stop.signal }));
    await f.server.waitForRequest(({ path }) => path.includes("/resolve/"));
    stop.abort();
    expect(await failure).toMatchObject({ code: "E_INTERRUPTED" });
  });
});

test("the files alone can be asked for", async () => {
  await using f = await createHubFixture({ "ada/one": { files: { a: textBytes("1") } } });
  expect(await getModelFiles(f.client, "ada/one")).toEqual([{ path: "a", sizeBytes: 1, sha256: null }]);
});

describe("the list of an owner", () => {
  test("needs an owner or a search, and a name that can be one", async () => {
    await using f = await createHubFixture();
    for (const query of [{}, { owner: "a/b" }, { owner: "" }, { search: " " }, { owner: "a b" }]) {
      expect(await failureOf(listModelsForOwner(f.client, query))).toMatchObject({ code: "E_ARGS" });
    }
    expect(f.fetchCount()).toBe(0);
  });

  test("that is empty is E_NOT_FOUND and says whose", async () => {
    await using f = await createHubFixture();
    const error = await failureOf(listModelsForOwner(f.client, { owner: "ada", search: "whisper" }));
    expect(error).toMatchObject({ code: "E_NOT_FOUND", details: { owner: "ada", search: "whisper" } });
    expect(error.message).toContain('of ada for "whisper"');
  });
});
