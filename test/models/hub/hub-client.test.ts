import { describe, expect, test } from "bun:test";
import { failureOf } from "../../support/failure-of.ts";
import { commitOf, digestOf } from "../../support/hub-repository.ts";
import { makeBytes } from "../../assets/store-fixture.ts";
import { createHubFixture, textBytes } from "./hub-fixture.ts";

const weights = makeBytes(200_000);
const config = textBytes('{"a": 1}\n');
const readme = textBytes("---\nlicense: mit\n---\n# A model\n");

/** `count` models of one owner, the last one with the most downloads. */
const manyModels = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `ada/model-${i}`,
      {
        files: { "config.json": config },
        downloads: i * 10,
        likes: 1000 - i,
        lastModified: `2026-01-${String(1 + (i % 28)).padStart(2, "0")}T00:00:00.000Z`,
      },
    ]),
  );

describe("the list of models", () => {
  test("has what the hub says of each", async () => {
    await using f = await createHubFixture({
      "ada/one": {
        files: { "config.json": config },
        downloads: 12,
        likes: 3,
        libraryName: "transformers",
        license: "apache-2.0",
        gate: "auto",
        tags: ["onnx"],
      },
      "bob/two": { files: {} },
    });
    expect(await f.client.listModels({ owner: "ada" })).toEqual([
      {
        modelId: "ada/one",
        lastModified: "2026-01-05T10:00:00.000Z",
        likes: 3,
        downloads: 12,
        libraryName: "transformers",
        license: "apache-2.0",
        gated: "auto",
        tags: ["transformers", "onnx", "license:apache-2.0"],
      },
    ]);
    expect((await f.client.listModels({ search: "TWO" })).map((m) => m.modelId)).toEqual(["bob/two"]);
    expect(await f.client.listModels({ owner: "nobody" })).toEqual([]);
  });

  test("is of as many pages as it takes, and of no more", async () => {
    await using f = await createHubFixture(manyModels(25), { listPageSize: 10 });
    const rows = await f.client.listModels({ owner: "ada", limit: 15 });
    expect(rows.map((m) => m.downloads)).toEqual(Array.from({ length: 15 }, (_, i) => 240 - 10 * i));
    expect(f.asked().length).toBe(2);
    expect((await f.client.listModels({ owner: "ada", limit: 1000 })).length).toBe(25);
    expect(f.asked().length).toBe(2 + 3);
  });

  test("is sorted here too, whether the hub heeds the direction or not", async () => {
    for (const knowsDirection of [false, true]) {
      await using f = await createHubFixture(manyModels(12), { listPageSize: 5, knowsDirection });
      for (const sort of ["downloads", "likes", "modified"] as const) {
        for (const direction of [1, -1] as const) {
          const rows = await f.client.listModels({ owner: "ada", sort, direction });
          const keys = rows.map((m) => (sort === "modified" ? Date.parse(m.lastModified ?? "") : m[sort]));
          expect(keys).toEqual(keys.toSorted((a, b) => direction * (a - b)));
          expect(rows.length).toBe(12);
        }
      }
    }
  });

  test("asks for further pages on the mirror, whatever host their link names", async () => {
    await using f = await createHubFixture();
    f.server.serve("/api/models", {
      content: textBytes(JSON.stringify([{ id: "ada/one", downloads: 1 }])),
      headers: { link: '<https://huggingface.co/api/more?cursor=a%3D%3D>; rel="next"' },
    });
    f.server.serve("/api/more", textBytes(JSON.stringify([{ modelId: "ada/two", downloads: 2 }])));
    expect((await f.client.listModels({ owner: "ada" })).map((m) => m.modelId)).toEqual([
      "ada/two",
      "ada/one",
    ]);
    expect(f.asked().at(-1)).toBe("/api/more?cursor=a%3D%3D");
  });

  test("of a mirror below a path stays below it", async () => {
    await using f = await createHubFixture();
    f.server.serve("/hub/", textBytes("here"));
    f.server.serve("/hub/api/models", {
      content: textBytes('[{"id": "ada/one"}]'),
      headers: { link: '<https://huggingface.co/api/models?cursor=1>; rel="next"' },
    });
    const rows = await f.open({ endpoint: `${f.server.origin}/hub/` }).listModels({ owner: "ada", limit: 2 });
    expect(rows.length).toBe(2);
    expect(f.asked().map((path) => path.split("?")[0])).toEqual([
      "/hub/",
      "/hub/api/models",
      "/hub/api/models",
    ]);
  });

  test("does without what a mirror leaves out", async () => {
    await using f = await createHubFixture();
    f.server.serve("/api/models", textBytes('[{"id": "ada/bare", "gated": "by-letter", "likes": null}]'));
    expect(await f.client.listModels({ owner: "ada" })).toEqual([
      {
        modelId: "ada/bare",
        lastModified: null,
        likes: 0,
        downloads: 0,
        libraryName: null,
        license: null,
        gated: "manual",
        tags: [],
      },
    ]);
  });
});

