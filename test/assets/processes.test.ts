// Real processes against one asset folder: killed, and several at once.
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { AssetResult } from "../../src/assets/port.ts";
import type { AssetStoreOptions } from "../../src/assets/asset-store.ts";
import { buildTarball } from "../support/build-tarball.ts";
import { eventually } from "../support/eventually.ts";
import {
  createStoreFixture,
  describeFile,
  makeBytes,
  oneFileAsset,
  readBytes,
  type StoreFixture,
} from "./store-fixture.ts";

function spawnEnsure(f: StoreFixture, options: Pick<AssetStoreOptions, "catalogue" | "limits">) {
  const argument = { name: "voice", options: { assetsDir: f.assetsDir, cacheRoot: f.cacheRoot, ...options } };
  const child = Bun.spawn(
    [
      process.execPath,
      "--no-env-file",
      join(import.meta.dir, "children/ensure-once.ts"),
      JSON.stringify(argument),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  return {
    child,
    async result(): Promise<AssetResult> {
      const lines = (await new Response(child.stdout).text()).trim().split("\n");
      expect(await child.exited).toBe(0);
      return JSON.parse(lines.at(-1) ?? "{}").result;
    },
    [Symbol.dispose]: () => child.kill("SIGKILL"),
  };
}

/** Resolves when the server has sent so much; looks at every request and every few milliseconds. */
async function untilSent(f: StoreFixture, bytes: number): Promise<void> {
  while (f.server.sentBytes < bytes) await Bun.sleep(5);
}

test("a process that is killed in the middle of a download is resumed by the next one", async () => {
  const bytes = makeBytes(6_000_000);
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  const options = {
    catalogue: [oneFileAsset(bytes, [{ type: "http" as const, url: `${f.server.origin}/voice.bin` }])],
    limits: { pieceBytes: 512 << 10 },
  };
  // Each of four connections; a machine that is busy has seconds to notice that it is time.
  f.server.bytesPerSecond = 300_000;
  using first = spawnEnsure(f, options);
  // Of what is sent, some is still on its way when it is killed; what its state tells of is what the next one finds.
  await eventually(
    "a third of it on disk",
    async () => ((await f.store.status("voice")).partialFraction ?? 0) > 0.33,
    50_000,
  );
  first.child.kill("SIGKILL");
  await first.child.exited;
  expect(await Bun.file(join(f.assetsDir, "model/voice/latest/voice.bin")).exists()).toBe(false);
  expect(await f.store.status("voice")).toMatchObject({ status: "partial" });

  f.server.bytesPerSecond = null;
  using second = spawnEnsure(f, options);
  const { path, resumedBytes, downloadedBytes } = await second.result();
  expect(await readBytes(path)).toEqual(bytes);
  expect(resumedBytes).toBeGreaterThan(0.33 * bytes.length);
  expect(resumedBytes + downloadedBytes).toBe(bytes.length);
  expect(f.server.sentBytes).toBeLessThan(1.3 * bytes.length);
}, 60_000);

test("however often and whenever it is killed, no wrong byte gets a final name and the asset comes in the end", async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  const [model, table] = [makeBytes(900_000, 3), makeBytes(2_000, 4)];
  const tarball = buildTarball([
    { path: "package/model.onnx", content: model },
    { path: "package/table.json", content: table },
  ]);
  const files = [describeFile("model.onnx", model), describeFile("table.json", table)];
  await using f = await createStoreFixture((server) => ({
    name: "voice",
    files,
    sources: [
      {
        type: "http",
        files: {
          "model.onnx": server.serve("/model.onnx", model),
          "table.json": server.serve("/table.json", table),
        },
      },
    ],
  }));
  f.server.serve("/package.tgz", tarball);
  const sources = [
    {
      type: "http" as const,
      files: { "model.onnx": `${f.server.origin}/model.onnx`, "table.json": `${f.server.origin}/table.json` },
    },
  ];
  const options = { catalogue: [{ name: "voice", files, sources }], limits: { pieceBytes: 100_000 } };
  const folder = join(f.assetsDir, "model/voice/latest");
  f.server.bytesPerSecond = 6_000_000;
  for (let round = 0; round < 12; round++) {
    using run = spawnEnsure(f, options);
    await run.child.stdout.getReader().read(); // it is up
    await Bun.sleep(random() * 90);
    run.child.kill("SIGKILL");
    await run.child.exited;
    for (const [name, content] of [
      ["model.onnx", model],
      ["table.json", table],
    ] as const) {
      const file = Bun.file(join(folder, name));
      if (await file.exists()) expect(await readBytes(join(folder, name))).toEqual(content);
    }
  }
  f.server.bytesPerSecond = null;
  using last = spawnEnsure(f, options);
  const { path } = await last.result();
  expect(await readBytes(join(path, "model.onnx"))).toEqual(model);
  expect((await readdir(path)).sort()).toEqual([".asset_info.json", "model.onnx", "table.json"]);
  const staged = await readdir(join(f.assetsDir, ".staging"), { recursive: true });
  expect(staged.filter((name) => name.includes("/"))).toEqual([]); // at most an empty folder
}, 60_000);

test("processes that want the same asset at the same time make one download", async () => {
  const bytes = makeBytes(2_000_000, 5); // too short for two connections, which may be sent more than they take
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  f.server.bytesPerSecond = 4_000_000;
  const options = {
    catalogue: [oneFileAsset(bytes, [{ type: "http" as const, url: `${f.server.origin}/voice.bin` }])],
  };
  const runs = [1, 2, 3, 4].map(() => spawnEnsure(f, options));
  const results = await Promise.all(runs.map((run) => run.result()));
  expect(results.filter((r) => !r.fromCache).length).toBe(1);
  expect(results.filter((r) => r.fromCache).map((r) => r.downloadedBytes)).toEqual([0, 0, 0]);
  expect(f.server.sentBytes).toBe(bytes.length);
}, 60_000);

test("who waits for a process that is killed takes over what it left", async () => {
  const bytes = makeBytes(2_000_000, 6);
  await using f = await createStoreFixture((server) =>
    oneFileAsset(bytes, [{ type: "http", url: server.serve("/voice.bin", bytes) }]),
  );
  const options = {
    catalogue: [oneFileAsset(bytes, [{ type: "http" as const, url: `${f.server.origin}/voice.bin` }])],
  };
  f.server.fail("/voice.bin", { kind: "stall", afterBytes: 1_500_000 });
  using first = spawnEnsure(f, options);
  await untilSent(f, 1_500_000);
  const waiting = f.store.ensure("voice");
  const warning = await f.events.waitFor((e) => e.type === "asset-warning");
  expect(warning).toMatchObject({
    code: "E_BUSY",
    message: expect.stringContaining(String(first.child.pid)),
  });
  // The state is written every 100 ms at least while bytes come; the stall itself writes nothing more.
  first.child.kill("SIGKILL");
  expect((await waiting).fromCache).toBe(false);
  expect(await readBytes((await f.store.ensure("voice")).path)).toEqual(bytes);
}, 60_000);
