import { describe, expect, test } from "bun:test";
import { findLlamaCpp, loadLlamaCpp } from "../../../../src/providers/llm/local/llama-cpp.ts";
import { provider } from "../../../../src/providers/llm/local/index.ts";
import { failureOf } from "../../../support/failure-of.ts";
import { createTempFolder } from "../../../support/temp-folder.ts";

const find = (modelsRoot: string, settings: unknown) => provider.find({ modelsRoot, settings }, "acme/tiny");

describe("the local provider", () => {
  test("a GGUF without node-llama-cpp is E_NOT_FOUND, with the command that brings it", async () => {
    await using root = await createTempFolder();
    await root.write("llama-cpp/acme/tiny/tiny.gguf", "GGUF");
    expect(findLlamaCpp(root.path)).toBeUndefined();
    const error = await failureOf(find(root.path, { library_folder: root.path }));
    expect(error).toMatchObject({ code: "E_NOT_FOUND", details: { package: "node-llama-cpp" } });
    expect(error.message).toContain("bun add node-llama-cpp");
  });

  test("node-llama-cpp is found in the folder that is named", async () => {
    await using root = await createTempFolder();
    const folder = "node_modules/node-llama-cpp";
    await root.write(`${folder}/package.json`, JSON.stringify({ name: "node-llama-cpp", main: "index.js" }));
    const index = await root.write(`${folder}/index.js`, "");
    await root.write("llama-cpp/acme/tiny/tiny.gguf", "GGUF");
    expect(findLlamaCpp(root.path)).toBe(index);
    expect(await find(root.path, { library_folder: root.path })).toBe("acme/tiny");
  });

  test("node-llama-cpp is never asked to download or to build, and without a binary it is E_COMPAT", async () => {
    await using root = await createTempFolder();
    const options = { gpu: false, threads: 3 } as const;
    const willing = await root.write("willing.js", "export const getLlama = async (options) => options;");
    const asked = (await loadLlamaCpp(willing, options)) as unknown;
    expect(asked).toMatchObject({ build: "never", skipDownload: true, gpu: false, maxThreads: 3 });
    const lacking = await root.write(
      "lacking.js",
      "export const getLlama = async () => { throw new Error('NoBinaryFoundError'); };",
    );
    const error = await failureOf(loadLlamaCpp(lacking, options));
    expect(error).toMatchObject({ code: "E_COMPAT" });
    expect(error.message).toContain("NoBinaryFoundError");
  });

  test("an ONNX model needs nothing more", async () => {
    await using root = await createTempFolder();
    for (const name of ["config.json", "tokenizer.json"])
      await root.write(`transformers/acme/tiny/${name}`, "{}");
    await root.write("transformers/acme/tiny/onnx/model_q4.onnx", "x");
    expect(await find(root.path, { library_folder: root.path })).toBe("acme/tiny");
  });

  test("settings that are wrong are E_SCHEMA with every field, and it can be switched off", async () => {
    const wrong = await failureOf(find("/nowhere", { gpu: "yes", queue_limit: 0 }));
    expect(wrong).toMatchObject({ code: "E_SCHEMA" });
    expect(wrong.message).toMatch(/gpu.*queue_limit/);
    expect(await failureOf(find("/nowhere", { enabled: false }))).toMatchObject({ code: "E_ARGS" });
  });
});