describe("a model", () => {
  const repository = () => ({
    files: { "model.gguf": weights, "config.json": config, "sub dir/README.md": readme },
    license: "llama3",
    gate: "manual" as const,
    pageSize: 2,
  });

  test("has its files with true sizes and digests, at one commit", async () => {
    await using f = await createHubFixture({ "ada/one": repository() });
    const model = await f.client.getModel("ada/one");
    const commit = commitOf(repository().files);
    expect(model).toMatchObject({
      modelId: "ada/one",
      revision: "main",
      commit,
      license: "llama3",
      gated: "manual",
      totalSizeBytes: weights.length + config.length + readme.length,
    });
    expect(model.files).toEqual([
      { path: "config.json", sizeBytes: config.length, sha256: null },
      { path: "model.gguf", sizeBytes: weights.length, sha256: digestOf(weights).sha256 },
      { path: "sub dir/README.md", sizeBytes: readme.length, sha256: null },
    ]);
    expect(f.asked().map((path) => path.split("?")[0])).toEqual([
      "/api/models/ada/one/revision/main",
      `/api/models/ada/one/tree/${commit}`,
      `/api/models/ada/one/tree/${commit}`,
    ]);
  });

  test("of a mirror that keeps no git has its files all the same", async () => {
    await using f = await createHubFixture();
    f.server.serve("/api/models/ada/one/revision/main", textBytes('{"id": "ada/one", "sha": "state-7"}'));
    const tree = [{ type: "file", path: "a", size: 3 }];
    f.server.serve("/api/models/ada/one/tree/state-7", textBytes(JSON.stringify(tree)));
    expect(await f.client.getModel("ada/one")).toMatchObject({
      commit: "state-7",
      files: [{ path: "a", sizeBytes: 3, sha256: null }],
    });
    for (const sha of ["", "../x", "a/b", 7]) {
      f.server.serve("/api/models/ada/one/revision/main", textBytes(JSON.stringify({ id: "ada/one", sha })));
      expect(await failureOf(f.client.getModel("ada/one"))).toMatchObject({ code: "E_SCHEMA" });
    }
  });

  test("at an earlier commit has the files of that commit", async () => {
    await using f = await createHubFixture({ "ada/one": repository() });
    const { commit } = await f.client.getModel("ada/one");
    f.repositories["ada/one"]!.files = { "new.bin": weights };
    expect((await f.client.getModel("ada/one")).files.map((file) => file.path)).toEqual(["new.bin"]);
    const old = await f.client.getModel("ada/one", { revision: commit });
    expect(old).toMatchObject({ revision: commit, commit });
    expect(old.files.length).toBe(3);
  });

  test("of a plain name, or by its page's address, is the same", async () => {
    await using f = await createHubFixture({ gpt2: { files: { "config.json": config } } });
    expect((await f.client.getModel("gpt2")).modelId).toBe("gpt2");
    expect((await f.client.getModel("https://huggingface.co/gpt2/")).modelId).toBe("gpt2");
  });

  test("that has moved is followed", async () => {
    const files = { "config.json": config };
    await using f = await createHubFixture({ "org/gpt2": { files } });
    for (const place of ["revision/main", `tree/${commitOf(files)}`]) {
      const to = `/api/models/org/gpt2/${place}?recursive=true`;
      f.server.failAlways(`/api/models/gpt2/${place}`, { kind: "redirect", status: 307, to });
    }
    expect((await f.client.getModel("gpt2")).files.length).toBe(1);
  });
});

