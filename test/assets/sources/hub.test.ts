import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { failureOf } from "../../support/failure-of.ts";
import { type HubRepository, serveHub } from "../../support/hub-server.ts";
import { createStoreFixture, describeFile, makeBytes, readBytes } from "../store-fixture.ts";

const model = makeBytes(30_000);
const config = new TextEncoder().encode('{"a": 1}\n');
const token = { value: "hf_secret", variable: "HF_TOKEN" };

type Source = Record<string, unknown>;
function hubFixture(
  repository: HubRepository,
  source: Source,
  options: Parameters<typeof createStoreFixture>[1] = {},
) {
  return createStoreFixture((server) => {
    serveHub(server, { "owner/name": repository });
    return {
      name: "m",
      retryDelaySeconds: 0.001,
      sources: [{ type: "hf", repoId: "owner/name", ...source }],
    };
  }, options);
}

test("a large file comes by a signed redirect, without the token at the other origin", async () => {
  await using f = await hubFixture(
    { files: { "onnx/model q.onnx": model }, token: token.value },
    { path: "onnx/model q.onnx" },
    { hubToken: token },
  );
  const { path, sourceType } = await f.store.ensure("m");
  expect(sourceType).toBe("hf");
  expect(path).toBe(join(f.assetsDir, "model/m/latest/model q.onnx"));
  expect(await readBytes(path)).toEqual(model);
  const sent = f.server.requests.map((r) => [r.origin, r.headers["authorization"]]);
  expect(sent).toEqual([
    ["main", "Bearer hf_secret"], // the tree
    ["main", "Bearer hf_secret"], // resolve
    ["other", undefined],
  ]);
});

test("with a manifest nothing is listed: each file is asked for by its place in the repository", async () => {
  await using f = await createStoreFixture((server) => {
    serveHub(server, {
      "owner/name": { files: { "onnx/x.onnx": model, "config.json": config }, revision: "abc" },
    });
    return {
      name: "m",
      files: [describeFile("model.onnx", model), describeFile("config.json", config)],
      sources: [
        {
          type: "hf",
          repoId: "owner/name",
          revision: "abc",
          files: { "model.onnx": "onnx/x.onnx", "config.json": "config.json" },
        },
      ],
    };
  });
  const { path } = await f.store.ensure("m");
  expect((await readdir(path)).sort()).toEqual([".asset_info.json", "config.json", "model.onnx"]);
  expect(
    f.server.requests
      .filter((r) => r.origin === "main")
      .map((r) => r.path)
      .sort(),
  ).toEqual(["/owner/name/resolve/abc/config.json", "/owner/name/resolve/abc/onnx/x.onnx"]);
});

test("a snapshot is every file of every page, each proved by what the tree says", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 7 }, (_, i) => [`sub/${i}.bin`, makeBytes(i === 3 ? 5_000 : 50 + i, i)]),
  );
  await using f = await hubFixture({ files: { ...files, "README.md": config }, pageSize: 3 }, {});
  const { path } = await f.store.ensure("m");
  for (const [name, content] of Object.entries(files))
    expect(await readBytes(join(path, name))).toEqual(content);
  expect(f.server.requests.filter((r) => r.path.includes("/tree/")).length).toBe(3);
});

test("a snapshot may be narrowed by patterns and to a folder", async () => {
  const files = {
    "a.json": config,
    "onnx/m.onnx": model,
    "onnx/m_q4.onnx": model,
    "onnx/deep/x.json": config,
  };
  await using f = await hubFixture(
    { files },
    { path: "onnx", allowPatterns: ["*.onnx", "*.json"], ignorePatterns: ["*_q4*"] },
  );
  const { path } = await f.store.ensure("m");
  expect((await readdir(path, { recursive: true })).sort()).toEqual([
    ".asset_info.json",
    "deep",
    "deep/x.json",
    "m.onnx",
  ]);
});

test("bytes that are not what the tree says are E_VERIFY, small files too", async () => {
  for (const [name, content] of Object.entries({ "m.onnx": model, "c.json": config })) {
    await using f = await hubFixture({ files: { [name]: content } }, { path: name });
    const forged = new Uint8Array(content).fill(1);
    f.server.serve(`/owner/name/resolve/main/${name}`, forged);
    expect(await failureOf(f.store.ensure("m"))).toMatchObject({ code: "E_VERIFY" });
  }
});

