// The scripted hub is as good as its likeness to the real one: the hub's own client works against it unchanged.
import { expect, test } from "bun:test";
import {
  downloadFile,
  fileDownloadInfo,
  fileExists,
  HubApiError,
  listFiles,
  listModels,
  modelInfo,
  pathsInfo,
  snapshotDownload,
} from "@huggingface/hub";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createAssetServer } from "../../support/asset-server.ts";
import { failureOf } from "../../support/failure-of.ts";
import { commitOf, digestOf } from "../../support/hub-repository.ts";
import { type HubRepository, serveHub } from "../../support/hub-server.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { makeBytes } from "../../assets/store-fixture.ts";
import { textBytes } from "./hub-fixture.ts";

const weights = new Uint8Array(makeBytes(1_500_000));
const config = textBytes('{"a": 1}\n');
const repo = "ada/one";

async function startHub(changes: Partial<HubRepository> = {}, listPageSize = 1000) {
  const server = await createAssetServer();
  const files = { "config.json": config, "onnx/model.onnx": weights, "onnx/deep/x.json": config };
  const repositories: Record<string, HubRepository> = {
    [repo]: { files, downloads: 7, likes: 2, pipelineTag: "text-generation", license: "mit", ...changes },
    "ada/two": { files: {}, downloads: 9 },
    "bob/three": { files: {} },
  };
  serveHub(server, repositories, { listPageSize });
  return { server, repositories, commit: commitOf(files), hub: { repo, hubUrl: server.origin } };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("lists models, page after page", async () => {
  const { server } = await startHub({}, 1);
  await using held = server;
  const found = await collect(
    listModels({
      search: { owner: "ada" },
      hubUrl: held.origin,
      sort: "downloads",
      additionalFields: ["tags"],
    }),
  );
  expect(found.map(({ name, downloads, gated, tags }) => ({ name, downloads, gated, tags }))).toEqual([
    { name: "ada/two", downloads: 9, gated: false, tags: [] },
    { name: repo, downloads: 7, gated: false, tags: ["license:mit"] },
  ]);
  expect(server.requests.length).toBe(2);
});

test("knows a model, its commit and its card", async () => {
  const { server, hub, commit } = await startHub({ gate: "auto" });
  await using _held = server;
  const info = await modelInfo({ name: repo, hubUrl: hub.hubUrl, additionalFields: ["sha", "cardData"] });
  expect(info).toMatchObject({
    name: repo,
    sha: commit,
    likes: 2,
    gated: "auto",
    task: "text-generation",
    cardData: { license: "mit" } as never,
  });
  const missing = await failureOf(modelInfo({ name: "ada/none", hubUrl: hub.hubUrl }));
  expect(missing).toBeInstanceOf(HubApiError);
  expect(missing).toMatchObject({ statusCode: 401 });
});

test("lists files, all or those of a folder, with their digests", async () => {
  const { server, hub } = await startHub({ pageSize: 2 });
  await using _held = server;
  const all = await collect(listFiles({ ...hub, recursive: true }));
  expect(all.map(({ type, path, size, lfs }) => [type, path, size, lfs?.oid])).toEqual([
    ["file", "config.json", config.length, undefined],
    ["directory", "onnx", 0, undefined],
    ["directory", "onnx/deep", 0, undefined],
    ["file", "onnx/deep/x.json", config.length, undefined],
    ["file", "onnx/model.onnx", weights.length, digestOf(weights).sha256],
  ]);
  expect((await collect(listFiles(hub))).map(({ path }) => path)).toEqual(["config.json", "onnx"]);
  const inside = await collect(listFiles({ ...hub, path: "onnx", expand: true }));
  expect(inside.map(({ path, lastCommit }) => [path, lastCommit !== undefined])).toEqual([
    ["onnx/deep", false],
    ["onnx/model.onnx", true],
  ]);
});

test("describes paths and files, and tells those that are not there", async () => {
  const { server, hub, commit } = await startHub();
  await using _held = server;
  const infos = await pathsInfo({ ...hub, paths: ["onnx/model.onnx", "onnx", "nope"], expand: true });
  expect(infos).toMatchObject([
    { path: "onnx", type: "directory" },
    { path: "onnx/model.onnx", type: "file", lastCommit: { id: commit } },
  ]);
  expect(await fileDownloadInfo({ ...hub, path: "config.json" })).toMatchObject({
    size: config.length,
    etag: `"${digestOf(config).gitOid}"`,
  });
  expect(await fileDownloadInfo({ ...hub, path: "onnx/model.onnx" })).toMatchObject({
    size: weights.length,
    etag: `"${digestOf(weights).sha256}"`,
  });
  expect(await fileDownloadInfo({ ...hub, path: "nope" })).toBeNull();
  expect(await fileExists({ ...hub, path: "config.json" })).toBe(true);
  expect(await fileExists({ ...hub, path: "nope" })).toBe(false);
});

test("downloads files whole and in ranges, across the redirect", async () => {
  const { server, hub } = await startHub();
  await using _held = server;
  const large = await downloadFile({ ...hub, path: "onnx/model.onnx" });
  expect(new Uint8Array(await large!.arrayBuffer())).toEqual(weights);
  const piece = await large!.slice(1000, 2000).arrayBuffer();
  expect(new Uint8Array(piece)).toEqual(weights.slice(1000, 2000));
  expect(await (await downloadFile({ ...hub, path: "config.json" }))!.text()).toBe('{"a": 1}\n');
  const pointer = await downloadFile({ ...hub, path: "onnx/model.onnx", raw: true });
  expect(await pointer!.text()).toContain(`oid sha256:${digestOf(weights).sha256}`);
  expect(server.requests.some(({ origin }) => origin === "other")).toBe(true);
});

test("answers a bare HEAD with the headers that other clients go by", async () => {
  const { server, hub, commit } = await startHub();
  await using _held = server;
  const head = async (path: string) => {
    const url = `${hub.hubUrl}/${repo}/resolve/main/${path}`;
    const { status, headers } = await fetch(url, { method: "HEAD", redirect: "manual" });
    return { status, headers: Object.fromEntries(headers) };
  };
  expect(await head("onnx/model.onnx")).toMatchObject({
    status: 302,
    headers: {
      location: expect.stringContaining(server.otherOrigin),
      "x-repo-commit": commit,
      "x-linked-size": String(weights.length),
      "x-linked-etag": `"${digestOf(weights).sha256}"`,
      ratelimit: expect.stringMatching(/^"resolvers";r=\d+;t=\d+$/),
    },
  });
  expect(await head("config.json")).toMatchObject({
    status: 200,
    headers: {
      "x-repo-commit": commit,
      etag: `"${digestOf(config).gitOid}"`,
      "content-length": String(config.length),
    },
  });
  expect(await head("nope")).toMatchObject({ status: 404, headers: { "x-error-code": "EntryNotFound" } });
});

test("keeps to gates and tokens", async () => {
  const { server, hub } = await startHub({ isGated: true, admittedToken: "hf_yes" });
  await using _held = server;
  const path = "config.json";
  expect(await failureOf(downloadFile({ ...hub, path }))).toMatchObject({ statusCode: 401 });
  const refused = await failureOf(downloadFile({ ...hub, path, accessToken: "hf_no" }));
  expect(refused).toMatchObject({ statusCode: 403 });
  expect(refused.message).toContain("not in the authorized list");
  expect(await (await downloadFile({ ...hub, path, accessToken: "hf_yes" }))?.text()).toContain('"a"');
});

test("downloads a snapshot, of the branch and of an earlier commit", async () => {
  const { server, hub, repositories, commit } = await startHub();
  await using _held = server;
  await using folder = await createTempFolder();
  const path = await snapshotDownload({ ...hub, cacheDir: join(folder.path, "a") });
  expect(path).toEndWith(commit);
  expect((await readdir(path, { recursive: true })).sort()).toEqual([
    "config.json",
    "onnx",
    "onnx/deep",
    "onnx/deep/x.json",
    "onnx/model.onnx",
  ]);
  expect(new Uint8Array(await Bun.file(join(path, "onnx/model.onnx")).arrayBuffer())).toEqual(weights);

  repositories[repo]!.files = { "other.json": config };
  const later = await snapshotDownload({ ...hub, cacheDir: join(folder.path, "b") });
  expect(await readdir(later)).toEqual(["other.json"]);
  const earlier = await snapshotDownload({ ...hub, revision: commit, cacheDir: join(folder.path, "c") });
  expect((await readdir(earlier, { recursive: true })).length).toBe(5);
});
