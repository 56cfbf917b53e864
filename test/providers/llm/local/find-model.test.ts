import { afterEach, describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findModel, listInstalledModels } from "../../../../src/providers/llm/local/find-model.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { createTempFolder, type TempFolder } from "../../../support/temp-folder.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});
const open = async (): Promise<TempFolder> => stack.use(await createTempFolder());
const gguf = "GGUF and more";

async function writeOnnx(
  root: TempFolder,
  id: string,
  suffixes: string[],
  config: object = {},
): Promise<void> {
  const folder = `transformers/${id}`;
  await root.write(
    `${folder}/config.json`,
    JSON.stringify({ architectures: ["LlamaForCausalLM"], ...config }),
  );
  await root.write(`${folder}/tokenizer.json`, "{}");
  for (const suffix of suffixes) await root.write(`${folder}/onnx/model${suffix}.onnx`, "x");
}

describe("GGUF files", () => {
  const files = ["tiny-F16", "tiny-Q2_K", "tiny-Q4_K_M", "tiny-Q4_K_S", "tiny-Q8_0", "mmproj-tiny-Q4_K_M"];
  const openTiny = async (): Promise<TempFolder> => {
    const root = await open();
    for (const name of files) await root.write(`llama-cpp/acme/tiny/${name}.gguf`, gguf);
    return root;
  };

  test.each([
    ["acme/tiny", "tiny-Q4_K_M.gguf"],
    ["acme/tiny:Q8_0", "tiny-Q8_0.gguf"],
    ["acme/tiny:q4_k_s", "tiny-Q4_K_S.gguf"],
    ["acme/tiny:tiny-F16.gguf", "tiny-F16.gguf"],
  ])("%s is %s", async (reference, file) => {
    const root = await openTiny();
    expect(await findModel(root.path, reference)).toEqual({
      format: "gguf",
      name: reference,
      id: "acme/tiny",
      file: join(root.path, "llama-cpp/acme/tiny", file),
    });
  });

  test("a quantisation that is not there is named with those that are", async () => {
    const root = await openTiny();
    // A part of a name is no name: Q4_K is neither Q4_K_M nor Q4_K_S.
    const error = await failureOf(findModel(root.path, "acme/tiny:Q4_K"));
    expect(error).toMatchObject({ code: "E_NOT_FOUND" });
    expect(error.message).toContain("tiny-Q8_0.gguf");
    expect(error.message).not.toContain("mmproj");
    expect(error.message).toContain("troupe models download --model acme/tiny");
  });

  test("a split one is its first part, and must be whole", async () => {
    const root = await open();
    const part = (n: number): string => `llama-cpp/acme/big/Q4_K_M/big-Q4_K_M-0000${n}-of-00002.gguf`;
    await root.write(part(1), gguf);
    const error = await failureOf(findModel(root.path, "acme/big:Q4_K_M"));
    expect(error).toMatchObject({ code: "E_VERIFY" });
    expect(error.message).toContain("big-Q4_K_M-00002-of-00002.gguf is missing");
    await root.write(part(2), gguf);
    expect(await findModel(root.path, "acme/big:Q4_K_M")).toMatchObject({ file: join(root.path, part(1)) });
  });

  test("what only calls itself GGUF is E_VERIFY, with the command that brings it again", async () => {
    const root = await open();
    const path = await root.write("llama-cpp/acme/tiny/tiny.gguf", "<html>not found</html>");
    const error = await failureOf(findModel(root.path, "acme/tiny"));
    expect(error).toMatchObject({ code: "E_VERIFY", details: { path } });
    expect(error.message).toContain("troupe models download");
  });
});