test("the next page's link stays on the mirror, whatever host it names", async () => {
  await using f = await hubFixture({ files: { a: model, b: model, c: model } }, {});
  f.server.respond((request) => {
    if (!request.path.startsWith("/api/") || request.path.includes("cursor")) return null;
    return null;
  });
  const entry = { type: "file", oid: "x", size: model.length, path: "a" };
  f.server.serve("/api/models/owner/name/tree/main", {
    content: new TextEncoder().encode(JSON.stringify([entry])),
    headers: { link: '<https://huggingface.co/next-page?cursor=1>; rel="next"' },
  });
  f.server.serve("/next-page", new TextEncoder().encode("[]"));
  await f.store.ensure("m");
  expect(f.server.requests.map((r) => r.path)).toContain("/next-page?cursor=1");
});

test.each([
  ["a gated repository", { isGated: true }, "E_LICENSE", "accept its terms"],
  ["a private one without a token", { token: "other" }, "E_NOT_FOUND", "HF_TOKEN"],
  ["a revision that is not there", { revision: "v2" }, "E_NOT_FOUND", "no revision main"],
] as const)("%s says what to do", async (_, repository, code, hint) => {
  await using f = await hubFixture({ files: { a: model }, ...repository }, { path: "a" });
  const error = await failureOf(f.store.ensure("m"));
  expect(error).toMatchObject({ code });
  expect(error.message).toContain(hint);
});

test("a wrong token is E_PERM and names the variable it came from", async () => {
  await using f = await hubFixture(
    { files: { a: model }, token: "right" },
    { path: "a" },
    { hubToken: { value: "wrong-secret", variable: "HUGGINGFACE_TOKEN" } },
  );
  const error = await failureOf(f.store.ensure("m"));
  expect(error).toMatchObject({ code: "E_PERM", details: { token_env_var: "HUGGINGFACE_TOKEN" } });
  expect(Bun.inspect(error)).not.toContain("wrong-secret");
});

test("a repository that is not there, a file that is not, and patterns that let nothing through", async () => {
  await using f = await hubFixture({ files: { a: model } }, { allowPatterns: ["*.gguf"] });
  expect(await failureOf(f.store.ensure("m"))).toMatchObject({ code: "E_NOT_FOUND" });
  const store = f.open([
    { name: "x", sources: [{ type: "hf", repoId: "owner/other" }] },
    {
      name: "y",
      files: [describeFile("a", model)],
      sources: [{ type: "hf", repoId: "owner/name", path: "b" }],
    },
  ]);
  expect((await failureOf(store.ensure("x"))).message).toContain("no such repository");
  expect((await failureOf(store.ensure("y"))).message).toContain("no such file");
});

test("something that is no hub is told apart: no JSON is E_NET, other JSON is E_SCHEMA", async () => {
  await using f = await createStoreFixture((server) => {
    server.serve("/api/models/a/b/tree/main", new TextEncoder().encode("<html>"));
    server.serve("/api/models/c/d/tree/main", new TextEncoder().encode('{"error": "?"}'));
    return ["a/b", "c/d"].map((repoId) => ({
      name: repoId.slice(0, 1),
      sources: [{ type: "hf" as const, repoId }],
    }));
  });
  expect(await failureOf(f.store.ensure("a"))).toMatchObject({ code: "E_NET" });
  expect(await failureOf(f.store.ensure("c"))).toMatchObject({ code: "E_SCHEMA" });
});

test.each(["../../outside.txt", `${"long".repeat(70)}.txt`, `${"deep/".repeat(500)}a.txt`])(
  "names in a tree that lead out of the folder, or that no folder takes, are refused (%#)",
  async (path) => {
    await using f = await createStoreFixture((server) => {
      const entry = { type: "file", oid: "x", size: 5, path };
      server.serve("/api/models/a/b/tree/main", new TextEncoder().encode(JSON.stringify([entry])));
      return { name: "a", sources: [{ type: "hf", repoId: "a/b" }] };
    });
    expect(await failureOf(f.store.ensure("a"))).toMatchObject({ code: "E_VERIFY" });
  },
);

test("a rate limit on the list is waited for as the hub says", async () => {
  await using f = await createStoreFixture((server) => {
    serveHub(server, { "owner/name": { files: { a: model } } });
    return { name: "m", retries: 1, sources: [{ type: "hf", repoId: "owner/name", path: "a" }] };
  });
  f.server.fail("/api/models/owner/name/tree/main", {
    kind: "status",
    status: 429,
    headers: { ratelimit: '"api";r=0;t=0' },
  });
  expect((await f.store.ensure("m")).downloadedBytes).toBe(model.length);
});