describe("a file", () => {
  test("is read in pieces over the redirect, without the token at the other origin", async () => {
    await using f = await createHubFixture(
      { "ada/one": { files: { "a b.bin": weights }, token: "hf_secret" } },
      { environment: { HF_TOKEN: "hf_secret" } },
    );
    const file = (await f.client.getModel("ada/one")).files[0]!;
    const source = f.client.openFile("ada/one", file);
    expect(await source.read(1000, 1010)).toEqual(weights.slice(1000, 1010));
    expect(await source.read(weights.length - 5, weights.length + 100)).toEqual(weights.slice(-5));
    expect(await source.read(weights.length, weights.length + 1)).toEqual(new Uint8Array());
    const others = f.server.requests.filter((r) => r.origin === "other");
    expect(others.map((r) => [r.headers["range"], r.headers["authorization"], r.sentBytes])).toEqual([
      ["bytes=1000-1009", undefined, 10],
      [`bytes=${weights.length - 5}-${weights.length - 1}`, undefined, 5],
    ]);
  });

  test("that the hub keeps elsewhere within itself is found there, with the token", async () => {
    await using f = await createHubFixture(
      { "ada/one": { files: { "a b.json": config }, token: "hf_secret", hasResolveCache: true } },
      { environment: { HF_TOKEN: "hf_secret" } },
    );
    expect(await f.client.readText("ada/one", "a b.json")).toContain('"a"');
    expect(f.asked().at(-1)).toStartWith("/api/resolve-cache/");
  });

  test("of a server without ranges is read up to where it is wanted", async () => {
    await using f = await createHubFixture({ "ada/one": { files: { a: config } } });
    f.server.fail("/ada/one/resolve/main/a", { kind: "whole" });
    const source = f.client.openFile("ada/one", { path: "a", sizeBytes: config.length, sha256: null });
    expect(await source.read(2, 5)).toEqual(config.slice(2, 5));
  });

  test("that answers with another range is refused", async () => {
    await using f = await createHubFixture();
    const source = f.client.openFile("ada/one", { path: "a", sizeBytes: weights.length, sha256: null });
    f.server.fail("/ada/one/resolve/main/a", {
      kind: "status",
      status: 206,
      headers: { "content-range": "bytes 7-9/200000" },
      body: "abc",
    });
    expect(await failureOf(source.read(2, 5))).toMatchObject({ code: "E_NET" });
  });

  test("of text is read whole, unless it is larger than anyone wants", async () => {
    await using f = await createHubFixture({
      "ada/one": { files: { "README.md": readme, big: weights } },
      "ada/two": { files: {} },
    });
    expect(await f.client.readText("ada/one", "README.md", { maxBytes: 100 })).toContain("# A model");
    expect(await failureOf(f.client.readText("ada/two", "README.md"))).toMatchObject({ code: "E_NOT_FOUND" });
    expect(await failureOf(f.client.readText("ada/one", "big", { maxBytes: 1000 }))).toMatchObject({
      code: "E_SCHEMA",
    });
  });
});

describe("refusals", () => {
  test.each([
    ["a gated file without a token", {}, { isGated: true }, "E_LICENSE", "https://huggingface.co/ada/one"],
    [
      "a gated file with a token that is not admitted",
      { HUGGINGFACE_TOKEN: "hf_other" },
      { isGated: true, admittedToken: "hf_yes" },
      "E_LICENSE",
      "HUGGINGFACE_TOKEN",
    ],
    ["a private repository without a token", {}, { token: "hf_secret" }, "E_NOT_FOUND", "HF_TOKEN"],
    ["a wrong token", { HF_TOKEN: "hf_wrong" }, { token: "hf_secret" }, "E_PERM", "HF_TOKEN"],
  ] as const)("%s says what to do", async (_, environment, changes, code, hint) => {
    await using f = await createHubFixture(
      { "ada/one": { files: { a: weights }, ...changes } },
      { environment },
    );
    const file = { path: "a", sizeBytes: weights.length, sha256: null };
    const error = await failureOf(f.client.openFile("ada/one", file).read(0, 4));
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(hint);
    for (const value of Object.values(environment)) expect(Bun.inspect(error)).not.toContain(value);
  });

  test("a gated model can be looked at, and an admitted token opens it", async () => {
    await using f = await createHubFixture(
      { "ada/one": { files: { a: weights }, isGated: true, admittedToken: "hf_yes" } },
      { environment: { HF_TOKEN: "hf_yes" } },
    );
    const model = await f.open().getModel("ada/one");
    expect(model.gated).toBe("manual");
    expect(await f.client.openFile("ada/one", model.files[0]!).read(0, 3)).toEqual(weights.slice(0, 3));
  });

  test.each([
    ["ada/none", "main", "no such repository"],
    ["ada/one", "v9", "no revision v9"],
  ])("%s@%s is E_NOT_FOUND", async (id, revision, hint) => {
    await using f = await createHubFixture({ "ada/one": { files: {} } });
    const error = await failureOf(f.client.getModel(id, { revision }));
    expect(error).toMatchObject({ code: "E_NOT_FOUND" });
    expect(error.message).toContain(hint);
  });

  test.each(["", "a/b/c", "../x", "a b", "-x/y", "a..b", "a--b/c", "ada/one.git", "x".repeat(97)])(
    "%p is no model id: E_ARGS before any request",
    async (id) => {
      await using f = await createHubFixture();
      expect(await failureOf(f.client.getModel(id))).toMatchObject({ code: "E_ARGS" });
      expect(f.fetchCount()).toBe(0);
    },
  );

  test("no JSON is E_NET, JSON of another shape E_SCHEMA", async () => {
    await using f = await createHubFixture();
    f.server.serve("/api/models", textBytes("<html>"));
    f.server.serve("/api/models/a/b/revision/main", textBytes('{"id": "a/b"}'));
    expect(await failureOf(f.client.listModels({ owner: "a" }))).toMatchObject({ code: "E_NET" });
    expect(await failureOf(f.client.getModel("a/b"))).toMatchObject({ code: "E_SCHEMA" });
    expect(f.asked().length).toBe(2); // asking again would not help
  });
});