describe("ONNX folders", () => {
  test("the lightest precision for a CPU is taken, or the one that is named", async () => {
    const root = await open();
    await writeOnnx(root, "acme/tiny", ["", "_fp16", "_quantized", "_q4"], { max_position_embeddings: 2048 });
    await root.write("transformers/acme/tiny/onnx/model_q4.onnx_data", "x");
    await root.write("transformers/acme/tiny/onnx/model_q4.onnx_data_1", "x");
    const folder = join(root.path, "transformers/acme/tiny");
    expect(await findModel(root.path, "acme/tiny")).toEqual({
      format: "onnx",
      name: "acme/tiny",
      id: "acme/tiny",
      folder: { folder, precision: "q4", fileName: "model", externalDataCount: 2, trainedTokens: 2048 },
    });
    for (const [selector, precision] of [
      ["q8", "q8"],
      ["quantized", "q8"],
      ["onnx/model.onnx", "fp32"],
      ["fp16", "fp16"],
    ]) {
      const found = await findModel(root.path, `acme/tiny:${selector}`);
      expect(found).toMatchObject({ folder: { precision, externalDataCount: 0 } });
    }
    const error = await failureOf(findModel(root.path, "acme/tiny:int8"));
    expect(error.message).toContain("q4, q8, fp32, fp16");
  });

  test("files that are missing or damaged are E_VERIFY and named", async () => {
    const root = await open();
    await root.write("transformers/acme/half/onnx/model.onnx", "x");
    expect((await failureOf(findModel(root.path, "acme/half"))).message).toContain(
      "config.json and tokenizer.json",
    );
    await writeOnnx(root, "acme/bad", [""]);
    await root.write("transformers/acme/bad/config.json", "{");
    const error = await failureOf(findModel(root.path, "acme/bad"));
    expect(error).toMatchObject({ code: "E_VERIFY" });
    expect(error.message).toContain("config.json is damaged");
  });

  test("a model that writes no text is E_SCHEMA", async () => {
    const root = await open();
    await writeOnnx(root, "acme/bert", [""], { architectures: ["BertForSequenceClassification"] });
    const error = await failureOf(findModel(root.path, "acme/bert"));
    expect(error).toMatchObject({ code: "E_SCHEMA" });
    expect(error.message).toContain("BertForSequenceClassification");
  });
});

describe("places", () => {
  test("a model that is not installed is E_NOT_FOUND with the command that brings it", async () => {
    const root = await open();
    const error = await failureOf(findModel(root.path, "acme/tiny:Q4_K_M"));
    expect(error).toMatchObject({ code: "E_NOT_FOUND" });
    expect(error.message).toContain("troupe models download --model acme/tiny");
  });

  test("the registry knows where a model went, and a copied models root still has it", async () => {
    const root = await open();
    const elsewhere = await open();
    await elsewhere.write("x/tiny.gguf", gguf);
    await root.write("moved/tiny.gguf", gguf);
    await root.write(
      "model_registry.json",
      JSON.stringify({
        "acme/tiny": { install_path: join(elsewhere.path, "x"), files: [] },
        "acme/moved": { install_path: "/gone", relative_path: "moved" },
        "acme/odd": 7,
      }),
    );
    expect(await findModel(root.path, "acme/tiny")).toMatchObject({
      file: join(elsewhere.path, "x/tiny.gguf"),
    });
    expect(await findModel(root.path, "acme/moved")).toMatchObject({
      file: join(root.path, "moved/tiny.gguf"),
    });
    expect(await failureOf(findModel(root.path, "acme/odd"))).toMatchObject({ code: "E_NOT_FOUND" });
  });

  test("a registry that is damaged hides no model", async () => {
    const root = await open();
    await root.write("model_registry.json", "{ half");
    await root.write("llama-cpp/acme/tiny/tiny.gguf", gguf);
    expect(await findModel(root.path, "acme/tiny")).toMatchObject({ format: "gguf" });
  });

  test("a path is a file, or a folder with a model in it", async () => {
    const root = await open();
    const file = await root.write("mine/tiny.gguf", gguf);
    expect(await findModel("/nowhere", file)).toEqual({ format: "gguf", name: "tiny.gguf", file });
    expect(await findModel("/nowhere", join(root.path, "mine"))).toMatchObject({ file });
    await mkdir(join(root.path, "empty"));
    const empty = await failureOf(findModel("/nowhere", join(root.path, "empty")));
    expect(empty).toMatchObject({ code: "E_NOT_FOUND" });
    const missing = await failureOf(findModel("/nowhere", join(root.path, "none.gguf")));
    expect(missing).toMatchObject({ code: "E_NOT_FOUND" });
    expect(missing.message).toContain("troupe models download");
  });

  test("with no model named, the only one is taken; of several none", async () => {
    const root = await open();
    expect(await failureOf(findModel(root.path, undefined))).toMatchObject({ code: "E_NOT_FOUND" });
    await root.write("llama-cpp/acme/tiny/tiny.gguf", gguf);
    // Not one of these talks.
    await writeOnnx(root, "acme/bert", [""], { architectures: ["BertModel"] });
    await root.write("whisper/whisper-tiny/onnx/encoder_model.onnx", "x");
    expect(await findModel(root.path, undefined)).toMatchObject({ name: "acme/tiny" });
    await writeOnnx(root, "acme/other", ["_q4"]);
    expect(await listInstalledModels(root.path)).toEqual(["acme/other", "acme/tiny"]);
    const error = await failureOf(findModel(root.path, undefined));
    expect(error).toMatchObject({ code: "E_ARGS" });
    expect(error.message).toContain("acme/other, acme/tiny");
  });
});
